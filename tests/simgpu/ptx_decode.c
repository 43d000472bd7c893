/* ptx_decode.c: one instruction: its words against the rows of its opcode. */
#include <stdio.h>
#include <string.h>

#include "ptx_internal.h"

#define WORDS_MAX 16

struct word {
  const char *text;
  uint32_t length;
};
struct pair {
  const char *word;
  uint32_t value;
};

static const struct pair mode_words[] = {{"lo", PTX_LO_HALF},
                                         {"hi", PTX_HI_HALF},
                                         {"wide", PTX_WIDE},
                                         {"l", PTX_LEFT},
                                         {"r", PTX_RIGHT},
                                         {"up", PTX_UP},
                                         {"down", PTX_DOWN},
                                         {"bfly", PTX_BFLY},
                                         {"idx", PTX_IDX},
                                         {"all", PTX_ALL},
                                         {"any", PTX_ANY},
                                         {"uni", PTX_UNI},
                                         {"ballot", PTX_BALLOT},
                                         {"and", PTX_OP_AND},
                                         {"or", PTX_OP_OR},
                                         {"xor", PTX_OP_XOR},
                                         {"add", PTX_OP_ADD},
                                         {"min", PTX_OP_MIN},
                                         {"max", PTX_OP_MAX},
                                         {"inc", PTX_OP_INC},
                                         {"dec", PTX_OP_DEC},
                                         {"exch", PTX_OP_EXCH},
                                         {"cas", PTX_OP_CAS},
                                         {"popc", PTX_OP_POPC},
                                         {"f4e", PTX_F4E},
                                         {"b4e", PTX_B4E},
                                         {"rc8", PTX_RC8},
                                         {"ecl", PTX_ECL},
                                         {"ecr", PTX_ECR},
                                         {"rc16", PTX_RC16},
                                         {"finite", PTX_TEST_FINITE},
                                         {"infinite", PTX_TEST_INFINITE},
                                         {"number", PTX_TEST_NUMBER},
                                         {"notanumber", PTX_TEST_NOTANUMBER},
                                         {"normal", PTX_TEST_NORMAL},
                                         {"subnormal", PTX_TEST_SUBNORMAL},
                                         {"launch_dependents", PTX_LAUNCH_DEPENDENTS},
                                         {"wait", PTX_WAIT},
                                         {"m8n8", PTX_SHAPE_M8N8},
                                         {"ca", PTX_COPY_CA},
                                         {"cg", PTX_COPY_CG},
                                         {"async", PTX_PROXY_ASYNC},
                                         {NULL, 0}};
static const struct pair compare_words[] = {{"eq", PTX_EQ},   {"ne", PTX_NE},   {"lt", PTX_LT},   {"le", PTX_LE},
                                            {"gt", PTX_GT},   {"ge", PTX_GE},   {"lo", PTX_LO},   {"ls", PTX_LS},
                                            {"hi", PTX_HI},   {"hs", PTX_HS},   {"equ", PTX_EQU}, {"neu", PTX_NEU},
                                            {"ltu", PTX_LTU}, {"leu", PTX_LEU}, {"gtu", PTX_GTU}, {"geu", PTX_GEU},
                                            {"num", PTX_NUM}, {"nan", PTX_NAN}, {NULL, 0}};
static const struct pair bool_words[] = {{"and", PTX_BOOL_AND}, {"or", PTX_BOOL_OR}, {"xor", PTX_BOOL_XOR}, {NULL, 0}};
static const struct pair rounding_words[] = {{"rn", PTX_RN},   {"rz", PTX_RZ},   {"rm", PTX_RM},   {"rp", PTX_RP},
                                             {"rna", PTX_RNA}, {"rs", PTX_RS},   {"rni", PTX_RNI}, {"rzi", PTX_RZI},
                                             {"rmi", PTX_RMI}, {"rpi", PTX_RPI}, {NULL, 0}};
static const struct pair flag_words[] = {{"ftz", PTX_FTZ},
                                         {"sat", PTX_SAT},
                                         {"satfinite", PTX_SATFINITE},
                                         {"relu", PTX_RELU},
                                         {"approx", PTX_APPROX},
                                         {"full", PTX_FULL},
                                         {"NaN", PTX_NAN_RESULT},
                                         {"xorsign", PTX_XORSIGN_ABS},
                                         {"oob", PTX_OOB},
                                         {"cc", PTX_CARRY_OUT},
                                         {"clamp", PTX_CLAMP},
                                         {"wrap", PTX_WRAP},
                                         {"shiftamt", PTX_SHIFTAMT},
                                         {"abs", PTX_ABS},
                                         {"nc", PTX_NON_COHERENT},
                                         {"uni", PTX_UNIFORM},
                                         {"sync", PTX_SYNC},
                                         {"aligned", PTX_ALIGNED},
                                         {"trans", PTX_TRANS},
                                         {"noinc", PTX_NOINC},
                                         {"parity", PTX_PARITY},
                                         {"expect_tx", PTX_EXPECT_TX},
                                         {"noComplete", PTX_NO_COMPLETE},
                                         {"to", PTX_TO_SPACE},
                                         {"noftz", PTX_NOFTZ},
                                         {NULL, 0}};
static const struct pair space_words[] = {{"global", PTX_GLOBAL},      {"shared", PTX_SHARED},
                                          {"shared::cta", PTX_SHARED}, {"shared::cluster", PTX_SHARED},
                                          {"local", PTX_LOCAL},        {"param", PTX_PARAM},
                                          {"param::entry", PTX_PARAM}, {"param::func", PTX_PARAM},
                                          {"const", PTX_CONST},        {NULL, 0}};
static const struct pair semantics_words[] = {
    {"weak", PTX_WEAK},       {"relaxed", PTX_RELAXED}, {"acquire", PTX_ACQUIRE},   {"release", PTX_RELEASE},
    {"acq_rel", PTX_ACQ_REL}, {"sc", PTX_SEQ_CST},      {"volatile", PTX_VOLATILE}, {NULL, 0}};
static const struct pair scope_words[] = {{"cta", PTX_SCOPE_CTA}, {"cluster", PTX_SCOPE_CLUSTER},
                                          {"gpu", PTX_SCOPE_GPU}, {"gl", PTX_SCOPE_GPU},
                                          {"sys", PTX_SCOPE_SYS}, {NULL, 0}};
static const struct pair vector_words[] = {{"v2", 2}, {"v4", 4}, {"v8", 8}, {"x1", 1}, {"x2", 2}, {"x4", 4}, {NULL, 0}};

static bool word_is(struct word word, const char *text, size_t length)
{
  return word.length == length && memcmp(word.text, text, length) == 0;
}

static int64_t word_value(const struct pair *pairs, struct word word)
{
  for (; pairs->word != NULL; pairs++) {
    if (word_is(word, pairs->word, strlen(pairs->word))) return pairs->value;
  }
  return -1;
}

/* Whether the word is one of "a|b|c)". */
static bool word_among(struct word word, const char *choices)
{
  for (;;) {
    size_t length = strcspn(choices, "|)");
    if (word_is(word, choices, length)) return true;
    if (choices[length] != '|') return false;
    choices += length + 1;
  }
}

/* --- modifiers --- */

static bool modifier_store(char kind, struct word word, struct ptx_insn *insn, uint32_t *types)
{
  int64_t value = 0;
  switch (kind) {
  case 'T':
    if (*types == 4) return false;
    insn->type[(*types)++] = (uint8_t)sim_ptx_type_find(word.text, word.length);
    return true;
  case 'M': insn->mode = (uint8_t)(value = word_value(mode_words, word)); break;
  case 'C': insn->compare = (uint8_t)(value = word_value(compare_words, word)); break;
  case 'B': insn->bool_op = (uint8_t)(value = word_value(bool_words, word)); break;
  case 'R': insn->rounding = (uint8_t)(value = word_value(rounding_words, word)); break;
  case 'F':
    value = word_value(flag_words, word);
    if (value > 0) insn->flags |= (uint32_t)value;
    break;
  case 'S':
    insn->space = (uint8_t)(value = word_value(space_words, word));
    if (word_is(word, "shared::cluster", 15)) insn->flags |= PTX_SHARED_CLUSTER;
    break;
  case 'D': insn->space2 = (uint8_t)(value = word_value(space_words, word)); break;
  case 'O': insn->semantics = (uint8_t)(value = word_value(semantics_words, word)); break;
  case 'P': insn->scope = (uint8_t)(value = word_value(scope_words, word)); break;
  case 'V': insn->vector = (uint8_t)(value = word_value(vector_words, word)); break;
  case 'H': insn->flags |= PTX_HAS_POLICY; break;
  default: break; /* X */
  }
  return value >= 0;
}

/* Matches words[1..] against a row; *reached is the first word that did not fit. */
static bool modifiers_match(const char *items, const struct word *words, uint32_t count, struct ptx_insn *insn,
                            uint32_t *reached)
{
  uint32_t at = 1, types = 0;
  while (*items != '\0') {
    bool optional = *items == '?';
    items += optional;
    char kind = *items;
    const char *choices = items + 2;
    items += strcspn(items, ")") + 1;
    items += strspn(items, " ");
    if (at < count && word_among(words[at], choices) && modifier_store(kind, words[at], insn, &types)) {
      at++;
    } else if (!optional) {
      *reached = at;
      return false;
    }
  }
  *reached = at;
  return at == count;
}

static uint32_t split_words(const struct token *opcode, struct word *words)
{
  uint32_t count = 0, start = 0;
  for (uint32_t i = 0; i <= opcode->length && count < WORDS_MAX; i++) {
    if (i < opcode->length && opcode->text[i] != '.') continue;
    words[count++] = (struct word){opcode->text + start, i - start};
    start = i + 1;
  }
  return count;
}

/* The order of semantics, scope, space and operation of atom and red is free in practice (atom.add.release.gpu.u32 is in CUDA's own
 * headers): they are put into the row's order. */
static uint32_t atom_rank(struct word word)
{
  if (word_value(semantics_words, word) >= 0) return 1;
  if (word_value(scope_words, word) >= 0) return 2;
  if (word_value(space_words, word) >= 0) return 3;
  return word_value(mode_words, word) >= 0 ? 4 : 5;
}

static void atom_sort(struct word *words, uint32_t count)
{
  for (uint32_t i = 2; i < count; i++) {
    for (uint32_t j = i; j > 1 && atom_rank(words[j]) < atom_rank(words[j - 1]); j--) {
      struct word swap = words[j];
      words[j] = words[j - 1];
      words[j - 1] = swap;
    }
  }
}

static void insn_defaults(struct ptx_insn *insn)
{
  if (insn->op == PTX_DO_FENCE) {
    if (insn->semantics == PTX_WEAK) insn->semantics = PTX_ACQ_REL;
  } else if (insn->op == PTX_DO_ATOM || insn->op == PTX_DO_RED) {
    if (insn->semantics == PTX_WEAK) insn->semantics = PTX_RELAXED;
    if (insn->scope == PTX_SCOPE_NONE) insn->scope = PTX_SCOPE_GPU;
  } else if (insn->op == PTX_DO_MBARRIER_ARRIVE || insn->op == PTX_DO_MBARRIER_ARRIVE_DROP) {
    if (insn->semantics == PTX_WEAK) insn->semantics = PTX_RELEASE;
    if (insn->scope == PTX_SCOPE_NONE) insn->scope = PTX_SCOPE_CTA;
  } else if (insn->op == PTX_DO_MBARRIER_TEST_WAIT || insn->op == PTX_DO_MBARRIER_TRY_WAIT) {
    if (insn->semantics == PTX_WEAK) insn->semantics = PTX_ACQUIRE;
    if (insn->scope == PTX_SCOPE_NONE) insn->scope = PTX_SCOPE_CTA;
  } else if (insn->semantics == PTX_VOLATILE && insn->scope == PTX_SCOPE_NONE) {
    insn->scope = PTX_SCOPE_SYS; /* "volatile … relaxed with system scope" */
  }
  if (insn->vector == 0) insn->vector = 1;
}

static bool decode_rows(struct parser *p, const struct token *opcode, const struct ptx_row *rows, uint32_t row_count,
                        struct ptx_insn *insn, struct operand_list *list)
{
  struct word words[WORDS_MAX];
  uint32_t word_count = split_words(opcode, words), furthest = 0;
  const char *wrong = NULL;
  uint32_t wrong_group = 0;
  if (rows->op == PTX_DO_ATOM || rows->op == PTX_DO_RED) atom_sort(words, word_count);
  struct operand_list kept = *list;
  int shown = (int)(opcode->length < 100 ? opcode->length : 100);
  for (uint32_t i = 0; i < row_count; i++) {
    struct ptx_insn tried = *insn;
    uint32_t reached = 1;
    tried.op = rows[i].op;
    tried.row = (uint16_t)(1 + (&rows[i] - sim_ptx_row_at(0)));
    bool fits = modifiers_match(rows[i].modifiers, words, word_count, &tried, &reached);
    bool refused = rows[i].op == PTX_OP_NONE && (fits || reached >= 1);
    if (refused && (rows[i].modifiers[0] == '\0' || reached > 1)) {
      const char *items = rows[i].modifiers;
      uint32_t needed = 1;
      for (; *items != '\0'; items++) needed += *items == '(' ? 1u : 0u;
      if (rows[i].modifiers[0] == '\0' || reached >= needed) {
        return sim_ptx_fail(p, insn->line, "%.*s: not simulated", shown, opcode->text);
      }
    }
    if (reached > furthest) furthest = reached;
    if (!fits || rows[i].op == PTX_OP_NONE) continue;
    uint32_t group;
    *list = kept;
    insn_defaults(&tried);
    const char *problem = sim_ptx_operands_match(&rows[i], &tried, list, &group);
    if (problem == NULL) {
      *insn = tried;
      if (strcmp(rows[i].name, "bar") == 0) insn->flags |= PTX_ALIGNED; /* bar.X is barrier.X.aligned */
      return sim_ptx_operands_lower(p, insn, list);
    }
    wrong = problem;
    wrong_group = group;
  }
  if (wrong != NULL) {
    return sim_ptx_fail(p, insn->line, "%.*s: operand %u: %s", shown, opcode->text, wrong_group + 1, wrong);
  }
  if (furthest < word_count) {
    return sim_ptx_fail(p, insn->line, "%.*s: unknown modifier '.%.*s'", shown, opcode->text,
                        (int)(words[furthest].length < 60 ? words[furthest].length : 60), words[furthest].text);
  }
  return sim_ptx_fail(p, insn->line, "%.*s: a modifier is missing", shown, opcode->text);
}

bool sim_ptx_decode(struct parser *p, const struct token *opcode, struct ptx_insn *insn, struct operand_list *list)
{
  const char *dot = memchr(opcode->text, '.', opcode->length);
  size_t length = dot != NULL ? (size_t)(dot - opcode->text) : opcode->length;
  uint32_t row_count;
  const struct ptx_row *rows = sim_ptx_rows(opcode->text, length, &row_count);
  if (rows == NULL) {
    return sim_ptx_fail(p, insn->line, "unknown opcode '%.*s'", (int)(opcode->length < 100 ? opcode->length : 100),
                        opcode->text);
  }
  insn->row = (uint16_t)(1 + (rows - sim_ptx_row_at(0)));
  if (rows->op == PTX_DO_MMA) return sim_ptx_decode_mma(p, opcode, insn, list);
  return decode_rows(p, opcode, rows, row_count, insn, list);
}
