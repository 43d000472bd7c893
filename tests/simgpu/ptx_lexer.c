/* ptx_lexer.c: PTX text to tokens, and the memory of a module. */
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ptx_internal.h"

#define ARENA_BLOCK_BYTES ((size_t)64 << 10)

struct arena_block {
  struct arena_block *next;
  size_t used, size;
  _Alignas(16) unsigned char bytes[];
};
struct ptx_arena {
  struct arena_block *blocks;
};

struct ptx_arena *sim_ptx_arena_create(void)
{
  return calloc(1, sizeof(struct ptx_arena));
}

void sim_ptx_arena_destroy(struct ptx_arena *arena)
{
  if (arena == NULL) return;
  while (arena->blocks != NULL) {
    struct arena_block *next = arena->blocks->next;
    free(arena->blocks);
    arena->blocks = next;
  }
  free(arena);
}

void *sim_ptx_arena_take(struct ptx_arena *arena, size_t size)
{
  size = (size + 15) & ~(size_t)15;
  struct arena_block *block = arena->blocks;
  if (block == NULL || block->size - block->used < size) {
    size_t bytes = size > ARENA_BLOCK_BYTES ? size : ARENA_BLOCK_BYTES;
    block = calloc(1, sizeof *block + bytes);
    if (block == NULL) return NULL;
    block->size = bytes;
    block->next = arena->blocks;
    arena->blocks = block;
  }
  block->used += size;
  return block->bytes + block->used - size;
}

void *sim_ptx_grow(void *array, uint32_t *capacity, uint32_t needed, size_t element_size)
{
  if (needed <= *capacity && array != NULL) return array;
  uint64_t wanted = *capacity > 0 ? *capacity : 64;
  while (wanted < needed) wanted *= 2;
  if (wanted > UINT32_MAX / 2 || wanted > SIZE_MAX / element_size) return NULL;
  void *moved = realloc(array, (size_t)wanted * element_size);
  if (moved != NULL) *capacity = (uint32_t)wanted;
  return moved;
}

bool sim_ptx_fail(struct parser *p, uint32_t line, const char *format, ...)
{
  if (p->failed) return false;
  p->failed = true;
  p->error->line = line;
  int used = snprintf(p->error->message, sizeof p->error->message, "line %u: ", line);
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(p->error->message + used, sizeof p->error->message - (size_t)used, format, arguments);
  va_end(arguments);
  for (char *c = p->error->message; *c != '\0'; c++) {
    if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') *c = '?';
  }
  return false;
}

/* --- tokens --- */

struct lexer {
  const char *at, *end;
  uint32_t line;
  struct ptx_error *error;
};

static bool lex_fail(struct lexer *x, const char *what)
{
  x->error->line = x->line;
  snprintf(x->error->message, sizeof x->error->message, "line %u: %s", x->line, what);
  return false;
}

static bool is_word_character(char c)
{
  return isalnum((unsigned char)c) || c == '_' || c == '$' || c == '%' || c == '.';
}

/* Blanks and comments; counts lines. */
static bool skip_blank(struct lexer *x)
{
  while (x->at < x->end) {
    if (*x->at == '\n') {
      x->line++;
      x->at++;
    } else if (isspace((unsigned char)*x->at)) {
      x->at++;
    } else if (x->end - x->at >= 2 && x->at[0] == '/' && x->at[1] == '/') {
      while (x->at < x->end && *x->at != '\n') x->at++;
    } else if (x->end - x->at >= 2 && x->at[0] == '/' && x->at[1] == '*') {
      x->at += 2;
      while (x->end - x->at >= 2 && !(x->at[0] == '*' && x->at[1] == '/')) x->line += *x->at++ == '\n';
      if (x->end - x->at < 2) return lex_fail(x, "a comment without an end");
      x->at += 2;
    } else {
      return true;
    }
  }
  return true;
}

/* shared::cta is one word; a label's single colon is not part of it. A directive ends at the next dot: .reg.b16 is two. */
static const char *word_end(const char *at, const char *end)
{
  if (at < end && *at == '.') {
    for (at++; at < end && is_word_character(*at) && *at != '.';) at++;
    return at;
  }
  while (at < end) {
    if (is_word_character(*at)) {
      at++;
    } else if (end - at >= 3 && at[0] == ':' && at[1] == ':' && is_word_character(at[2])) {
      at += 2;
    } else {
      break;
    }
  }
  return at;
}

static bool lex_one(struct lexer *x, struct token *token)
{
  const char *start = x->at;
  *token = (struct token){.text = start, .line = x->line};
  if (start == x->end) {
    token->kind = TOKEN_END;
  } else if (is_word_character(*start)) {
    token->kind = isdigit((unsigned char)*start) ? TOKEN_NUMBER : TOKEN_WORD;
    x->at = word_end(start, x->end);
    /* 1.0e-5: the sign belongs to it. Hexadecimal digits E do not start an exponent. */
    bool hexadecimal = x->at - start > 1 && start[0] == '0' && strchr("xXfFdD", start[1]) != NULL;
    if (token->kind == TOKEN_NUMBER && !hexadecimal && x->at < x->end && (*x->at == '-' || *x->at == '+') &&
        (x->at[-1] == 'e' || x->at[-1] == 'E')) {
      x->at = word_end(x->at + 1, x->end);
    }
  } else if (*start == '"') {
    token->kind = TOKEN_STRING;
    for (x->at++; x->at < x->end && *x->at != '"' && *x->at != '\n'; x->at++) {
      if (*x->at == '\\' && x->end - x->at > 1) x->at++;
    }
    if (x->at >= x->end || *x->at != '"') return lex_fail(x, "a string without an end");
    x->at++;
  } else if (strchr("{}[]()<>,;:+-*/!@|=&^~?", *start) != NULL && *start != '\0') {
    token->kind = TOKEN_PUNCTUATION;
    token->punctuation = *start;
    x->at++;
  } else {
    char what[64];
    snprintf(what, sizeof what, "a byte 0x%02x that is not PTX", (unsigned char)*start);
    return lex_fail(x, what);
  }
  token->length = (uint32_t)(x->at - start);
  return true;
}

bool sim_ptx_lex(const char *text, size_t size, struct token **tokens, uint32_t *count, struct ptx_error *error)
{
  while (size > 0 && text[size - 1] == '\0') size--;
  struct lexer x = {.at = text, .end = text + size, .line = 1, .error = error};
  uint32_t capacity = 0;
  *tokens = NULL;
  *count = 0;
  if (size > UINT32_MAX / 64) return lex_fail(&x, "the text is larger than 64 MiB");
  do {
    struct token *grown = sim_ptx_grow(*tokens, &capacity, *count + 1, sizeof **tokens);
    if (grown == NULL) return lex_fail(&x, "out of memory");
    *tokens = grown;
    if (!skip_blank(&x) || !lex_one(&x, &(*tokens)[*count])) return false;
    (*count)++;
  } while ((*tokens)[*count - 1].kind != TOKEN_END);
  return true;
}

bool sim_ptx_is_punctuation(const struct token *token, char c)
{
  return token->kind == TOKEN_PUNCTUATION && token->punctuation == c;
}

bool sim_ptx_is_word(const struct token *token, const char *word)
{
  return token->kind == TOKEN_WORD && token->length == strlen(word) && memcmp(token->text, word, token->length) == 0;
}

bool sim_ptx_accept(struct parser *p, char c)
{
  if (!sim_ptx_is_punctuation(token_now(p), c)) return false;
  p->at++;
  return true;
}

bool sim_ptx_accept_word(struct parser *p, const char *word)
{
  if (!sim_ptx_is_word(token_now(p), word)) return false;
  p->at++;
  return true;
}

bool sim_ptx_expect(struct parser *p, char c)
{
  if (sim_ptx_accept(p, c)) return true;
  const struct token *token = token_now(p);
  if (token->kind == TOKEN_END) return sim_ptx_fail(p, token->line, "the text ends where '%c' was expected", c);
  return sim_ptx_fail(p, token->line, "'%.*s' where '%c' was expected", (int)(token->length < 60 ? token->length : 60),
                      token->text, c);
}

bool sim_ptx_integer(struct parser *p, int64_t *value)
{
  bool negative = sim_ptx_accept(p, '-');
  const struct token *token = token_now(p);
  char digits[72];
  if (token->kind != TOKEN_NUMBER || token->length >= sizeof digits) {
    return sim_ptx_fail(p, token->line, "'%.*s' where an integer was expected",
                        (int)(token->length < 60 ? token->length : 60), token->text);
  }
  memcpy(digits, token->text, token->length);
  digits[token->length] = '\0';
  char *end;
  bool binary = digits[0] == '0' && (digits[1] == 'b' || digits[1] == 'B');
  uint64_t magnitude = binary ? strtoull(digits + 2, &end, 2) : strtoull(digits, &end, 0);
  if (*end == 'U' || *end == 'u') end++;
  if (*end != '\0') return sim_ptx_fail(p, token->line, "'%s' is not an integer", digits);
  *value = (int64_t)(negative ? 0 - magnitude : magnitude);
  p->at++;
  return true;
}

char *sim_ptx_copy(struct parser *p, const char *text, uint32_t length)
{
  char *copy = sim_ptx_arena_take(p->module->arena, (size_t)length + 1);
  if (copy != NULL && length > 0) memcpy(copy, text, length);
  if (copy == NULL) sim_ptx_fail(p, token_now(p)->line, "out of memory");
  return copy;
}
