/* ptx_parse_call.c: calls, their prototypes and target lists.
 *
 *   call{.uni} (results), name, (arguments);        direct
 *   call{.uni} (results), %address, (arguments), prototype or target list;      indirect
 */
#include <string.h>

#include "ptx_internal.h"

#define CALL_OPERANDS_MAX 255

static bool table_add(struct parser *p, const struct token *name, uint32_t first)
{
  struct ptx_module *m = p->module;
  struct ptx_branch_table *grown =
      sim_ptx_grow(m->branch_tables, &p->table_capacity, m->branch_table_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, name->line, "out of memory");
  m->branch_tables = grown;
  m->branch_tables[m->branch_table_count] = (struct ptx_branch_table){first, m->table_entry_count - first};
  return sim_ptx_name_add(p, name, (struct name){.kind = NAME_TABLE, .index = m->branch_table_count++});
}

bool sim_ptx_table(struct parser *p, const struct token *name, bool functions)
{
  struct ptx_module *m = p->module;
  uint32_t first = m->table_entry_count;
  do {
    const struct token *target = token_now(p);
    uint32_t *grown = sim_ptx_grow(m->table_entries, &p->entry_capacity, m->table_entry_count + 1, sizeof *grown);
    if (grown == NULL) return sim_ptx_fail(p, target->line, "out of memory");
    m->table_entries = grown;
    if (target->kind != TOKEN_WORD) return sim_ptx_fail(p, target->line, "a target was expected");
    p->at++;
    const struct name *function = functions ? sim_ptx_name_find(p, target->text, target->length) : NULL;
    if (functions && (function == NULL || function->kind != NAME_FUNCTION)) {
      return sim_ptx_fail(p, target->line, "there is no function '%.*s'", (int)target->length, target->text);
    }
    m->table_entries[m->table_entry_count] = functions ? function->index : 0;
    if (!functions && !sim_ptx_fixup_add(p, target, PTX_NO_SYMBOL, m->table_entry_count)) return false;
    m->table_entry_count++;
  } while (sim_ptx_accept(p, ','));
  return table_add(p, name, first) && sim_ptx_expect(p, ';');
}

/* ( .param .align 8 .b8 _[16], .param .b64 _ ): sizes. */
static bool prototype_list(struct parser *p, uint32_t *sizes, uint32_t *count)
{
  *count = 0;
  if (!sim_ptx_expect(p, '(')) return false;
  if (sim_ptx_accept(p, ')')) return true;
  do {
    uint32_t index, saved = p->module->symbol_count;
    if (!sim_ptx_accept_word(p, ".param") && !sim_ptx_accept_word(p, ".reg")) {
      return sim_ptx_fail(p, token_now(p)->line, "'.param' was expected");
    }
    uint32_t function = p->function;
    p->function = PTX_NO_SYMBOL; /* takes no room in this function */
    bool good = sim_ptx_scope_open(p) && sim_ptx_variable(p, PTX_PARAM, PTX_LINK_NONE, &index);
    p->function = function;
    if (!good) return false;
    sim_ptx_scope_close(p);
    if (*count == 16) return sim_ptx_fail(p, token_now(p)->line, "a prototype of more than 16 parameters");
    sizes[(*count)++] = (uint32_t)p->module->symbols[index].size_bytes;
    p->module->symbol_count = saved;
  } while (sim_ptx_accept(p, ','));
  return sim_ptx_expect(p, ')');
}

bool sim_ptx_prototype(struct parser *p, const struct token *name)
{
  struct ptx_prototype prototype = {0};
  uint32_t returned[16];
  if (sim_ptx_is_punctuation(token_now(p), '(')) {
    if (!prototype_list(p, returned, &prototype.return_count)) return false;
    if (prototype.return_count > 0) prototype.return_bytes = returned[0];
  }
  if (!sim_ptx_accept_word(p, "_")) return sim_ptx_fail(p, token_now(p)->line, "'_' was expected");
  if (sim_ptx_is_punctuation(token_now(p), '(') && !prototype_list(p, prototype.param_bytes, &prototype.param_count)) {
    return false;
  }
  while (token_now(p)->kind == TOKEN_WORD && sim_ptx_is_word(token_now(p), ".noreturn")) p->at++;
  struct ptx_module *m = p->module;
  struct ptx_prototype *grown =
      sim_ptx_grow(m->prototypes, &p->prototype_capacity, m->prototype_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, name->line, "out of memory");
  m->prototypes = grown;
  m->prototypes[m->prototype_count] = prototype;
  return sim_ptx_name_add(p, name, (struct name){.kind = NAME_PROTOTYPE, .index = m->prototype_count++}) &&
         sim_ptx_expect(p, ';');
}

/* One word or number of a call: a register, a .param variable, a constant, the callee. */
static bool call_operand(struct parser *p, struct ptx_operand *operand)
{
  const struct token *token = token_now(p);
  *operand = (struct ptx_operand){.slot = PTX_NO_SLOT, .symbol = PTX_NO_SYMBOL};
  if (token->kind == TOKEN_NUMBER || sim_ptx_is_punctuation(token, '-')) {
    operand->kind = PTX_OPERAND_CONSTANT;
    operand->type = PTX_B64;
    return sim_ptx_integer(p, &operand->value);
  }
  if (token->kind != TOKEN_WORD) return sim_ptx_fail(p, token->line, "a call's operand was expected");
  p->at++;
  if (sim_ptx_is_word(token, "_")) {
    operand->kind = PTX_OPERAND_SINK;
    return true;
  }
  operand->slot = sim_ptx_register_find(p, token->text, token->length, &operand->type);
  if (operand->slot != PTX_NO_SLOT) {
    operand->kind = PTX_OPERAND_REGISTER;
    return true;
  }
  const struct name *name = sim_ptx_name_find(p, token->text, token->length);
  if (name != NULL && name->kind == NAME_SYMBOL && p->module->symbols[name->index].space == PTX_PARAM) {
    operand->kind = PTX_OPERAND_SYMBOL;
    operand->symbol = name->index;
    return true;
  }
  if (name != NULL && name->kind == NAME_FUNCTION) {
    operand->kind = PTX_OPERAND_FUNCTION;
    operand->value = name->index;
    return true;
  }
  return sim_ptx_fail(p, token->line, "there is no '%.*s' to call or to pass",
                      (int)(token->length < 100 ? token->length : 100), token->text);
}

static bool call_list(struct parser *p, struct ptx_operand *operands, uint32_t *count, uint32_t *listed)
{
  *listed = 0;
  if (!sim_ptx_expect(p, '(')) return false;
  if (sim_ptx_accept(p, ')')) return true;
  do {
    if (*count == CALL_OPERANDS_MAX) return sim_ptx_fail(p, token_now(p)->line, "a call of more than 255 operands");
    if (!call_operand(p, &operands[*count])) return false;
    if (operands[*count].kind == PTX_OPERAND_FUNCTION) return sim_ptx_fail(p, token_now(p)->line, "a function passed");
    (*count)++;
    (*listed)++;
  } while (sim_ptx_accept(p, ','));
  return sim_ptx_expect(p, ')');
}

static bool call_indirect_tail(struct parser *p, struct ptx_call *call)
{
  const struct token *token = token_now(p);
  const struct name *name = token->kind == TOKEN_WORD ? sim_ptx_name_find(p, token->text, token->length) : NULL;
  p->at++;
  if (name != NULL && name->kind == NAME_PROTOTYPE) {
    call->prototype = name->index;
  } else if (name != NULL && name->kind == NAME_TABLE) {
    call->table = name->index;
  } else {
    return sim_ptx_fail(p, token->line, "an indirect call without a prototype or target list");
  }
  return true;
}

/* Operands are emitted as one group a result, the callee, one group an argument; groups beyond PTX_GROUPS_MAX are found by number
 * alone, since all have width 1: operand + return_count is the callee. */
bool sim_ptx_call(struct parser *p, struct ptx_insn *insn)
{
  struct ptx_operand operands[CALL_OPERANDS_MAX + 2];
  uint32_t count = 0;
  struct ptx_call call = {.function = PTX_NO_SYMBOL, .prototype = PTX_NO_SYMBOL, .table = PTX_NO_SYMBOL};
  insn->op = PTX_DO_CALL;
  insn->vector = 1;
  if (sim_ptx_is_punctuation(token_now(p), '(') &&
      (!call_list(p, operands, &count, &call.return_count) || !sim_ptx_expect(p, ','))) {
    return false;
  }
  if (!call_operand(p, &operands[count])) return false;
  if (operands[count].kind == PTX_OPERAND_FUNCTION) {
    call.function = (uint32_t)operands[count].value;
  } else if (operands[count].kind != PTX_OPERAND_REGISTER || operands[count].type == PTX_PRED) {
    return sim_ptx_fail(p, insn->line, "call: neither a function nor a register");
  }
  count++;
  bool more = sim_ptx_accept(p, ',');
  if (more && sim_ptx_is_punctuation(token_now(p), '(')) {
    if (!call_list(p, operands, &count, &call.argument_count)) return false;
    more = sim_ptx_accept(p, ',');
  }
  if (call.function == PTX_NO_SYMBOL && (!more || !call_indirect_tail(p, &call))) {
    return sim_ptx_fail(p, insn->line, "an indirect call without a prototype or target list");
  }
  if (call.function != PTX_NO_SYMBOL && more) p->at++; /* a prototype beside a known callee says nothing new */
  call.argument_group = call.return_count + 1;
  struct ptx_module *m = p->module;
  struct ptx_call *grown = sim_ptx_grow(m->calls, &p->call_capacity, m->call_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, insn->line, "out of memory");
  m->calls = grown;
  insn->target = m->call_count;
  m->calls[m->call_count++] = call;
  return sim_ptx_expect(p, ';') && sim_ptx_emit(p, insn, operands, count);
}
