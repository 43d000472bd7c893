/* test_mutate.c: the list of a kernel's mutants and what applying one does to the text (mutate.h). */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "mutate.h"

static const char text[] = ".version 8.0\n"
                           ".target sm_80\n"
                           ".address_size 64\n"
                           ".visible .entry other(.param .u64 p)\n"
                           "{\n"
                           "  bar.sync 0;\n"
                           "  ret;\n"
                           "}\n"
                           ".visible .entry kernel(.param .u64 p)\n"
                           "{\n"
                           "  .reg .pred %p<3>;\n"
                           "  .reg .b32 %r<4>;\n"
                           "  .reg .b64 %rd<8>;\n"
                           "  // bar.sync 1; in a comment\n"
                           "  bar.sync 0;\n"
                           "  setp.lt.s32 %p1, %r1, 7;\n"
                           "  @%p1 bra $L1;\n"
                           "  add.s32 %r2, %r1, 5;\n"
                           "$L1:\n"
                           "  or.b64 %rd3, %rd1, %rd2;\n"
                           "  and.b64 %rd4, %rd3, -4294967296;\n"
                           "  setp.ne.s64 %p2, %rd4, 0;\n"
                           "  @%p2 bra $L2;\n"
                           "  bra.uni $L3;\n"
                           "$L2:\n"
                           "  div.s64 %rd5, %rd1, %rd2;\n"
                           "  mul.lo.s64 %rd6, %rd5, %rd2;\n"
                           "  sub.s64 %rd7, %rd1, %rd6;\n"
                           "$L3:\n"
                           "  and.b32 %r3, %r2, 240;\n"
                           "  setp.gt.and.s32 %p1, %r3, 9, %p2;\n"
                           "  ret;\n"
                           "}\n";

static struct sim_mutants list_of(const char *kernel)
{
  struct sim_mutants list;
  cr_assert(sim_mutants_list(text, strlen(text), kernel, &list));
  return list;
}

static const struct sim_mutant *find(const struct sim_mutants *list, const char *before, const char *after)
{
  for (uint32_t i = 0; i < list->count; i++) {
    if (strcmp(list->items[i].before, before) == 0 && strcmp(list->items[i].after, after) == 0) return &list->items[i];
  }
  return NULL;
}

Test(mutate, changes_what_a_programmer_may_get_wrong)
{
  struct sim_mutants list = list_of("kernel");
  static const struct {
    const char *before, *after, *kind;
    uint32_t line;
  } expected[] = {
      {"bar.sync 0;", "", "barrier", 15},
      {"setp.lt.s32 %p1, %r1, 7;", "setp.le.s32 %p1, %r1, 7;", "compare", 16},
      {"@%p1 bra $L1;", "", "branch", 17},
      {"@%p1 bra $L1;", "bra $L1;", "branch", 17},
      {"add.s32 %r2, %r1, 5;", "sub.s32 %r2, %r1, 5;", "arithmetic", 18},
      {"add.s32 %r2, %r1, 5;", "add.s32 %r2, %r1, 6;", "constant", 18},
      {"and.b32 %r3, %r2, 240;", "and.b32 %r3, %r2, 480;", "constant", 30},
      {"setp.gt.and.s32 %p1, %r3, 9, %p2;", "setp.ge.and.s32 %p1, %r3, 9, %p2;", "compare", 31},
      {"setp.gt.and.s32 %p1, %r3, 9, %p2;", "setp.le.and.s32 %p1, %r3, 9, %p2;", "compare", 31},
      {"setp.gt.and.s32 %p1, %r3, 9, %p2;", "setp.gt.or.s32 %p1, %r3, 9, %p2;", "logic", 31},
  };
  for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
    const struct sim_mutant *m = find(&list, expected[i].before, expected[i].after);
    cr_assert_not_null(m, "%s -> %s", expected[i].before, expected[i].after);
    cr_expect_str_eq(m->kind, expected[i].kind);
    cr_expect_eq(m->line, expected[i].line, "%s: line %u", m->before, m->line);
  }
  const struct sim_mutant *branch = find(&list, "@%p1 bra $L1;", "");
  cr_expect_str_eq(branch->context, "bar.sync 0; setp.lt.s32 %p1, %r1, 7;");
  sim_mutants_free(&list);
}

Test(mutate, leaves_the_compilers_long_division_alone)
{
  struct sim_mutants list = list_of("kernel");
  for (uint32_t i = 0; i < list.count; i++) {
    cr_expect(list.items[i].line < 20 || list.items[i].line == 24 || list.items[i].line >= 30, "line %u: %s -> %s", list.items[i].line,
              list.items[i].before, list.items[i].after);
  }
  sim_mutants_free(&list);
}

Test(mutate, lists_one_kernel_and_knows_no_other)
{
  struct sim_mutants list = list_of("other");
  for (uint32_t i = 0; i < list.count; i++) cr_expect_eq(list.items[i].line, 6);
  cr_expect_gt(list.count, 0);
  sim_mutants_free(&list);
  cr_expect_not(sim_mutants_list(text, strlen(text), "kern", &list));
  cr_expect_eq(list.count, 0);
  cr_expect_not(sim_mutants_list("", 0, "kernel", &list));
}

static uint32_t lines_of(const char *at)
{
  uint32_t lines = 0;
  for (; *at != '\0'; at++) lines += *at == '\n';
  return lines;
}

Test(mutate, applies_one_change_and_keeps_the_lines)
{
  struct sim_mutants list = list_of("kernel");
  for (uint32_t i = 0; i < list.count; i++) {
    size_t size;
    char *out = sim_mutant_apply(text, strlen(text), "kernel", &list.items[i], &size);
    cr_assert_not_null(out);
    char *whole = strndup(out, size);
    cr_expect_eq(lines_of(whole), lines_of(text));
    cr_expect_null(strstr(whole, "entry other"), "other kernels are blanked");
    cr_expect_not_null(strstr(whole, "entry kernel"));
    cr_expect(list.items[i].after[0] == '\0' || strstr(whole, list.items[i].after) != NULL, "%s", list.items[i].after);
    free(whole);
    free(out);
  }
  size_t size;
  cr_expect_null(sim_mutant_apply(text, strlen(text), "none", NULL, &size));
  sim_mutants_free(&list);
}
