/* ptx_parse_body.c: the statements of a function. */
#include <stdlib.h>
#include <string.h>

#include "ptx_internal.h"

bool sim_ptx_emit(struct parser *p, struct ptx_insn *insn, const struct ptx_operand *operands, uint32_t count)
{
  struct ptx_module *m = p->module;
  struct ptx_operand *more = sim_ptx_grow(m->operands, &p->operand_capacity, m->operand_count + count, sizeof *more);
  if (more != NULL) m->operands = more;
  struct ptx_insn *grown = sim_ptx_grow(m->insns, &p->insn_capacity, m->insn_count + 1, sizeof *grown);
  if (grown != NULL) m->insns = grown;
  if (more == NULL || grown == NULL) return sim_ptx_fail(p, insn->line, "out of memory");
  insn->operand = m->operand_count;
  if (count > 0) memcpy(m->operands + m->operand_count, operands, count * sizeof *operands);
  m->operand_count += count;
  m->insns[m->insn_count++] = *insn;
  m->functions[p->function].insn_count++;
  return true;
}

/* .loc file line column [, function_name label, inlined_at file line column]. nvcc writes the places of inlined calls from the outside
 * in. The innermost one in the function's own file counts: wrappers from headers would hide which of their callers is meant. */
static bool statement_loc(struct parser *p)
{
  uint32_t line = token_now(p)->line;
  int64_t file, source, column;
  if (!sim_ptx_integer(p, &file) || !sim_ptx_integer(p, &source) || !sim_ptx_integer(p, &column)) return false;
  bool inlined = sim_ptx_is_punctuation(token_now(p), ',') && token_now(p)->line == line;
  while (token_now(p)->line == line && token_now(p)->kind != TOKEN_END) p->at++;
  if (p->own_file == 0) p->own_file = (uint32_t)file;
  if (source == 0) return true; /* compiler-made code: keeps the last line */
  if (inlined && p->own_file != (uint32_t)file) return true;
  struct ptx_module *m = p->module;
  struct ptx_loc *last = &m->locs[p->loc];
  if (last->file == (uint32_t)file && last->line == (uint32_t)source) return true;
  struct ptx_loc *grown = sim_ptx_grow(m->locs, &p->loc_capacity, m->loc_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, line, "out of memory");
  m->locs = grown;
  p->loc = m->loc_count;
  m->locs[m->loc_count++] = (struct ptx_loc){(uint32_t)file, (uint32_t)source};
  return true;
}

static bool statement_directive(struct parser *p, const struct token *token)
{
  static const struct {
    const char *word;
    uint8_t space;
  } spaces[] = {{".shared", PTX_SHARED},
                {".local", PTX_LOCAL},
                {".param", PTX_PARAM},
                {".global", PTX_GLOBAL},
                {".const", PTX_CONST}};
  if (sim_ptx_is_word(token, ".reg")) return sim_ptx_registers(p);
  if (sim_ptx_is_word(token, ".loc")) return statement_loc(p);
  if (sim_ptx_is_word(token, ".pragma")) {
    while (token_now(p)->kind == TOKEN_STRING || sim_ptx_is_punctuation(token_now(p), ',')) p->at++;
    return sim_ptx_expect(p, ';');
  }
  for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
    uint32_t symbol;
    if (!sim_ptx_is_word(token, spaces[i].word)) continue;
    do {
      if (!sim_ptx_variable(p, spaces[i].space, PTX_LINK_NONE, &symbol)) return false;
    } while (false);
    return sim_ptx_expect(p, ';');
  }
  return sim_ptx_fail(p, token->line, "unknown directive '%.*s' in a function",
                      (int)(token->length < 60 ? token->length : 60), token->text);
}

/* name: alone, or before .branchtargets, .calltargets, .callprototype. */
static bool statement_label(struct parser *p, const struct token *name)
{
  if (sim_ptx_accept_word(p, ".branchtargets")) return sim_ptx_table(p, name, false);
  if (sim_ptx_accept_word(p, ".calltargets")) return sim_ptx_table(p, name, true);
  if (sim_ptx_accept_word(p, ".callprototype")) return sim_ptx_prototype(p, name);
  return sim_ptx_label_add(p, name);
}

static bool statement_guard(struct parser *p, struct ptx_insn *insn)
{
  uint8_t type;
  insn->guard = PTX_NO_SLOT;
  if (!sim_ptx_accept(p, '@')) return true;
  insn->guard_negated = sim_ptx_accept(p, '!');
  const struct token *token = token_now(p);
  insn->guard = sim_ptx_register_find(p, token->text, token->length, &type);
  if (token->kind != TOKEN_WORD || insn->guard == PTX_NO_SLOT || type != PTX_PRED) {
    return sim_ptx_fail(p, token->line, "@%.*s: not a predicate", (int)(token->length < 60 ? token->length : 60),
                        token->text);
  }
  p->at++;
  return true;
}

static bool is_opcode(const struct token *token, const char *name)
{
  size_t length = strlen(name);
  return token->length >= length && memcmp(token->text, name, length) == 0 &&
         (token->length == length || token->text[length] == '.');
}

/* A branch table is looked up by name at once: nvcc puts it before the brx that uses it. */
static bool branch_table(struct parser *p, struct ptx_insn *insn, const struct token *name)
{
  const struct name *found = sim_ptx_name_find(p, name->text, name->length);
  if (found == NULL || found->kind != NAME_TABLE) {
    return sim_ptx_fail(p, name->line, "there is no branch table '%.*s' before this", (int)name->length, name->text);
  }
  insn->target = found->index;
  return true;
}

static bool statement_insn(struct parser *p, struct operand_list *list)
{
  struct ptx_insn insn = {.line = token_now(p)->line, .loc = p->loc};
  if (!statement_guard(p, &insn)) return false;
  const struct token *opcode = token_now(p);
  if (opcode->kind != TOKEN_WORD) return sim_ptx_fail(p, opcode->line, "an instruction was expected");
  p->at++;
  if (is_opcode(opcode, "call")) return sim_ptx_call(p, &insn);
  if (!sim_ptx_operands(p, list)) return false;
  if (!sim_ptx_decode(p, opcode, &insn, list)) return false;
  insn.group_count = list->group_count;
  memcpy(insn.group_width, list->group_width, sizeof insn.group_width);
  if (insn.op == PTX_DO_BRX && !branch_table(p, &insn, &list->names[1])) return false;
  if (!sim_ptx_emit(p, &insn, list->operands, list->count)) return false;
  if (insn.op != PTX_DO_BRA) return true;
  return sim_ptx_fixup_add(p, &list->names[0], p->module->insn_count - 1, 0);
}

bool sim_ptx_body(struct parser *p)
{
  struct operand_list *list = malloc(sizeof *list);
  uint32_t depth = 1;
  bool good = list != NULL || sim_ptx_fail(p, token_now(p)->line, "out of memory");
  while (good && depth > 0) {
    const struct token *token = token_now(p);
    if (token->kind == TOKEN_END) {
      good = sim_ptx_fail(p, token->line, "the text ends inside a function");
    } else if (sim_ptx_accept(p, '{')) {
      depth++;
      good = sim_ptx_scope_open(p);
    } else if (sim_ptx_accept(p, '}')) {
      if (--depth > 0) sim_ptx_scope_close(p);
    } else if (sim_ptx_accept(p, ';')) {
      continue;
    } else if (token->kind == TOKEN_WORD && token->text[0] == '.') {
      p->at++;
      good = statement_directive(p, token);
    } else if (token->kind == TOKEN_WORD && sim_ptx_is_punctuation(&p->tokens[p->at + 1], ':')) {
      p->at += 2;
      good = statement_label(p, token);
    } else {
      good = statement_insn(p, list);
    }
  }
  free(list);
  return good;
}
