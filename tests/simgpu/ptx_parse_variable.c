/* ptx_parse_variable.c: declarations: registers, and variables of each state space with their initialisers. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ptx_internal.h"

#define VARIABLE_BYTES_MAX ((uint64_t)1 << 32)
#define INIT_BYTES_MAX     ((uint64_t)64 << 20)

bool sim_ptx_registers(struct parser *p)
{
  const struct token *token = token_now(p);
  if (token->kind == TOKEN_WORD && (sim_ptx_is_word(token, ".v2") || sim_ptx_is_word(token, ".v4"))) {
    return sim_ptx_fail(p, token->line, ".reg %.*s: vector registers are not simulated", (int)token->length,
                        token->text);
  }
  bool typed = token->kind == TOKEN_WORD && token->text[0] == '.'; /* the end of the text has no first character */
  enum ptx_type type = typed ? sim_ptx_type_find(token->text + 1, token->length - 1) : PTX_TYPE_NONE;
  if (type == PTX_TYPE_NONE) {
    return sim_ptx_fail(p, token->line, ".reg %.*s: not a register type", (int)token->length, token->text);
  }
  p->at++;
  do {
    const struct token *name = token_now(p);
    if (name->kind != TOKEN_WORD) return sim_ptx_fail(p, name->line, ".reg without a name");
    p->at++;
    struct name entry = {.kind = NAME_REGISTER, .type = (uint8_t)type, .count = 1};
    if (sim_ptx_accept(p, '<')) {
      int64_t count;
      if (!sim_ptx_integer(p, &count) || !sim_ptx_expect(p, '>')) return false;
      if (count < 1 || count > 1 << 20) return sim_ptx_fail(p, name->line, ".reg: a count must be 1..2^20");
      entry.kind = NAME_REGISTERS;
      entry.count = (uint32_t)count;
    }
    entry.index = sim_ptx_slot_add(p, type, entry.count);
    if (entry.index == PTX_NO_SLOT || !sim_ptx_name_add(p, name, entry)) return false;
  } while (sim_ptx_accept(p, ','));
  return sim_ptx_expect(p, ';');
}

/* --- initialisers --- */

struct init {
  struct ptx_symbol *symbol;
  uint32_t symbol_index;
  uint8_t *bytes;
  uint64_t element_bytes;
};

static bool init_relocate(struct parser *p, struct init *init, uint64_t offset, const struct token *name, bool generic)
{
  const struct name *found = sim_ptx_name_find(p, name->text, name->length);
  if (found == NULL || (found->kind != NAME_SYMBOL && found->kind != NAME_FUNCTION)) {
    return sim_ptx_fail(p, name->line, "there is no variable '%.*s'", (int)name->length, name->text);
  }
  struct ptx_relocation relocation = {.offset = (uint32_t)offset, .generic = generic};
  if (found->kind == NAME_SYMBOL) relocation.symbol = found->index;
  if (found->kind == NAME_FUNCTION) relocation.function = found->index + 1;
  while (sim_ptx_is_punctuation(token_now(p), '+') || sim_ptx_is_punctuation(token_now(p), '-')) {
    bool minus = sim_ptx_is_punctuation(token_now(p), '-');
    int64_t addend;
    p->at++;
    if (!sim_ptx_integer(p, &addend)) return false;
    relocation.addend += minus ? -addend : addend;
  }
  struct ptx_module *m = p->module;
  struct ptx_relocation *grown =
      sim_ptx_grow(m->relocations, &p->relocation_capacity, m->relocation_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, name->line, "out of memory");
  m->relocations = grown;
  if (init->symbol->relocation_count == 0) init->symbol->relocation = m->relocation_count;
  m->relocations[m->relocation_count++] = relocation;
  init->symbol->relocation_count++;
  return true;
}

/* One scalar at `offset`: a number, name, name+offset, generic(name). */
static bool init_value(struct parser *p, struct init *init, uint64_t offset)
{
  const struct token *token = token_now(p);
  if (offset + init->element_bytes > init->symbol->size_bytes) {
    return sim_ptx_fail(p, token->line, "more initialisers than '%s' has elements", init->symbol->name);
  }
  if (token->kind == TOKEN_WORD) {
    p->at++;
    bool generic = sim_ptx_is_word(token, "generic") && sim_ptx_accept(p, '(');
    if (!generic && sim_ptx_is_punctuation(token_now(p), '(')) {
      return sim_ptx_fail(p, token->line, "operator '%.*s' in an initialiser is not simulated", (int)token->length,
                          token->text);
    }
    if (init->element_bytes != 8) return sim_ptx_fail(p, token->line, "an address in elements that are not 8 bytes");
    const struct token *name = generic ? token_now(p) : token;
    if (generic) p->at++;
    if (!init_relocate(p, init, offset, name, generic)) return false;
    return !generic || sim_ptx_expect(p, ')');
  }
  if (token->kind == TOKEN_PUNCTUATION && token->punctuation != '-') {
    return sim_ptx_fail(p, token->line, "'%c' in an initialiser is not simulated", token->punctuation);
  }
  uint64_t bits;
  if (token->length > 2 && token->text[0] == '0' && strchr("fFdD", token->text[1]) != NULL) {
    char digits[24] = {0};
    memcpy(digits, token->text + 2, token->length - 2 < 20 ? token->length - 2 : 20);
    bits = strtoull(digits, NULL, 16);
    p->at++;
  } else {
    int64_t value;
    if (!sim_ptx_integer(p, &value)) return false;
    bits = (uint64_t)value;
  }
  memcpy(init->bytes + offset, &bits, init->element_bytes < 8 ? init->element_bytes : 8); /* little endian hosts only */
  return true;
}

/* Braces may nest as the dimensions do; rows are filled in order, so a short inner list is refused rather than guessed at. */
static bool init_list(struct parser *p, struct init *init, uint64_t *offset, int depth)
{
  if (depth > 8) return sim_ptx_fail(p, token_now(p)->line, "an initialiser nested deeper than 8");
  if (!sim_ptx_expect(p, '{')) return false;
  if (sim_ptx_accept(p, '}')) return true;
  do {
    if (sim_ptx_is_punctuation(token_now(p), '{')) {
      if (!init_list(p, init, offset, depth + 1)) return false;
    } else {
      if (!init_value(p, init, *offset)) return false;
      *offset += init->element_bytes;
    }
  } while (sim_ptx_accept(p, ','));
  return sim_ptx_expect(p, '}');
}

static bool variable_init(struct parser *p, uint32_t index)
{
  struct ptx_symbol *symbol = &p->module->symbols[index];
  if (symbol->size_bytes == 0 || symbol->size_bytes > INIT_BYTES_MAX) {
    return sim_ptx_fail(p, symbol->line, "'%s': an initialiser for %llu bytes", symbol->name,
                        (unsigned long long)symbol->size_bytes);
  }
  struct init init = {.symbol = symbol, .symbol_index = index};
  init.bytes = sim_ptx_arena_take(p->module->arena, symbol->size_bytes);
  init.element_bytes = sim_ptx_type_bytes(symbol->type);
  if (init.bytes == NULL) return sim_ptx_fail(p, symbol->line, "out of memory");
  symbol->init = init.bytes;
  uint64_t offset = 0;
  return sim_ptx_is_punctuation(token_now(p), '{') ? init_list(p, &init, &offset, 0) : init_value(p, &init, 0);
}

/* --- variables --- */

/* Type, alignment and vector width, in any order: .align 8 .b8, .v4 .f32, .ptr .global .align 4. */
static bool variable_type(struct parser *p, struct ptx_symbol *symbol, uint64_t *elements)
{
  bool pointer = false;
  for (;; p->at++) {
    const struct token *token = token_now(p);
    if (token->kind != TOKEN_WORD || token->text[0] != '.') break;
    enum ptx_type type = sim_ptx_type_find(token->text + 1, token->length - 1);
    if (sim_ptx_is_word(token, ".align")) {
      int64_t align;
      p->at++;
      if (!sim_ptx_integer(p, &align)) return false;
      p->at--;
      if (align < 1 || align > 1024 || (align & (align - 1)) != 0) {
        return sim_ptx_fail(p, token->line, ".align %lld: must be a power of two up to 1024", (long long)align);
      }
      if (!pointer) symbol->align = (uint32_t)align; /* after .ptr it is the pointer's target that is aligned */
    } else if (sim_ptx_is_word(token, ".ptr")) {
      pointer = true;
    } else if (pointer && (sim_ptx_is_word(token, ".global") || sim_ptx_is_word(token, ".shared") ||
                           sim_ptx_is_word(token, ".local") || sim_ptx_is_word(token, ".const"))) {
      continue;
    } else if (sim_ptx_is_word(token, ".v2")) {
      *elements = 2;
    } else if (sim_ptx_is_word(token, ".v4")) {
      *elements = 4;
    } else if (sim_ptx_is_word(token, ".attribute")) {
      p->at++;
      if (!sim_ptx_expect(p, '(')) return false;
      while (!sim_ptx_is_punctuation(token_now(p), ')') && token_now(p)->kind != TOKEN_END) p->at++;
    } else if (type != PTX_TYPE_NONE) {
      symbol->type = (uint8_t)type;
    } else {
      return sim_ptx_fail(p, token->line, "unknown word '%.*s' in a declaration", (int)token->length, token->text);
    }
  }
  if (symbol->type == PTX_TYPE_NONE) return sim_ptx_fail(p, token_now(p)->line, "a variable without a type");
  return true;
}

static bool variable_dimensions(struct parser *p, uint64_t *elements, bool *unsized)
{
  while (sim_ptx_accept(p, '[')) {
    int64_t count;
    if (sim_ptx_accept(p, ']')) {
      *unsized = true;
      continue;
    }
    if (!sim_ptx_integer(p, &count) || !sim_ptx_expect(p, ']')) return false;
    if (count < 0 || (uint64_t)count > VARIABLE_BYTES_MAX || *elements * (uint64_t)count > VARIABLE_BYTES_MAX) {
      return sim_ptx_fail(p, token_now(p)->line, "a dimension of %lld: must be 0..2^32 in all", (long long)count);
    }
    *elements *= (uint64_t)count;
  }
  return true;
}

static uint32_t align_up(uint64_t value, uint32_t align)
{
  return (uint32_t)((value + align - 1) / align * align);
}

/* Kernels' parameters, calls' parameters and local variables get their offset at once; shared memory waits for the layout. */
static bool variable_place(struct parser *p, struct ptx_symbol *symbol)
{
  if (p->function == PTX_NO_SYMBOL) return true;
  struct ptx_function *function = &p->module->functions[p->function];
  uint32_t *end = symbol->space == PTX_LOCAL   ? &function->local_bytes
                  : symbol->space != PTX_PARAM ? NULL
                  : symbol->entry_param        ? &function->param_bytes
                                               : &function->call_bytes;
  if (end == NULL) return true;
  uint64_t offset = align_up(*end, symbol->align), limit = symbol->entry_param ? 32764 : 64u << 20;
  if (offset + symbol->size_bytes > limit) {
    return sim_ptx_fail(p, symbol->line, "'%s': more than %llu bytes of its space", symbol->name,
                        (unsigned long long)limit);
  }
  symbol->offset = offset;
  *end = (uint32_t)(offset + symbol->size_bytes);
  return true;
}

bool sim_ptx_variable(struct parser *p, enum ptx_space space, enum ptx_linkage linkage, uint32_t *symbol_index)
{
  struct ptx_module *m = p->module;
  struct ptx_symbol symbol = {
      .space = (uint8_t)space, .linkage = (uint8_t)linkage, .function = p->function, .line = token_now(p)->line};
  uint64_t elements = 1;
  bool unsized = false;
  if (!variable_type(p, &symbol, &elements)) return false;
  const struct token *name = token_now(p);
  if (name->kind != TOKEN_WORD) return sim_ptx_fail(p, name->line, "a variable without a name");
  p->at++;
  if (!variable_dimensions(p, &elements, &unsized)) return false;
  uint32_t natural = sim_ptx_type_bytes(symbol.type);
  if (symbol.align == 0) symbol.align = natural;
  symbol.size_bytes = unsized ? 0 : elements * sim_ptx_type_bytes(symbol.type);
  symbol.name = sim_ptx_copy(p, name->text, name->length);
  symbol.entry_param = space == PTX_PARAM && p->open_count == 1;
  if (symbol.name == NULL) return false;
  if (space == PTX_PARAM && p->function != PTX_NO_SYMBOL) {
    symbol.entry_param = m->functions[p->function].is_kernel && !m->functions[p->function].has_body;
  }
  struct ptx_symbol *grown = sim_ptx_grow(m->symbols, &p->symbol_capacity, m->symbol_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, name->line, "out of memory");
  m->symbols = grown;
  const struct name *other = sim_ptx_name_find(p, name->text, name->length);
  if (other != NULL && other->kind == NAME_SYMBOL && p->open_count == 1 && p->function == PTX_NO_SYMBOL &&
      m->symbols[other->index].linkage == PTX_LINK_EXTERN) {
    *symbol_index = other->index; /* declared extern before its definition */
    m->symbols[other->index] = symbol;
  } else {
    *symbol_index = m->symbol_count;
    m->symbols[m->symbol_count++] = symbol;
    if (!sim_ptx_is_word(name, "_") &&
        !sim_ptx_name_add(p, name, (struct name){.kind = NAME_SYMBOL, .index = *symbol_index})) {
      return false;
    }
  }
  if (!variable_place(p, &m->symbols[*symbol_index])) return false;
  return !sim_ptx_accept(p, '=') || variable_init(p, *symbol_index);
}
