/* ptx_decode.c: one instruction: its words against the rows of its opcode, its operands against the row's. */
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

/* --- operands --- */

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
static const char *operands_match(const struct ptx_row *row, struct ptx_insn *insn, struct operand_list *list,
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
static bool operands_lower(struct parser *p, const struct ptx_insn *insn, struct operand_list *list)
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
    const char *problem = operands_match(&rows[i], &tried, list, &group);
    if (problem == NULL) {
      *insn = tried;
      if (strcmp(rows[i].name, "bar") == 0) insn->flags |= PTX_ALIGNED; /* bar.X is barrier.X.aligned */
      return operands_lower(p, insn, list);
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
  if (rows->op == PTX_DO_MMA) return sim_ptx_decode_mma(p, opcode, insn, list);
  return decode_rows(p, opcode, rows, row_count, insn, list);
}
