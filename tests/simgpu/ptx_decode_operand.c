/* ptx_decode_operand.c: an instruction's operands against those of a row. */
#include <string.h>

#include "ptx_internal.h"

struct operand_rule {
  char kind;
  bool optional, relaxed;
  enum ptx_type type;
};

static const char *rule_next(const char *items, const struct ptx_insn *insn, struct operand_rule *rule)
{
  *rule = (struct operand_rule){.type = insn->type[0]};
  items += strspn(items, " ");
  if (*items == '?') {
    rule->optional = true;
    items++;
  }
  bool source_predicate = *items == '!';
  items += source_predicate;
  rule->kind = source_predicate ? 'P' : *items;
  items++;
  if (rule->kind == 'n') rule->relaxed = true;
  for (; *items != ' ' && *items != '\0'; items++) {
    if (*items == '1') rule->type = insn->type[1];
    if (*items == 'n') rule->relaxed = true;
    if (*items == 'w') {
      rule->type = insn->type[0] == PTX_U16   ? PTX_U32
                   : insn->type[0] == PTX_S16 ? PTX_S32
                   : insn->type[0] == PTX_U32 ? PTX_U64
                                              : PTX_S64;
    }
    if (*items == ':') {
      size_t length = strcspn(items + 1, " ");
      rule->type = sim_ptx_type_find(items + 1, length);
      items += length;
    }
  }
  return items;
}

/* A constant as the bits of `type`. */
static const char *constant_convert(struct ptx_operand *operand, enum ptx_type type)
{
  const struct ptx_type_info *info = sim_ptx_type(type);
  if (type == PTX_PRED) { /* mov.pred p, -1: all lanes */
    operand->value = operand->value != 0 ? 0xffffffff : 0;
    operand->type = PTX_PRED;
    return NULL;
  }
  if ((type == PTX_F32 || type == PTX_TF32) && operand->type == PTX_F64) {
    double wide;
    memcpy(&wide, &operand->value, sizeof wide);
    float narrow = (float)wide;
    uint32_t bits;
    memcpy(&bits, &narrow, sizeof bits);
    operand->value = bits;
  } else if (type == PTX_F64 && operand->type == PTX_F32) {
    uint32_t bits = (uint32_t)operand->value;
    float narrow;
    memcpy(&narrow, &bits, sizeof narrow);
    double wide = narrow;
    memcpy(&operand->value, &wide, sizeof wide);
  } else if ((type == PTX_F32 || type == PTX_F64) && operand->type == PTX_B64) {
    return "an integer constant for a floating-point type";
  }
  if (info->size_bits < 64) operand->value &= ((int64_t)1 << info->size_bits) - 1;
  operand->type = (uint8_t)type;
  return NULL;
}

static const char *scalar_check(struct ptx_operand *operand, const struct operand_rule *rule, bool source)
{
  const struct ptx_type_info *info = sim_ptx_type(rule->type);
  if (operand->negated && rule->kind != 'P') return "'!' before an operand that is no predicate";
  if (operand->kind == PTX_OPERAND_SINK) return source ? "'_' as a source" : NULL;
  if (operand->kind == PTX_OPERAND_CONSTANT)
    return source ? constant_convert(operand, rule->type) : "a number as result";
  if (operand->kind != PTX_OPERAND_REGISTER)
    return source && operand->kind != PTX_OPERAND_LABEL && operand->kind != PTX_OPERAND_ADDRESS ? NULL
                                                                                                : "not a register";
  uint32_t bits = sim_ptx_type((enum ptx_type)operand->type)->size_bits;
  if ((operand->type == PTX_PRED) != (rule->type == PTX_PRED)) return "a predicate and a value mixed up";
  if (rule->relaxed && bits < info->size_bits) return "a register that is narrower than the type";
  if (!rule->relaxed && bits != info->size_bits) return "a register whose size is not that of the type";
  return NULL;
}

/* NULL, or what is wrong. */
static const char *group_check(struct ptx_insn *insn, const struct operand_rule *rule, struct ptx_operand *operands,
                               uint32_t width, bool bracketed)
{
  struct operand_rule element = *rule;
  switch (rule->kind) {
  case 'A': return operands[0].kind == PTX_OPERAND_ADDRESS && !bracketed ? NULL : "not an address in [ ]";
  case 'I':
    if (operands[0].kind != PTX_OPERAND_CONSTANT || operands[0].type != PTX_B64) return "not an integer constant";
    insn->immediate = operands[0].value;
    return NULL;
  case 'L':
  case 'T': return operands[0].kind == PTX_OPERAND_LABEL ? NULL : "not a label";
  case 'x': return NULL; /* mov: move_check */
  case 'v':
  case 'w':
    if (width != (insn->vector > 0 ? insn->vector : 1u)) return "a vector whose length is not that of the type";
    element.relaxed = true;
    break;
  case 'm':
    if (width != (insn->vector > 0 ? insn->vector : 1u)) return "a vector whose length is not the number of matrices";
    element.type = PTX_B32;
    break;
  case 'p':
  case 'P':
  case 'q': element.type = PTX_PRED; break;
  default: break;
  }
  if (bracketed && strchr("vwm", rule->kind) == NULL) return "a vector where a single operand was expected";
  bool source = strchr("swP", rule->kind) != NULL || (rule->kind == 'm' && insn->op == PTX_DO_STMATRIX);
  for (uint32_t i = 0; i < width; i++) {
    const char *wrong = scalar_check(&operands[i], &element, source);
    if (wrong != NULL) return wrong;
  }
  return NULL;
}

/* mov d, a; mov d, {a, b}; mov {a, b}, d: the parts have equal sizes that add up to the type's. */
static const char *move_check(struct ptx_insn *insn, struct operand_list *list)
{
  if (list->group_count != 2) return "mov takes two operands";
  struct ptx_operand *operands = list->operands;
  uint32_t bits = sim_ptx_type((enum ptx_type)insn->type[0])->size_bits;
  for (uint32_t group = 0; group < 2; group++) {
    uint32_t width = list->group_width[group];
    if (list->bracketed[group] && (bits % width != 0 || bits / width < 8))
      return "parts that do not add up to the type";
    struct operand_rule rule = {.kind = insn->type[0] == PTX_PRED ? 'P' : 's', .type = insn->type[0]};
    if (list->bracketed[group]) {
      uint32_t part = bits / width;
      rule.type = part == 8 ? PTX_B8 : part == 16 ? PTX_B16 : part == 32 ? PTX_B32 : PTX_B64;
      rule.relaxed = part == 8;
    }
    for (uint32_t i = 0; i < width; i++) {
      const char *wrong = scalar_check(operands++, &rule, group == 1);
      if (wrong != NULL) return wrong;
    }
  }
  if (list->bracketed[0] && list->bracketed[1]) return "vectors on both sides";
  return NULL;
}

/* The operands against a row: NULL, or what is wrong; *group says where. Constants become bits of their type. */
const char *sim_ptx_operands_match(const struct ptx_row *row, struct ptx_insn *insn, struct operand_list *list,
                                   uint32_t *group)
{
  const char *items = row->operands;
  uint32_t groups = list->group_count, operand = 0;
  bool policy = (insn->flags & PTX_HAS_POLICY) != 0;
  *group = 0;
  if (insn->op == PTX_DO_MOV) return move_check(insn, list);
  if (policy && groups > 0) groups--;
  bool pair_used = false;
  while (*items != '\0') {
    struct operand_rule rule;
    items = rule_next(items, insn, &rule);
    if (rule.kind == 'q') {
      if (!list->pair && rule.optional) continue;
      if (!list->pair) return "a second result after '|' is missing";
      pair_used = true;
      insn->flags |= PTX_SECOND_RESULT;
    }
    if (*group == groups) {
      if (rule.optional) continue;
      return "too few operands";
    }
    const char *wrong =
        group_check(insn, &rule, &list->operands[operand], list->group_width[*group], list->bracketed[*group]);
    if (wrong != NULL) return wrong;
    if (insn->op == PTX_DO_CP_ASYNC && rule.kind == 'P') insn->flags |= PTX_IGNORE_SRC;
    operand += list->group_width[(*group)++];
  }
  if (list->pair && !pair_used) return "a second result after '|'";
  if (*group < groups) return "too many operands";
  if (policy) {
    struct operand_rule rule = {.kind = 's', .type = PTX_B64};
    return group_check(insn, &rule, &list->operands[operand], list->group_width[*group], list->bracketed[*group]);
  }
  return NULL;
}

/* Special registers and addresses of variables, where the instruction is no mov, go through a register of their own. */
bool sim_ptx_operands_lower(struct parser *p, const struct ptx_insn *insn, struct operand_list *list)
{
  for (uint32_t i = 0; i < list->count; i++) {
    struct ptx_operand *operand = &list->operands[i];
    bool dynamic = operand->kind == PTX_OPERAND_ADDRESS && operand->symbol != PTX_NO_SYMBOL &&
                   p->module->symbols[operand->symbol].space == PTX_SHARED &&
                   p->module->symbols[operand->symbol].size_bytes == 0;
    bool plain = operand->kind == PTX_OPERAND_SPECIAL || operand->kind == PTX_OPERAND_SYMBOL ||
                 operand->kind == PTX_OPERAND_FUNCTION;
    if (!dynamic && (!plain || insn->op == PTX_DO_MOV || insn->op == PTX_DO_CALL)) continue;
    enum ptx_type type = operand->kind == PTX_OPERAND_SPECIAL ? (enum ptx_type)operand->type : PTX_U64;
    uint32_t slot = sim_ptx_slot_add(p, type, 1);
    if (slot == PTX_NO_SLOT) return false;
    struct ptx_operand pair[2] = {
        {.kind = PTX_OPERAND_REGISTER, .type = (uint8_t)type, .slot = slot, .symbol = PTX_NO_SYMBOL}, *operand};
    if (dynamic) {
      pair[1].kind = PTX_OPERAND_SYMBOL;
      pair[1].value = 0;
    }
    struct ptx_insn move = {.op = PTX_DO_MOV,
                            .type = {(uint8_t)type},
                            .group_count = 2,
                            .group_width = {1, 1},
                            .guard = insn->guard,
                            .guard_negated = insn->guard_negated,
                            .line = insn->line,
                            .loc = insn->loc};
    if (!sim_ptx_emit(p, &move, pair, 2)) return false;
    if (dynamic) {
      operand->symbol = PTX_NO_SYMBOL;
      operand->slot = slot;
      operand->type = (uint8_t)type;
    } else {
      *operand = pair[0];
    }
  }
  return true;
}
