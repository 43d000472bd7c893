/* ptx_parse_names.c: names, registers and labels in the nested scopes of PTX. A name declared in { } is gone after the brace and
 * hides an outer one; labels may be used before they stand there. */
#include <ctype.h>
#include <string.h>

#include "ptx_internal.h"

static uint32_t hash_name(const char *text, uint32_t length)
{
  uint32_t hash = 2166136261u; /* FNV-1a */
  for (uint32_t i = 0; i < length; i++) hash = (hash ^ (unsigned char)text[i]) * 16777619u;
  return hash % NAME_BUCKETS;
}

bool sim_ptx_scope_open(struct parser *p)
{
  if (p->open_count == SCOPES_MAX) {
    return sim_ptx_fail(p, token_now(p)->line, "more than %u nested scopes", SCOPES_MAX);
  }
  uint32_t *grown = sim_ptx_grow(p->scope_parent, &p->scope_capacity, p->scope_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, token_now(p)->line, "out of memory");
  p->scope_parent = grown;
  p->scope_parent[p->scope_count] = p->open_count > 0 ? p->open_scopes[p->open_count - 1] : 0;
  p->open_scopes[p->open_count] = p->scope_count++;
  p->open_names[p->open_count++] = p->name_count;
  return true;
}

void sim_ptx_scope_close(struct parser *p)
{
  uint32_t keep = p->open_names[--p->open_count];
  while (p->name_count > keep) {
    const struct name *name = &p->names[--p->name_count];
    p->buckets[hash_name(name->text, name->length)] = name->next;
  }
}

bool sim_ptx_name_add(struct parser *p, const struct token *token, struct name name)
{
  uint32_t scope = p->open_scopes[p->open_count - 1], bucket = hash_name(token->text, token->length);
  for (uint32_t i = p->buckets[bucket]; i != 0; i = p->names[i - 1].next) {
    const struct name *other = &p->names[i - 1];
    if (other->scope == scope && other->length == token->length &&
        memcmp(other->text, token->text, token->length) == 0) {
      return sim_ptx_fail(p, token->line, "'%.*s' is declared twice", (int)token->length, token->text);
    }
  }
  struct name *grown = sim_ptx_grow(p->names, &p->name_capacity, p->name_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, token->line, "out of memory");
  p->names = grown;
  name.text = token->text;
  name.length = token->length;
  name.scope = scope;
  name.next = p->buckets[bucket];
  p->names[p->name_count++] = name;
  p->buckets[bucket] = p->name_count;
  return true;
}

const struct name *sim_ptx_name_find(const struct parser *p, const char *text, uint32_t length)
{
  for (uint32_t i = p->buckets[hash_name(text, length)]; i != 0; i = p->names[i - 1].next) {
    const struct name *name = &p->names[i - 1];
    if (name->length == length && memcmp(name->text, text, length) == 0) return name;
  }
  return NULL;
}

uint32_t sim_ptx_register_find(const struct parser *p, const char *text, uint32_t length, uint8_t *type)
{
  const struct name *name = sim_ptx_name_find(p, text, length);
  if (name != NULL && name->kind == NAME_REGISTER) {
    *type = name->type;
    return name->index;
  }
  if (name != NULL && name->kind != NAME_REGISTERS) return PTX_NO_SLOT;
  uint32_t stem = length;
  while (stem > 0 && isdigit((unsigned char)text[stem - 1])) stem--;
  /* %r<8> declares %r0 … %r7; a stem may end in a digit itself (%p1_<4> does not, %v2<4> does). */
  for (uint64_t scale = 1, number = 0; length > stem && length > 1; scale *= 10) {
    number += (uint64_t)(text[--length] - '0') * scale;
    if (scale > 1000000000u) break;
    bool leading_zero = text[length] == '0' && scale > 1;
    name = sim_ptx_name_find(p, text, length);
    if (name != NULL && name->kind == NAME_REGISTERS && number < name->count && !leading_zero) {
      *type = name->type;
      return name->index + (uint32_t)number;
    }
  }
  return PTX_NO_SLOT;
}

uint32_t sim_ptx_slot_add(struct parser *p, enum ptx_type type, uint32_t count)
{
  struct ptx_module *m = p->module;
  struct ptx_function *function = &m->functions[p->function];
  uint8_t *grown = count > (1u << 20) ? NULL : sim_ptx_grow(m->slot_types, &p->slot_capacity, m->slot_count + count, 1);
  if (grown == NULL || function->slot_count + count > (1u << 20)) {
    sim_ptx_fail(p, token_now(p)->line, "more than 2^20 registers in a function");
    return PTX_NO_SLOT;
  }
  m->slot_types = grown;
  memset(m->slot_types + m->slot_count, (int)type, count);
  m->slot_count += count;
  function->slot_count += count;
  return function->slot_count - count;
}

static struct label *label_find(const struct parser *p, const char *text, uint32_t length, uint32_t scope)
{
  uint32_t bucket = (hash_name(text, length) + scope) % NAME_BUCKETS;
  for (uint32_t i = p->label_buckets[bucket]; i != 0; i = p->labels[i - 1].next) {
    struct label *label = &p->labels[i - 1];
    if (label->scope == scope && label->length == length && memcmp(label->text, text, length) == 0) return label;
  }
  return NULL;
}

bool sim_ptx_label_add(struct parser *p, const struct token *token)
{
  uint32_t scope = p->open_scopes[p->open_count - 1];
  if (label_find(p, token->text, token->length, scope) != NULL) {
    return sim_ptx_fail(p, token->line, "label '%.*s' stands twice", (int)token->length, token->text);
  }
  struct label *grown = sim_ptx_grow(p->labels, &p->label_capacity, p->label_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, token->line, "out of memory");
  p->labels = grown;
  uint32_t bucket = (hash_name(token->text, token->length) + scope) % NAME_BUCKETS;
  p->labels[p->label_count++] = (struct label){.text = token->text,
                                               .length = token->length,
                                               .scope = scope,
                                               .insn = p->module->insn_count,
                                               .next = p->label_buckets[bucket]};
  p->label_buckets[bucket] = p->label_count;
  return true;
}

bool sim_ptx_fixup_add(struct parser *p, const struct token *token, uint32_t insn, uint32_t entry)
{
  struct fixup *grown = sim_ptx_grow(p->fixups, &p->fixup_capacity, p->fixup_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, token->line, "out of memory");
  p->fixups = grown;
  p->fixups[p->fixup_count++] = (struct fixup){.text = token->text,
                                               .length = token->length,
                                               .scope = p->open_scopes[p->open_count - 1],
                                               .line = token->line,
                                               .insn = insn,
                                               .entry = entry};
  return true;
}

bool sim_ptx_labels_resolve(struct parser *p)
{
  for (uint32_t i = 0; i < p->fixup_count; i++) {
    const struct fixup *fixup = &p->fixups[i];
    const struct label *label = NULL;
    for (uint32_t scope = fixup->scope; scope != 0 && label == NULL; scope = p->scope_parent[scope]) {
      label = label_find(p, fixup->text, fixup->length, scope);
    }
    if (label == NULL) {
      return sim_ptx_fail(p, fixup->line, "there is no label '%.*s'", (int)fixup->length, fixup->text);
    }
    if (fixup->insn != PTX_NO_SYMBOL) p->module->insns[fixup->insn].target = label->insn;
    if (fixup->insn == PTX_NO_SYMBOL) p->module->table_entries[fixup->entry] = label->insn;
  }
  p->fixup_count = 0;
  p->label_count = 0;
  memset(p->label_buckets, 0, sizeof p->label_buckets);
  return true;
}
