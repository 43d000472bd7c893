#include "identity.h"

#include <criterion/criterion.h>
#include <string.h>

#include "host.h"
#include "tiny_model.h"

static void expect_line(int argc, char **argv, const char *expected)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  tmk_result_init(&result);
  cr_assert_eq(tmk_identity_fill("run", argc, argv, &result, &err), TMK_OK, "%s", err.message);
  cr_assert_str_eq(result.command_line, expected);
  tmk_result_free(&result);
}

Test(identity, command_line_is_quoted_for_a_shell)
{
  expect_line(1, (char *[]){"/usr/bin/tokmark", NULL}, "tokmark run");
  expect_line(4, (char *[]){"run", "--batch", "1,2", "--model=./a/b.json", NULL},
              "tokmark run --batch 1,2 --model=./a/b.json");
  expect_line(5, (char *[]){"run", "-o", "it's here", "", "a$b", NULL}, "tokmark run -o 'it'\\''s here' '' 'a$b'");
}

Test(identity, a_long_command_line_is_cut)
{
  char word[2000];
  memset(word, 'x', sizeof word - 1);
  word[sizeof word - 1] = '\0';
  struct tmk_result result;
  struct tmk_error err = {0};
  tmk_result_init(&result);
  cr_assert_eq(tmk_identity_fill("run", 4, (char *[]){"run", "-a", word, "-b", NULL}, &result, &err), TMK_OK);
  const size_t length = strlen(result.command_line);
  cr_assert_lt(length, sizeof result.command_line);
  cr_assert_eq(strncmp(result.command_line, "tokmark run -a ", 15), 0);
  cr_assert_str_eq(result.command_line + length - 3, "...");
  cr_assert_null(strstr(result.command_line, "-b"));
  /* exactly what fits is not cut: 1023 characters */
  word[1023 - strlen("tokmark run -a ")] = '\0';
  tmk_result_free(&result);
  tmk_result_init(&result);
  cr_assert_eq(tmk_identity_fill("run", 3, (char *[]){"run", "-a", word, NULL}, &result, &err), TMK_OK);
  cr_assert_eq(strlen(result.command_line), 1023);
  cr_assert_eq(result.command_line[1022], 'x');
  tmk_result_free(&result);
}

Test(identity, says_what_was_built_and_when)
{
  struct tmk_result result;
  struct tmk_error err = {0};
  tmk_result_init(&result);
  cr_assert_eq(tmk_identity_fill("run", 1, (char *[]){"run", NULL}, &result, &err), TMK_OK);
  cr_assert_str_eq(result.schema_version, TMK_RESULT_SCHEMA_VERSION);
  cr_assert_str_eq(result.tool_version, tmk_version);
  cr_assert_str_eq(result.git_revision, tmk_git_revision);
  cr_assert_eq(strlen(result.run_id), 32);
  cr_assert_eq(strlen(result.start_utc), 20);
  cr_assert_not(result.complete);
  result.end_utc[0] = '\0';
  tmk_identity_touch(&result);
  cr_assert_geq(strcmp(result.end_utc, result.start_utc), 0);
  tmk_result_free(&result);
}

/* 2 layers of hidden 64, 4 + 2 · 2 heads of 16, inner 128, vocab 96, untied: counted by hand below. */
Test(identity, model_counts)
{
  struct tmk_model model = tiny_model();
  struct tmk_result result;
  tmk_result_init(&result);
  tmk_identity_set_model(&model, TMK_DTYPE_BF16, TMK_DTYPE_F32, &result);
  const int64_t layer = 64 * (64 + 64) + 64 * 64 + 3 * 64 * 128 + 2 * 64;
  const int64_t all = 2 * 96 * 64 + 2 * layer + 64;
  cr_assert_eq(result.model_parameters, all);
  cr_assert_eq(result.model_active_parameters, all);
  cr_assert_eq(result.model_weight_bytes, 2 * all);
  cr_assert_eq(result.model_kv_bytes_per_token, 2 * 2 * 2 * 16 * 4); /* layers, K and V, heads, head_dim, bytes */
  cr_assert_str_eq(result.model.name, "tiny");
  tmk_result_free(&result);
}
