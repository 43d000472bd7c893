/* ptx_decode_matrix.c: mma.sync: shape and types decide how many registers each operand has. */
#include <stdio.h>
#include <string.h>

#include "ptx_internal.h"

/* One row a shape and element type of A and B; source: PTX ISA, "Matrix multiply-accumulate operation using mma". Registers of A
 * and B are .b32 (f64: .f64) and follow from the shape: m·k·bits / 32 lanes / 32 bits. */
struct mma_row {
  uint16_t m, n, k;
  uint8_t a; /* element type; F16: D and C may be f16 or f32 */
};
static const struct mma_row mma_table[] = {
    {8, 8, 4, PTX_F64},    {16, 8, 4, PTX_F64},   {16, 8, 8, PTX_F64},   {16, 8, 16, PTX_F64}, {16, 8, 8, PTX_F16},
    {16, 8, 16, PTX_F16},  {16, 8, 8, PTX_BF16},  {16, 8, 16, PTX_BF16}, {16, 8, 4, PTX_TF32}, {16, 8, 8, PTX_TF32},
    {8, 8, 16, PTX_S8},    {16, 8, 16, PTX_S8},   {16, 8, 32, PTX_S8},   {8, 8, 16, PTX_U8},   {16, 8, 16, PTX_U8},
    {16, 8, 32, PTX_U8},   {8, 8, 32, PTX_S4},    {16, 8, 32, PTX_S4},   {16, 8, 64, PTX_S4},  {8, 8, 32, PTX_U4},
    {16, 8, 32, PTX_U4},   {16, 8, 64, PTX_U4},   {8, 8, 128, PTX_B1},   {16, 8, 128, PTX_B1}, {16, 8, 256, PTX_B1},
    {16, 8, 16, PTX_E4M3}, {16, 8, 32, PTX_E4M3}, {16, 8, 16, PTX_E5M2}, {16, 8, 32, PTX_E5M2}};

struct mma_words {
  char text[16][24];
  uint32_t count, at;
};

static bool words_split(const struct token *opcode, struct mma_words *words)
{
  uint32_t length = 0;
  words->count = 0;
  words->at = 0;
  for (uint32_t i = 0; i <= opcode->length; i++) {
    if (i == opcode->length || opcode->text[i] == '.') {
      if (words->count == 16) return false;
      words->text[words->count++][length] = '\0';
      length = 0;
    } else if (length < sizeof words->text[0] - 1 && words->count < 16) {
      words->text[words->count][length++] = opcode->text[i];
    } else {
      return false;
    }
  }
  return true;
}

static bool word_accept(struct mma_words *words, const char *word)
{
  if (words->at >= words->count || strcmp(words->text[words->at], word) != 0) return false;
  words->at++;
  return true;
}

static bool known_shape(const struct ptx_insn *insn)
{
  for (size_t i = 0; i < sizeof mma_table / sizeof mma_table[0]; i++) {
    const struct mma_row *row = &mma_table[i];
    if (row->m == insn->shape[0] && row->n == insn->shape[1] && row->k == insn->shape[2] && row->a == insn->type[1]) {
      return true;
    }
  }
  return false;
}

static bool types_fit(const struct ptx_insn *insn)
{
  enum ptx_type d = insn->type[0], a = insn->type[1], b = insn->type[2], c = insn->type[3];
  const struct ptx_type_info *info = sim_ptx_type(a);
  bool floats = a == PTX_F16 || a == PTX_E4M3 || a == PTX_E5M2;
  if (a == PTX_F64) return b == a && d == PTX_F64 && c == PTX_F64;
  if (floats) {
    bool pair = a == PTX_F16 ? b == a : (b == PTX_E4M3 || b == PTX_E5M2);
    return pair && d == c && (d == PTX_F32 || d == PTX_F16);
  }
  if (a == PTX_BF16 || a == PTX_TF32) return b == a && d == PTX_F32 && c == PTX_F32;
  return sim_ptx_type(b)->size_bits == info->size_bits && (b == PTX_B1) == (a == PTX_B1) && d == PTX_S32 &&
         c == PTX_S32;
}

static bool widths_fit(struct parser *p, const struct ptx_insn *insn, const struct operand_list *list)
{
  uint32_t m = insn->shape[0], n = insn->shape[1], k = insn->shape[2];
  uint32_t sizes[4] = {m * n, m * k, k * n, m * n}, operand = 0;
  if (list->group_count != 4 || list->pair) return sim_ptx_fail(p, insn->line, "mma takes four operands");
  for (uint32_t group = 0; group < 4; group++) {
    uint32_t bits = sim_ptx_type((enum ptx_type)insn->type[group])->size_bits;
    uint32_t register_bits = bits == 64 ? 64 : 32;
    uint32_t width = sizes[group] * bits / PTX_LANES / register_bits;
    if (list->group_width[group] != width) {
      return sim_ptx_fail(p, insn->line, "mma: operand %u has %u registers: must be %u", group + 1,
                          list->group_width[group], width);
    }
    for (uint32_t i = 0; i < width; i++, operand++) {
      const struct ptx_operand *o = &list->operands[operand];
      bool constant = group == 3 && o->kind == PTX_OPERAND_CONSTANT && o->type != PTX_B64;
      if (constant || (o->kind == PTX_OPERAND_CONSTANT && group == 3)) continue;
      if (o->kind != PTX_OPERAND_REGISTER || o->negated ||
          sim_ptx_type((enum ptx_type)o->type)->size_bits != register_bits || o->type == PTX_PRED) {
        return sim_ptx_fail(p, insn->line, "mma: operand %u is not made of %u-bit registers", group + 1, register_bits);
      }
    }
  }
  return true;
}

bool sim_ptx_decode_mma(struct parser *p, const struct token *opcode, struct ptx_insn *insn,
                        const struct operand_list *list)
{
  struct mma_words words;
  int shown = (int)(opcode->length < 100 ? opcode->length : 100);
  insn->op = PTX_DO_MMA;
  insn->flags |= PTX_SYNC | PTX_ALIGNED;
  insn->vector = 1;
  if (!words_split(opcode, &words)) return sim_ptx_fail(p, insn->line, "%.*s: too many words", shown, opcode->text);
  words.at = 1;
  unsigned m = 0, n = 0, k = 0;
  char rest;
  bool head = word_accept(&words, "sync") && word_accept(&words, "aligned") && words.at < words.count &&
              sscanf(words.text[words.at], "m%un%uk%u%c", &m, &n, &k, &rest) == 3 && m <= 64 && n <= 64 && k <= 512;
  if (head) {
    words.at++;
    head = word_accept(&words, "row") && word_accept(&words, "col");
  }
  if (head) {
    if (word_accept(&words, "satfinite")) insn->flags |= PTX_SATFINITE;
    for (uint32_t i = 0; i < 4 && head; i++) {
      head = words.at < words.count;
      if (head) insn->type[i] = (uint8_t)sim_ptx_type_find(words.text[words.at], strlen(words.text[words.at]));
      head = head && insn->type[i] != PTX_TYPE_NONE;
      words.at += head;
    }
  }
  if (head && insn->type[1] == PTX_B1) {
    insn->mode = word_accept(&words, "xor") ? PTX_OP_XOR : word_accept(&words, "and") ? PTX_OP_AND : PTX_MODE_NONE;
    head = insn->mode != PTX_MODE_NONE && word_accept(&words, "popc");
  }
  if (!head || words.at != words.count) {
    return sim_ptx_fail(p, insn->line, "%.*s: unknown modifier '.%s'", shown, opcode->text,
                        words.at < words.count ? words.text[words.at] : "");
  }
  insn->shape[0] = (uint16_t)m;
  insn->shape[1] = (uint16_t)n;
  insn->shape[2] = (uint16_t)k;
  if (!known_shape(insn) || !types_fit(insn)) {
    return sim_ptx_fail(p, insn->line, "%.*s: no mma of this shape and these types is simulated", shown, opcode->text);
  }
  return widths_fit(p, insn, list);
}
