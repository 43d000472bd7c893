/* mutate.c: finds a kernel's statements, lists and applies mutants (mutate.h). */
#include "mutate.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mutate_internal.h"

bool span_is(struct span span, const char *text)
{
  return strlen(text) == span.length && memcmp(span.text, text, span.length) == 0;
}

bool statement_has(const struct statement *s, const char *word)
{
  for (uint32_t i = 1; i < s->word_count; i++) {
    if (span_is(s->words[i], word)) return true;
  }
  return false;
}

/* --- the text --- */

struct cursor {
  const char *text, *end, *at;
  uint32_t line;
};

static bool is_name(char c)
{
  return isalnum((unsigned char)c) != 0 || c == '_' || c == '$' || c == '%';
}

static void step(struct cursor *c)
{
  if (*c->at == '\n') c->line++;
  c->at++;
}

/* Past one character, a comment or a string as a whole. */
static void step_token(struct cursor *c)
{
  size_t left = (size_t)(c->end - c->at);
  if (left >= 2 && c->at[0] == '/' && c->at[1] == '/') {
    while (c->at < c->end && *c->at != '\n') c->at++;
  } else if (left >= 2 && c->at[0] == '/' && c->at[1] == '*') {
    do step(c);
    while (c->at + 1 < c->end && !(c->at[0] == '*' && c->at[1] == '/'));
    c->at = c->end - c->at > 2 ? c->at + 2 : c->end;
  } else if (*c->at == '"') {
    do step(c);
    while (c->at < c->end && *c->at != '"');
    if (c->at < c->end) c->at++;
  } else {
    step(c);
  }
}

static void skip_blank(struct cursor *c)
{
  while (c->at < c->end) {
    bool comment = *c->at == '/' && c->end - c->at >= 2 && (c->at[1] == '/' || c->at[1] == '*');
    if (!comment && isspace((unsigned char)*c->at) == 0) return;
    step_token(c);
  }
}

static bool at_word(const struct cursor *c, const char *word)
{
  size_t length = strlen(word);
  return (size_t)(c->end - c->at) > length && memcmp(c->at, word, length) == 0 && !is_name(c->at[length]) &&
         c->at[length] != '.';
}

static void skip_past(struct cursor *c, char last)
{
  while (c->at < c->end && *c->at != last) step_token(c);
  if (c->at < c->end) step(c);
}

/* From an opening brace past its closing one. */
static void skip_braces(struct cursor *c)
{
  uint32_t depth = 0;
  while (c->at < c->end) {
    if (*c->at == '{') depth++;
    if (*c->at == '}' && --depth == 0) break;
    step_token(c);
  }
  if (c->at < c->end) c->at++;
}

/* The next kernel: *start at its linkage or ".entry", *body at its '{', the cursor behind its '}'. */
static bool next_kernel(struct cursor *c, struct span *name, struct cursor *start, struct cursor *body)
{
  while (c->at < c->end) {
    skip_blank(c);
    if (c->at == c->end) return false;
    *start = *c;
    for (int i = 0; i < 2 && (at_word(c, ".visible") || at_word(c, ".weak")); i++) {
      while (*c->at == '.' || is_name(*c->at)) c->at++;
      skip_blank(c);
    }
    if (at_word(c, ".entry")) {
      c->at += strlen(".entry");
      skip_blank(c);
      name->text = c->at;
      while (c->at < c->end && is_name(*c->at)) c->at++;
      name->length = (size_t)(c->at - name->text);
      while (c->at < c->end && *c->at != '{') step_token(c);
      *body = *c;
      skip_braces(c);
      return true;
    }
    /* Something else: a directive, or a function, whose body goes with it. */
    while (c->at < c->end && *c->at != ';' && *c->at != '{' && *c->at != '\n') step_token(c);
    if (c->at < c->end && *c->at == '{')
      skip_braces(c);
    else if (c->at < c->end)
      step(c);
  }
  return false;
}

/* --- statements --- */

static void split_opcode(struct statement *s)
{
  const char *at = s->opcode.text, *end = at + s->opcode.length;
  s->word_count = 0;
  while (at <= end && s->word_count < STATEMENT_WORDS) {
    const char *stop = at;
    while (stop < end && *stop != '.') stop++;
    s->words[s->word_count++] = (struct span){at, (size_t)(stop - at)};
    at = stop + 1;
  }
}

static struct span trimmed(const char *from, const char *to)
{
  while (from < to && isspace((unsigned char)*from)) from++;
  while (to > from && isspace((unsigned char)to[-1])) to--;
  return (struct span){from, (size_t)(to - from)};
}

/* Operands between the opcode and the semicolon; false: more than we take. */
static bool split_operands(struct statement *s, const char *from, const char *semicolon)
{
  int depth = 0;
  s->operand_count = 0;
  if (trimmed(from, semicolon).length == 0) return true;
  for (const char *at = from; at <= semicolon; at++) {
    if (*at == '{' || *at == '[' || *at == '(') depth++;
    if (*at == '}' || *at == ']' || *at == ')') depth--;
    if (at != semicolon && (*at != ',' || depth > 0)) continue;
    if (s->operand_count == STATEMENT_OPERANDS) return false;
    s->operands[s->operand_count++] = trimmed(from, at);
    from = at + 1;
  }
  return true;
}

/* A statement from its first character; false: none that rules apply to (a label, a directive, one that spans lines). The cursor
 * goes behind it. */
static bool next_statement(struct cursor *c, struct statement *s)
{
  struct cursor start = *c;
  *s = (struct statement){.module = c->text, .line = c->line, .earlier = {s->earlier[0], s->earlier[1]}};
  if (at_word(c, ".loc")) {
    while (c->at < c->end && *c->at != '\n') c->at++;
    return false;
  }
  if (*c->at != '.' && is_name(*c->at)) {
    const char *after = c->at;
    while (after < c->end && is_name(*after)) after++;
    while (after < c->end && (*after == ' ' || *after == '\t')) after++;
    if (after < c->end && *after == ':') {
      c->at = after + 1;
      return false;
    }
  }
  skip_past(c, ';');
  const char *end = c->at, *at = start.at;
  if (*at == '.' || c->line != start.line || end[-1] != ';') return false;
  s->all = (struct span){at, (size_t)(end - at)};
  if (*at == '@') {
    s->guard.text = at++;
    if (*at == '!') at++;
    while (is_name(*at)) at++;
    s->guard.length = (size_t)(at - s->guard.text);
    while (isspace((unsigned char)*at)) at++;
  }
  s->opcode.text = at;
  while (at < end && (is_name(*at) || *at == '.' || *at == ':')) at++;
  s->opcode.length = (size_t)(at - s->opcode.text);
  if (s->opcode.length == 0) return false;
  split_opcode(s);
  return split_operands(s, at, end - 1);
}

static void forget(struct sim_mutants *list, uint32_t count)
{
  while (list->count > count) {
    struct sim_mutant *m = &list->items[--list->count];
    free(m->text);
    free(m->before);
    free(m->after);
    free(m->context);
  }
}

/* What the compiler makes of a 64-bit division: "or, and −2³², setp, bra", which asks whether 32 bits will do, and a block for each
 * answer. The choice makes no difference for operands below 2³², and no test has others, so neither it nor the long block is changed. */
struct long_division {
  uint32_t block, statement; /* mutants before the block, and before the last statement */
  bool in_block;             /* the block divides 64 bits */
  struct span predicate;     /* of the last choice */
  bool choice;               /* its setp is next */
};

static void leave_long_division(struct sim_mutants *list, struct long_division *d, const struct statement *s,
                                uint32_t count)
{
  const struct span *word = s->words;
  bool branch = span_is(word[0], "bra") || span_is(word[0], "ret") || span_is(word[0], "exit");
  if (d->choice) {
    forget(list, count);
    d->choice = false;
    d->predicate = s->operand_count > 0 ? s->operands[0] : (struct span){0};
  } else if (branch && d->predicate.length > 0 && s->guard.length > d->predicate.length &&
             memcmp(s->guard.text + s->guard.length - d->predicate.length, d->predicate.text, d->predicate.length) ==
                 0) {
    forget(list, count);
  } else if (span_is(word[0], "and") && s->operand_count == 3 && span_is(s->operands[2], "-4294967296")) {
    forget(list, d->statement);
    d->choice = true;
  }
  d->in_block = d->in_block || ((span_is(word[0], "div") || span_is(word[0], "rem")) &&
                                (statement_has(s, "s64") || statement_has(s, "u64")));
  d->statement = count < list->count ? count : list->count;
  if (!branch) return;
  if (d->in_block) forget(list, d->block);
  *d = (struct long_division){.block = list->count, .statement = list->count, .predicate = d->predicate};
}

static void label_ends_block(struct sim_mutants *list, struct long_division *d)
{
  if (d->in_block) forget(list, d->block);
  *d = (struct long_division){.block = list->count, .statement = list->count, .predicate = d->predicate};
}

bool sim_mutants_list(const char *text, size_t size, const char *kernel, struct sim_mutants *out)
{
  struct cursor c = {text, text + size, text, 1}, start, body;
  struct span name = {0};
  bool found = false;
  *out = (struct sim_mutants){0};
  while (!found && next_kernel(&c, &name, &start, &body)) found = span_is(name, kernel);
  if (!found) return false;
  const char *end = c.at;
  struct statement s = {0};
  struct long_division division = {0};
  c = body;
  c.end = end;
  while (c.at < c.end) {
    skip_blank(&c);
    if (c.at == c.end) break;
    if (*c.at == '{' || *c.at == '}' || *c.at == ';') {
      step(&c);
    } else if (next_statement(&c, &s)) {
      uint32_t count = out->count;
      if (!mutate_statement(out, &s)) {
        sim_mutants_free(out);
        return false;
      }
      leave_long_division(out, &division, &s, count);
      s.earlier[0] = s.earlier[1];
      s.earlier[1] = s.all;
    } else if (c.at > c.text && c.at[-1] == ':') {
      label_ends_block(out, &division);
    }
  }
  return true;
}

void sim_mutants_free(struct sim_mutants *list)
{
  forget(list, 0);
  free(list->items);
  *list = (struct sim_mutants){0};
}

/* --- mutants --- */

/* A copy with each run of blanks as one. */
static char *squeeze(const char *text, size_t length)
{
  char *copy = malloc(length + 1), *to = copy;
  if (copy == NULL) return NULL;
  for (size_t i = 0; i < length; i++) {
    bool blank = isspace((unsigned char)text[i]) != 0;
    if (blank && (to == copy || to[-1] == ' ')) continue;
    *to++ = blank ? ' ' : text[i];
  }
  while (to > copy && to[-1] == ' ') to--;
  *to = '\0';
  return copy;
}

bool mutant_add(struct sim_mutants *list, const struct statement *s, const char *kind, struct span what,
                const char *format, ...)
{
  char text[1024], whole[2048], context[2048];
  va_list arguments;
  va_start(arguments, format);
  int wanted = vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  if (wanted < 0 || (size_t)wanted >= sizeof text) return true; /* no statement of that length is worth more room */
  size_t lead = (size_t)(what.text - s->all.text), tail = s->all.length - lead - what.length;
  int length =
      snprintf(whole, sizeof whole, "%.*s%s%.*s", (int)lead, s->all.text, text, (int)tail, what.text + what.length);
  if (length < 0 || (size_t)length >= sizeof whole) return true;
  int context_length = snprintf(context, sizeof context, "%.*s %.*s", (int)s->earlier[0].length, s->earlier[0].text,
                                (int)s->earlier[1].length, s->earlier[1].text);
  if (context_length < 0 || (size_t)context_length >= sizeof context) context_length = 0;
  if (list->count == list->capacity) {
    uint32_t capacity = list->capacity > 0 ? 2 * list->capacity : 256;
    struct sim_mutant *grown = realloc(list->items, capacity * sizeof *grown);
    if (grown == NULL) return false;
    list->items = grown;
    list->capacity = capacity;
  }
  struct sim_mutant *m = &list->items[list->count++];
  *m = (struct sim_mutant){.line = s->line,
                           .at = (size_t)(what.text - s->module),
                           .length = what.length,
                           .kind = kind,
                           .text = strdup(text),
                           .before = squeeze(s->all.text, s->all.length),
                           .after = squeeze(whole, (size_t)length),
                           .context = squeeze(context, (size_t)context_length)};
  return m->text != NULL && m->before != NULL && m->after != NULL && m->context != NULL;
}

char *sim_mutant_apply(const char *text, size_t size, const char *kernel, const struct sim_mutant *mutant,
                       size_t *out_size)
{
  struct cursor c = {text, text + size, text, 1}, start, body;
  struct span name;
  const char *done = text;
  size_t extra = mutant != NULL ? strlen(mutant->text) : 0;
  char *out = malloc(size + extra + 1), *to = out;
  bool found = false;
  if (out == NULL) return NULL;
  while (next_kernel(&c, &name, &start, &body)) {
    const char *copied = start.at;
    if (span_is(name, kernel)) {
      found = true;
      if (mutant != NULL) {
        const char *at = text + mutant->at;
        memcpy(to, done, (size_t)(at - done));
        to += at - done;
        memcpy(to, mutant->text, extra);
        to += extra;
        done = at + mutant->length;
      }
      continue;
    }
    memcpy(to, done, (size_t)(copied - done));
    to += copied - done;
    for (const char *at = start.at; at < c.at; at++) {
      if (*at == '\n') *to++ = '\n';
    }
    done = c.at;
  }
  memcpy(to, done, (size_t)(text + size - done));
  to += text + size - done;
  *out_size = (size_t)(to - out);
  if (found) return out;
  free(out);
  return NULL;
}
