/* ptx_parse_operand.c: operands as written; what each may be is the decoder's business. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "ptx_internal.h"

struct special {
  const char *name;
  uint8_t type;
};
#define XYZ(stem, type)                                                                                                \
  {stem ".x", type}, {stem ".y", type},                                                                                \
  {                                                                                                                    \
    stem ".z", type                                                                                                    \
  }
static const struct special special_table[PTX_SR_ENVREG] = {
    XYZ("%tid", PTX_U32),
    XYZ("%ntid", PTX_U32),
    XYZ("%ctaid", PTX_U32),
    XYZ("%nctaid", PTX_U32),
    {"%laneid", PTX_U32},
    {"%warpid", PTX_U32},
    {"%nwarpid", PTX_U32},
    {"%smid", PTX_U32},
    {"%nsmid", PTX_U32},
    {"%gridid", PTX_U64},
    {"%lanemask_eq", PTX_U32},
    {"%lanemask_le", PTX_U32},
    {"%lanemask_lt", PTX_U32},
    {"%lanemask_ge", PTX_U32},
    {"%lanemask_gt", PTX_U32},
    {"%clock", PTX_U32},
    {"%clock_hi", PTX_U32},
    {"%clock64", PTX_U64},
    {"%globaltimer", PTX_U64},
    {"%globaltimer_lo", PTX_U32},
    {"%globaltimer_hi", PTX_U32},
    XYZ("%clusterid", PTX_U32),
    XYZ("%nclusterid", PTX_U32),
    XYZ("%cluster_ctaid", PTX_U32),
    XYZ("%cluster_nctaid", PTX_U32),
    {"%cluster_ctarank", PTX_U32},
    {"%cluster_nctarank", PTX_U32},
    {"%is_explicit_cluster", PTX_PRED},
    {"%total_smem_size", PTX_U32},
    {"%aggr_smem_size", PTX_U32},
    {"%dynamic_smem_size", PTX_U32},
    {"%reserved_smem_offset_begin", PTX_U32},
    {"%reserved_smem_offset_end", PTX_U32},
    {"%reserved_smem_offset_cap", PTX_U32},
    {"%current_graph_exec", PTX_U64},
};

int32_t sim_ptx_special_find(const char *text, uint32_t length)
{
  if (length > 7 && length < 10 && memcmp(text, "%envreg", 7) == 0 && isdigit((unsigned char)text[7])) {
    int32_t number = text[7] - '0';
    if (length == 9) number = isdigit((unsigned char)text[8]) ? number * 10 + text[8] - '0' : 99;
    return number < 32 ? (int32_t)PTX_SR_ENVREG + number : -1;
  }
  for (int32_t i = 0; i < PTX_SR_ENVREG; i++) {
    if (strlen(special_table[i].name) == length && memcmp(special_table[i].name, text, length) == 0) return i;
  }
  return -1;
}

enum ptx_type sim_ptx_special_type(enum ptx_special special)
{
  return special < PTX_SR_ENVREG ? (enum ptx_type)special_table[special].type : PTX_U32;
}

/* --- numbers --- */

static bool float_bits(const struct token *token, struct ptx_operand *operand)
{
  char digits[24] = {0};
  bool wide = token->text[1] == 'd' || token->text[1] == 'D';
  if (token->length != (wide ? 18u : 10u)) return false;
  memcpy(digits, token->text + 2, token->length - 2);
  char *end;
  operand->value = (int64_t)strtoull(digits, &end, 16);
  operand->type = wide ? PTX_F64 : PTX_F32;
  return *end == '\0';
}

/* A constant's type here says how it was written: F32 (0f…), F64 (0d… or 1.5), else B64. */
static bool parse_number(struct parser *p, struct ptx_operand *operand)
{
  const struct token *token = token_now(p);
  operand->kind = PTX_OPERAND_CONSTANT;
  operand->type = PTX_B64;
  operand->symbol = PTX_NO_SYMBOL;
  operand->slot = PTX_NO_SLOT;
  bool hexadecimal = token->length > 1 && token->text[0] == '0' && strchr("xX", token->text[1]) != NULL;
  if (token->length > 2 && token->text[0] == '0' && strchr("fFdD", token->text[1]) != NULL) {
    if (!float_bits(token, operand)) {
      return sim_ptx_fail(p, token->line, "'%.*s' is not a floating-point constant", (int)token->length, token->text);
    }
    p->at++;
    return true;
  }
  if (!hexadecimal &&
      (memchr(token->text, '.', token->length) != NULL || memchr(token->text, 'e', token->length) != NULL)) {
    char digits[72] = {0};
    char *end = digits;
    if (token->length < sizeof digits) memcpy(digits, token->text, token->length);
    double value = strtod(digits, &end);
    if (end == digits || *end != '\0') {
      return sim_ptx_fail(p, token->line, "'%.*s' is not a number", (int)token->length, token->text);
    }
    memcpy(&operand->value, &value, sizeof value);
    operand->type = PTX_F64;
    p->at++;
    return true;
  }
  return sim_ptx_integer(p, &operand->value);
}

static void negate_constant(struct ptx_operand *operand)
{
  if (operand->type == PTX_F32) {
    operand->value ^= (int64_t)1 << 31;
  } else if (operand->type == PTX_F64) {
    operand->value = (int64_t)((uint64_t)operand->value ^ (uint64_t)1 << 63);
  } else {
    operand->value = (int64_t)(0 - (uint64_t)operand->value);
  }
}

/* --- words --- */

static bool parse_name(struct parser *p, struct ptx_operand *operand, struct token *unresolved)
{
  const struct token *token = token_now(p);
  *operand = (struct ptx_operand){.slot = PTX_NO_SLOT, .symbol = PTX_NO_SYMBOL};
  p->at++;
  operand->slot = sim_ptx_register_find(p, token->text, token->length, &operand->type);
  if (operand->slot != PTX_NO_SLOT) {
    operand->kind = PTX_OPERAND_REGISTER;
    return true;
  }
  int32_t special = token->text[0] == '%' ? sim_ptx_special_find(token->text, token->length) : -1;
  if (special >= 0) {
    operand->kind = PTX_OPERAND_SPECIAL;
    operand->value = special;
    operand->type = (uint8_t)sim_ptx_special_type((enum ptx_special)special);
    return true;
  }
  const struct name *name = sim_ptx_name_find(p, token->text, token->length);
  if (name != NULL && name->kind == NAME_SYMBOL) {
    operand->kind = PTX_OPERAND_SYMBOL;
    operand->symbol = name->index;
    return true;
  }
  if (name != NULL && name->kind == NAME_FUNCTION) {
    operand->kind = PTX_OPERAND_FUNCTION;
    operand->value = name->index;
    return true;
  }
  if (sim_ptx_is_word(token, "WARP_SZ")) {
    operand->kind = PTX_OPERAND_CONSTANT;
    operand->type = PTX_B64;
    operand->value = PTX_LANES;
    return true;
  }
  if (token->text[0] == '%') {
    return sim_ptx_fail(p, token->line, "there is no register '%.*s'", (int)token->length, token->text);
  }
  operand->kind = PTX_OPERAND_LABEL; /* known at the function's end */
  *unresolved = *token;
  return true;
}

/* + number, +-number, - number; any count. */
static bool parse_offset(struct parser *p, int64_t *value)
{
  while (sim_ptx_is_punctuation(token_now(p), '+') || sim_ptx_is_punctuation(token_now(p), '-')) {
    bool minus = sim_ptx_is_punctuation(token_now(p), '-');
    int64_t offset;
    p->at++;
    if (!sim_ptx_integer(p, &offset)) return false;
    *value = (int64_t)((uint64_t)*value + (minus ? 0 - (uint64_t)offset : (uint64_t)offset));
  }
  return true;
}

static bool parse_address(struct parser *p, struct ptx_operand *operand, struct token *unresolved)
{
  const struct token *token = token_now(p);
  if (token->kind == TOKEN_NUMBER || sim_ptx_is_punctuation(token, '-')) {
    *operand = (struct ptx_operand){.slot = PTX_NO_SLOT, .symbol = PTX_NO_SYMBOL};
    if (!sim_ptx_integer(p, &operand->value)) return false;
  } else if (token->kind == TOKEN_WORD) {
    if (!parse_name(p, operand, unresolved)) return false;
    if (operand->kind != PTX_OPERAND_REGISTER && operand->kind != PTX_OPERAND_SYMBOL) {
      return sim_ptx_fail(p, token->line, "'%.*s' is neither a register nor a variable", (int)token->length,
                          token->text);
    }
  } else {
    return sim_ptx_fail(p, token->line, "an address was expected after '['");
  }
  operand->kind = PTX_OPERAND_ADDRESS;
  if (!parse_offset(p, &operand->value)) return false;
  if (sim_ptx_is_punctuation(token_now(p), ',')) {
    return sim_ptx_fail(p, token->line, "addresses with coordinates (tensors, textures) are not simulated");
  }
  return sim_ptx_expect(p, ']');
}

static bool parse_scalar(struct parser *p, struct ptx_operand *operand, struct token *unresolved)
{
  const struct token *token = token_now(p);
  *operand = (struct ptx_operand){.slot = PTX_NO_SLOT, .symbol = PTX_NO_SYMBOL};
  bool inverted = sim_ptx_accept(p, '!'), minus = !inverted && sim_ptx_accept(p, '-');
  token = token_now(p);
  if (token->kind == TOKEN_NUMBER) {
    if (!parse_number(p, operand)) return false;
    if (minus) negate_constant(operand);
    return inverted ? sim_ptx_fail(p, token->line, "'!' before a number") : true;
  }
  if (token->kind != TOKEN_WORD || minus) {
    return sim_ptx_fail(p, token->line, "'%.*s' where an operand was expected",
                        (int)(token->length < 60 ? token->length : 60), token->text);
  }
  if (sim_ptx_is_word(token, "_")) {
    p->at++;
    operand->kind = PTX_OPERAND_SINK;
    return true;
  }
  if (!parse_name(p, operand, unresolved)) return false;
  operand->negated = inverted;
  if (operand->kind == PTX_OPERAND_SYMBOL) return parse_offset(p, &operand->value);
  return true;
}

static bool parse_vector(struct parser *p, struct operand_list *list, struct token *unresolved)
{
  uint32_t width = 0;
  do {
    struct ptx_operand *operand = &list->operands[list->count];
    if (list->count == sizeof list->operands / sizeof list->operands[0] || width == 255) {
      return sim_ptx_fail(p, token_now(p)->line, "a vector of more than 255 elements");
    }
    if (!parse_scalar(p, operand, unresolved)) return false;
    list->count++;
    width++;
  } while (sim_ptx_accept(p, ','));
  list->group_width[list->group_count] = (uint8_t)width;
  list->bracketed[list->group_count] = true;
  return sim_ptx_expect(p, '}');
}

bool sim_ptx_operands(struct parser *p, struct operand_list *list)
{
  list->count = 0;
  list->group_count = 0;
  list->pair = false;
  if (sim_ptx_accept(p, ';')) return true;
  do {
    const struct token *token = token_now(p);
    if (list->group_count >= PTX_GROUPS_MAX - 1 ||
        list->count + 1 >= sizeof list->operands / sizeof list->operands[0]) {
      return sim_ptx_fail(p, token->line, "more than %d operands", PTX_GROUPS_MAX - 1);
    }
    uint8_t group = list->group_count;
    list->group_width[group] = 1;
    list->bracketed[group] = false;
    list->names[group] = *token;
    if (sim_ptx_accept(p, '{')) {
      if (!parse_vector(p, list, &list->names[group])) return false;
    } else {
      struct ptx_operand *operand = &list->operands[list->count++];
      bool good = sim_ptx_accept(p, '[') ? parse_address(p, operand, &list->names[group])
                                         : parse_scalar(p, operand, &list->names[group]);
      if (!good) return false;
    }
    list->group_count++;
    if (list->group_count == 1 && sim_ptx_accept(p, '|')) {
      list->pair = true;
      list->group_width[1] = 1;
      list->bracketed[1] = false;
      if (!parse_scalar(p, &list->operands[list->count++], &list->names[1])) return false;
      list->group_count = 2;
    }
  } while (sim_ptx_accept(p, ','));
  return sim_ptx_expect(p, ';');
}
