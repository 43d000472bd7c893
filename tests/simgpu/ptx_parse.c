/* ptx_parse.c: the module: directives, variables, functions. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ptx_internal.h"

static bool skip_section(struct parser *p)
{
  uint32_t depth = 0;
  while (!sim_ptx_is_punctuation(token_now(p), '{') && token_now(p)->kind != TOKEN_END) p->at++; /* its name */
  do {
    if (token_now(p)->kind == TOKEN_END) return sim_ptx_fail(p, token_now(p)->line, ".section without an end");
    if (sim_ptx_is_punctuation(token_now(p), '{')) depth++;
    if (sim_ptx_is_punctuation(token_now(p), '}')) depth--;
    p->at++;
  } while (depth > 0);
  return true;
}

static bool parse_version(struct parser *p)
{
  const struct token *token = token_now(p);
  char text[16] = {0};
  if (token->kind == TOKEN_NUMBER && token->length < sizeof text) memcpy(text, token->text, token->length);
  if (sscanf(text, "%u.%u", &p->module->version_major, &p->module->version_minor) != 2) {
    return sim_ptx_fail(p, token->line, ".version: not a number like 9.0");
  }
  if (p->module->version_major < 6 || p->module->version_major > 9) {
    return sim_ptx_fail(p, token->line, ".version %s: must be 6.0 to 9.x", text);
  }
  p->at++;
  return true;
}

static bool parse_target(struct parser *p)
{
  do {
    const struct token *token = token_now(p);
    char text[24] = {0};
    unsigned number;
    char suffix = 0;
    if (token->kind == TOKEN_WORD && token->length < sizeof text) memcpy(text, token->text, token->length);
    int found = sscanf(text, "sm_%u%c", &number, &suffix);
    if (found >= 1 && number < 1000 && (found == 1 || suffix == 'a' || suffix == 'f')) {
      p->module->target = number;
      p->module->target_suffix = suffix;
    } else if (strcmp(text, "debug") != 0 && strcmp(text, "texmode_independent") != 0) {
      return sim_ptx_fail(p, token->line, ".target %s: unknown", text);
    }
    p->at++;
  } while (sim_ptx_accept(p, ','));
  return true;
}

static bool parse_file(struct parser *p)
{
  int64_t number;
  uint32_t line = token_now(p)->line;
  if (!sim_ptx_integer(p, &number)) return false;
  const struct token *path = token_now(p);
  if (path->kind != TOKEN_STRING || number < 0 || number > 65535) {
    return sim_ptx_fail(p, line, ".file: a number and a path were expected");
  }
  p->at++;
  struct ptx_module *m = p->module;
  const char **grown = sim_ptx_grow(m->files, &p->file_capacity, (uint32_t)number + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, line, "out of memory");
  m->files = grown;
  while (m->file_count <= (uint32_t)number) m->files[m->file_count++] = NULL;
  m->files[number] = sim_ptx_copy(p, path->text + 1, path->length - 2);
  while (sim_ptx_accept(p, ',')) p->at += token_now(p)->kind != TOKEN_END; /* time stamp and size */
  return m->files[number] != NULL;
}

/* --- functions --- */

static bool parse_parameters(struct parser *p, uint32_t *first, uint32_t *count)
{
  struct ptx_module *m = p->module;
  *first = m->symbol_count;
  *count = 0;
  if (!sim_ptx_expect(p, '(')) return false;
  if (sim_ptx_accept(p, ')')) return true;
  do {
    uint32_t index;
    if (sim_ptx_is_word(token_now(p), ".reg")) {
      return sim_ptx_fail(p, token_now(p)->line, "functions with register parameters are not simulated");
    }
    if (!sim_ptx_accept_word(p, ".param")) return sim_ptx_fail(p, token_now(p)->line, "'.param' was expected");
    if (!sim_ptx_variable(p, PTX_PARAM, PTX_LINK_NONE, &index)) return false;
    (*count)++;
  } while (sim_ptx_accept(p, ','));
  return sim_ptx_expect(p, ')');
}

static bool parse_triple(struct parser *p, uint32_t *triple)
{
  for (uint32_t i = 0; i < 3; i++) {
    int64_t value;
    if (!sim_ptx_integer(p, &value)) return false;
    if (value < 1 || value > 1 << 20) return sim_ptx_fail(p, token_now(p)->line, "a size of %lld", (long long)value);
    triple[i] = (uint32_t)value;
    if (!sim_ptx_accept(p, ',')) {
      for (i++; i < 3; i++) triple[i] = 1;
    }
  }
  return true;
}

static bool parse_attributes(struct parser *p, struct ptx_function *function)
{
  int64_t value;
  for (;;) {
    const struct token *token = token_now(p);
    if (token->kind != TOKEN_WORD || token->text[0] != '.') return true;
    p->at++;
    if (sim_ptx_is_word(token, ".maxntid")) {
      if (!parse_triple(p, function->max_threads)) return false;
    } else if (sim_ptx_is_word(token, ".reqntid")) {
      if (!parse_triple(p, function->required_threads)) return false;
    } else if (sim_ptx_is_word(token, ".reqnctapercluster")) {
      if (!parse_triple(p, function->cluster)) return false;
    } else if (sim_ptx_is_word(token, ".maxnreg")) {
      if (!sim_ptx_integer(p, &value)) return false;
      function->max_registers = (uint32_t)value;
    } else if (sim_ptx_is_word(token, ".minnctapersm")) {
      if (!sim_ptx_integer(p, &value)) return false;
      function->min_blocks_sm = (uint32_t)value;
    } else if (sim_ptx_is_word(token, ".maxclusterrank") || sim_ptx_is_word(token, ".maxnctapersm")) {
      if (!sim_ptx_integer(p, &value)) return false;
    } else if (sim_ptx_is_word(token, ".noreturn")) {
      function->noreturn = true;
    } else if (sim_ptx_is_word(token, ".pragma")) {
      while (token_now(p)->kind == TOKEN_STRING || sim_ptx_is_punctuation(token_now(p), ',')) p->at++;
      sim_ptx_accept(p, ';');
    } else if (!sim_ptx_is_word(token, ".explicitcluster") && !sim_ptx_is_word(token, ".blocksareclusters") &&
               !sim_ptx_is_word(token, ".unique")) {
      return sim_ptx_fail(p, token->line, "unknown directive '%.*s' of a function",
                          (int)(token->length < 60 ? token->length : 60), token->text);
    }
  }
}

/* The function of that name, declared before or new. */
static bool function_number(struct parser *p, const struct token *name, uint32_t *number)
{
  struct ptx_module *m = p->module;
  const struct name *known = sim_ptx_name_find(p, name->text, name->length);
  if (known != NULL && known->kind == NAME_FUNCTION) {
    *number = known->index;
    if (!m->functions[known->index].has_body) return true;
    return sim_ptx_fail(p, name->line, "function '%.*s' is defined twice", (int)name->length, name->text);
  }
  struct ptx_function *grown = sim_ptx_grow(m->functions, &p->function_capacity, m->function_count + 1, sizeof *grown);
  if (grown == NULL) return sim_ptx_fail(p, name->line, "out of memory");
  m->functions = grown;
  *number = m->function_count;
  memset(&m->functions[m->function_count++], 0, sizeof *grown);
  return sim_ptx_name_add(p, name, (struct name){.kind = NAME_FUNCTION, .index = *number});
}

/* The name stands after the results, whose variables need the function: look ahead. */
static const struct token *function_name(const struct parser *p)
{
  uint32_t at = p->at;
  if (sim_ptx_is_punctuation(&p->tokens[at], '(')) {
    while (p->tokens[at].kind != TOKEN_END && !sim_ptx_is_punctuation(&p->tokens[at], ')')) at++;
    if (p->tokens[at].kind != TOKEN_END) at++;
  }
  return &p->tokens[at];
}

static bool parse_function(struct parser *p, bool is_kernel, enum ptx_linkage linkage)
{
  struct ptx_module *m = p->module;
  const struct token *name = function_name(p);
  uint32_t number = 0;
  if (name->kind != TOKEN_WORD) return sim_ptx_fail(p, name->line, "a function's name was expected");
  if (!function_number(p, name, &number)) return false;
  char *copy = sim_ptx_copy(p, name->text, name->length);
  if (copy == NULL) return false;
  m->functions[number] = (struct ptx_function){.name = copy,
                                               .is_kernel = is_kernel,
                                               .linkage = (uint8_t)linkage,
                                               .line = name->line,
                                               .first_insn = m->insn_count,
                                               .first_slot = m->slot_count};
  struct ptx_function *function = &m->functions[number];
  p->function = number;
  p->loc = 0;
  p->own_file = 0;
  if (!sim_ptx_scope_open(p)) return false;
  if (sim_ptx_is_punctuation(token_now(p), '(') &&
      !parse_parameters(p, &function->return_symbol, &function->return_count)) {
    return false;
  }
  p->at++; /* its name */
  if (sim_ptx_is_punctuation(token_now(p), '(') &&
      !parse_parameters(p, &function->param_symbol, &function->param_count)) {
    return false;
  }
  if (!parse_attributes(p, function)) return false;
  bool good = true;
  if (!sim_ptx_accept(p, ';')) {
    function->has_body = true;
    good = sim_ptx_expect(p, '{') && sim_ptx_body(p) && sim_ptx_labels_resolve(p);
    struct ptx_insn last = {
        .op = is_kernel ? PTX_DO_EXIT : PTX_DO_RET, .vector = 1, .guard = PTX_NO_SLOT, .loc = p->loc};
    last.line = token_now(p)->line;
    good = good && sim_ptx_emit(p, &last, NULL, 0); /* falling off the end returns */
  }
  if (good) sim_ptx_scope_close(p);
  p->function = PTX_NO_SYMBOL;
  return good;
}

static bool parse_item(struct parser *p)
{
  enum ptx_linkage linkage = PTX_LINK_NONE;
  for (;; p->at++) {
    if (sim_ptx_is_word(token_now(p), ".visible"))
      linkage = PTX_LINK_VISIBLE;
    else if (sim_ptx_is_word(token_now(p), ".extern"))
      linkage = PTX_LINK_EXTERN;
    else if (sim_ptx_is_word(token_now(p), ".weak"))
      linkage = PTX_LINK_WEAK;
    else if (sim_ptx_is_word(token_now(p), ".common"))
      linkage = PTX_LINK_COMMON;
    else
      break;
  }
  const struct token *token = token_now(p);
  static const struct {
    const char *word;
    enum ptx_space space;
  } spaces[] = {{".global", PTX_GLOBAL}, {".const", PTX_CONST}, {".shared", PTX_SHARED}};
  if (token->kind != TOKEN_END) p->at++;
  if (sim_ptx_is_word(token, ".version")) return parse_version(p);
  if (sim_ptx_is_word(token, ".target")) return parse_target(p);
  if (sim_ptx_is_word(token, ".file")) return parse_file(p);
  if (sim_ptx_is_word(token, ".section")) return skip_section(p);
  if (sim_ptx_is_word(token, ".entry")) return parse_function(p, true, linkage);
  if (sim_ptx_is_word(token, ".func")) {
    while (sim_ptx_is_word(token_now(p), ".attribute") || sim_ptx_is_word(token_now(p), ".noreturn")) p->at++;
    return parse_function(p, false, linkage);
  }
  if (sim_ptx_is_word(token, ".address_size")) {
    int64_t bits;
    if (!sim_ptx_integer(p, &bits)) return false;
    return bits == 64 || sim_ptx_fail(p, token->line, ".address_size %lld: must be 64", (long long)bits);
  }
  if (sim_ptx_is_word(token, ".pragma")) {
    while (token_now(p)->kind == TOKEN_STRING || sim_ptx_is_punctuation(token_now(p), ',')) p->at++;
    return sim_ptx_expect(p, ';');
  }
  for (size_t i = 0; i < sizeof spaces / sizeof spaces[0]; i++) {
    uint32_t symbol;
    if (!sim_ptx_is_word(token, spaces[i].word)) continue;
    return sim_ptx_variable(p, spaces[i].space, linkage, &symbol) && sim_ptx_expect(p, ';');
  }
  return sim_ptx_fail(p, token->line, "unknown directive '%.*s'", (int)(token->length < 60 ? token->length : 60),
                      token->text);
}

static bool parse_module(struct parser *p)
{
  struct ptx_module *m = p->module;
  m->locs = sim_ptx_grow(m->locs, &p->loc_capacity, 1, sizeof *m->locs);
  if (m->locs == NULL || !sim_ptx_scope_open(p)) return sim_ptx_fail(p, 1, "out of memory");
  m->locs[m->loc_count++] = (struct ptx_loc){0, 0};
  if (!sim_ptx_is_word(token_now(p), ".version")) return sim_ptx_fail(p, token_now(p)->line, "no .version: not PTX");
  while (token_now(p)->kind != TOKEN_END) {
    if (!parse_item(p)) return false;
  }
  return m->target != 0 || sim_ptx_fail(p, 1, "no .target");
}

bool sim_ptx_parse(const char *text, size_t size, struct ptx_module **out, struct ptx_error *error)
{
  struct parser *p = calloc(1, sizeof *p);
  struct ptx_module *m = calloc(1, sizeof *m);
  uint32_t token_count = 0;
  bool good = false;
  *out = NULL;
  *error = (struct ptx_error){0};
  if (m != NULL) m->arena = sim_ptx_arena_create();
  if (p == NULL || m == NULL || m->arena == NULL) {
    snprintf(error->message, sizeof error->message, "out of memory");
  } else {
    p->module = m;
    p->error = error;
    p->function = PTX_NO_SYMBOL;
    good = sim_ptx_lex(text, size, &p->tokens, &token_count, error) && parse_module(p) && sim_ptx_layout(p);
  }
  if (p != NULL) {
    free(p->tokens);
    free(p->names);
    free(p->scope_parent);
    free(p->labels);
    free(p->fixups);
  }
  free(p);
  if (good)
    *out = m;
  else
    sim_ptx_destroy(m);
  return good;
}

void sim_ptx_destroy(struct ptx_module *m)
{
  if (m == NULL) return;
  free(m->insns);
  free(m->operands);
  free(m->functions);
  free(m->symbols);
  free(m->relocations);
  free(m->calls);
  free(m->branch_tables);
  free(m->table_entries);
  free(m->prototypes);
  free(m->slot_types);
  free(m->locs);
  free(m->files);
  sim_ptx_arena_destroy(m->arena);
  free(m);
}

int32_t sim_ptx_find_function(const struct ptx_module *module, const char *name)
{
  for (uint32_t i = 0; i < module->function_count; i++) {
    if (strcmp(module->functions[i].name, name) == 0) return (int32_t)i;
  }
  return -1;
}

int32_t sim_ptx_find_symbol(const struct ptx_module *module, const char *name)
{
  for (uint32_t i = 0; i < module->symbol_count; i++) {
    if (module->symbols[i].function == PTX_NO_SYMBOL && strcmp(module->symbols[i].name, name) == 0) return (int32_t)i;
  }
  return -1;
}

const char *sim_ptx_file(const struct ptx_module *module, uint32_t file)
{
  return file < module->file_count && module->files[file] != NULL ? module->files[file] : "?";
}

const struct ptx_operand *sim_ptx_operand(const struct ptx_module *module, const struct ptx_insn *insn, uint32_t group,
                                          uint32_t element)
{
  uint32_t operand = insn->operand + element;
  for (uint32_t i = 0; i < group; i++) operand += insn->group_width[i];
  return &module->operands[operand];
}

const struct ptx_function *sim_ptx_function_of(const struct ptx_module *module, uint32_t insn)
{
  for (uint32_t i = 0; i < module->function_count; i++) {
    const struct ptx_function *f = &module->functions[i];
    if (insn >= f->first_insn && insn < f->first_insn + f->insn_count) return f;
  }
  return NULL;
}
