/* tests of harness/status.c */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tokmark/status.h"

Test(status, message_is_formatted_and_status_returned)
{
  struct tmk_error err = {0};
  cr_assert_eq(tmk_fail(&err, TMK_ERR_USAGE, "--batch %d: must be 1..%d", 0, 65536), TMK_ERR_USAGE);
  cr_assert_eq(err.status, TMK_ERR_USAGE);
  cr_assert_str_eq(err.message, "--batch 0: must be 1..65536");
}

Test(status, null_error_gives_only_the_status)
{
  cr_assert_eq(tmk_fail(NULL, TMK_ERR_IO, "%s", "lost"), TMK_ERR_IO);
}

Test(status, control_characters_become_question_marks)
{
  struct tmk_error err = {0};
  tmk_fail(&err, TMK_ERR_USAGE, "%s",
           "a\nb\x1b[31m\x7f\t\xc2\x9b"
           "c");
  cr_assert_str_eq(err.message, "a?b?[31m??"
                                "??"
                                "c");
  tmk_fail(&err, TMK_ERR_USAGE, "%s", "\xc2\xa0µ–€😀");
  cr_assert_str_eq(err.message, "\xc2\xa0µ–€😀", "other characters stay");
}

Test(status, the_message_may_hold_itself)
{
  struct tmk_error err = {0};
  tmk_fail(&err, TMK_ERR_USAGE, "inner");
  tmk_fail(&err, TMK_ERR_IO, "outer: %s", err.message);
  cr_assert_str_eq(err.message, "outer: inner");
}

Test(status, a_long_message_is_cut_at_a_character)
{
  struct tmk_error err = {0};
  char text[4000];
  for (int shift = 0; shift < 4; shift++) {
    memset(text, 'x', sizeof text);
    char *p = text + shift;
    for (int i = 0; i < 900; i++, p += 4) memcpy(p, "😀", 4);
    *p = 0;
    tmk_fail(&err, TMK_ERR_USAGE, "%s", text);
    size_t length = strlen(err.message);
    cr_assert_leq(length, sizeof err.message - 1);
    cr_assert_eq((length - (size_t)shift) % 4, 0, "shift %d: cut at %zu", shift, length);
    cr_assert_geq(length, sizeof err.message - 4);
  }
  memset(text, 'x', sizeof text - 1);
  text[sizeof text - 1] = 0;
  tmk_fail(&err, TMK_ERR_USAGE, "%s", text);
  cr_assert_eq(strlen(err.message), sizeof err.message - 1);
  /* Just whole: nothing to drop. */
  memset(text, 'x', sizeof err.message - 5);
  memcpy(text + sizeof err.message - 5, "😀", 5);
  tmk_fail(&err, TMK_ERR_USAGE, "%s", text);
  cr_assert_str_eq(err.message, text);
}

Test(status, exit_codes_and_names)
{
  static const struct {
    enum tmk_status status;
    const char *name;
    int exit_code;
  } rows[] = {
      {TMK_OK, "ok", 0},
      {TMK_ERR_USAGE, "usage", 2},
      {TMK_ERR_UNSUPPORTED, "unsupported", 2},
      {TMK_ERR_MEMORY, "memory", 1},
      {TMK_ERR_IO, "io", 1},
      {TMK_ERR_DEVICE, "device", 1},
      {TMK_ERR_FAILED, "failed", 1},
      {TMK_ERR_INTERRUPTED, "interrupted", 130},
      {TMK_ERR_SLOWER, "slower", 10},
      {TMK_ERR_AMBIGUOUS, "ambiguous", 11},
      {TMK_ERR_INCOMPARABLE, "incomparable", 12},
      {TMK_ERR_MISSING, "missing", 13},
  };
  cr_assert_eq(sizeof rows / sizeof rows[0], TMK_STATUS_COUNT);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    cr_expect_str_eq(tmk_status_name(rows[i].status), rows[i].name);
    cr_expect_eq(tmk_status_exit_code(rows[i].status), rows[i].exit_code, "%s", rows[i].name);
  }
  cr_expect_str_eq(tmk_status_name(TMK_STATUS_COUNT), "unknown");
  cr_expect_eq(tmk_status_exit_code(TMK_STATUS_COUNT), 1);
}

static enum tmk_status first_failure(int *reached)
{
  enum tmk_status status = TMK_OK;
  TMK_TRY(TMK_OK);
  *reached = 1;
  TMK_TRY(TMK_ERR_IO);
  *reached = 2;
out:
  return status;
}

Test(status, try_leaves_at_the_first_failure)
{
  int reached = 0;
  cr_assert_eq(first_failure(&reached), TMK_ERR_IO);
  cr_assert_eq(reached, 1);
}
