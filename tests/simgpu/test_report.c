/* tests of report.c */
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sim_report.h"

static struct sim_finding finding(enum sim_check check, uint32_t line, uint64_t block)
{
  struct sim_finding made = {.check = check, .kernel = "gemm", .message = "what \"is\" wrong"};
  made.first = (struct sim_party){.block_number = block,
                                  .block = {(uint32_t)block, 0, 0},
                                  .warp = 2,
                                  .lane = 7,
                                  .agent = "warp",
                                  .access = "write",
                                  .bytes = 4,
                                  .ptx_line = line,
                                  .line = 41,
                                  .file = "gemm.cu"};
  return made;
}

static char *printed(const struct sim_report *report, void (*print)(const struct sim_report *, FILE *))
{
  char *text = NULL;
  size_t size = 0;
  FILE *file = open_memstream(&text, &size);
  print(report, file);
  fclose(file);
  return text;
}

Test(report, checks_have_names_and_a_status)
{
  for (int i = 0; i < SIM_CHECK_COUNT; i++) {
    cr_expect_gt(strlen(sim_check_name((enum sim_check)i)), 0);
    for (int k = 0; k < i; k++) cr_expect_str_neq(sim_check_name((enum sim_check)i), sim_check_name((enum sim_check)k));
  }
  cr_expect_eq(sim_check_status(SIM_CHECK_DEADLOCK), SIM_ERR_FAULT_HANG);
  cr_expect_eq(sim_check_status(SIM_CHECK_BOUNDS_GLOBAL), SIM_ERR_FAULT_ADDRESS);
  cr_expect_eq(sim_check_severity(SIM_CHECK_RACE_SAME_VALUE), SIM_SEVERITY_NOTE);
  cr_expect_eq(sim_check_severity(SIM_CHECK_RACE_SHARED), SIM_SEVERITY_ERROR);
}

Test(report, one_place_is_one_entry_of_the_lowest_block)
{
  struct sim_report *report = sim_report_create(0);
  static const uint64_t blocks[] = {5, 3, 9};
  struct sim_finding out;
  for (size_t i = 0; i < 3; i++) {
    struct sim_finding made = finding(SIM_CHECK_RACE_SHARED, 88, blocks[i]);
    sim_report_add(report, &made);
  }
  struct sim_finding other = finding(SIM_CHECK_RACE_SHARED, 89, 4);
  sim_report_add(report, &other);
  other = finding(SIM_CHECK_RACE_SAME_VALUE, 88, 1);
  sim_report_add(report, &other);
  cr_expect_eq(sim_report_count(report, SIM_CHECK_RACE_SHARED), 4);
  cr_expect_eq(sim_report_errors(report), 4, "notes are no errors");
  cr_assert_eq(sim_report_listed(report), 3);
  cr_expect(sim_report_at(report, 0, &out));
  cr_expect_eq(out.check, SIM_CHECK_RACE_SAME_VALUE);
  cr_expect(sim_report_at(report, 1, &out));
  cr_expect_eq(out.first.block_number, 3);
  cr_expect_eq(out.count, 3);
  cr_expect(sim_report_at(report, 2, &out));
  cr_expect_eq(out.first.ptx_line, 89);
  cr_expect_not(sim_report_at(report, 3, &out));
  sim_report_clear(report);
  cr_expect_eq(sim_report_errors(report), 0);
  cr_expect_eq(sim_report_listed(report), 0);
  sim_report_destroy(report);
}

Test(report, a_full_list_keeps_the_lowest_and_counts_all)
{
  struct sim_report *report = sim_report_create(4);
  for (uint32_t i = 0; i < 20; i++) {
    struct sim_finding made = finding(SIM_CHECK_RACE_SHARED, 100 + i, (i * 7 + 5) % 20);
    sim_report_add(report, &made);
  }
  cr_expect_eq(sim_report_listed(report), 4);
  for (uint32_t i = 0; i < 4; i++) {
    struct sim_finding out;
    cr_assert(sim_report_at(report, i, &out));
    cr_expect_eq(out.first.block_number, i);
  }
  cr_expect_eq(sim_report_errors(report), 20);
  char *text = printed(report, sim_report_print);
  cr_expect(strstr(text, "… and 16 more"), "%s", text);
  free(text);
  sim_report_destroy(report);
}

Test(report, text)
{
  struct sim_finding made = finding(SIM_CHECK_RACE_SHARED, 88, 1);
  char text[1024], small[16];
  made.second = made.first;
  made.second.lane = SIM_NO_LANE;
  made.second.agent = "cp.async";
  made.second.access = NULL;
  made.count = 3;
  sim_finding_print(&made, text, sizeof text);
  cr_expect_str_eq(text, "shared-race: what \"is\" wrong [gemm] (3 times)\n"
                         "    at: write of 4 bytes at gemm.cu:41 (PTX line 88) by warp 2 lane 7 of block (1,0,0)\n"
                         "    and: at gemm.cu:41 (PTX line 88) by cp.async of warp 2 of block (1,0,0)");
  sim_finding_print(&made, small, sizeof small);
  cr_expect_eq(strlen(small), 15);
  sim_finding_print(&(struct sim_finding){.check = SIM_CHECK_LEAK, .message = "4 bytes"}, text, sizeof text);
  cr_expect_str_eq(text, "leak: 4 bytes");
}

Test(report, json)
{
  struct sim_report *report = sim_report_create(0);
  char *text = printed(report, sim_report_print_json);
  cr_expect_str_eq(text, "[]\n");
  free(text);
  struct sim_finding made = finding(SIM_CHECK_RACE_SHARED, 88, 1);
  made.first.lane = SIM_NO_LANE;
  sim_report_addf(report, &made, "a \"%s\" \\ %c", "b", 1);
  text = printed(report, sim_report_print_json);
  cr_expect_str_eq(
      text, "[\n  {\"check\": \"shared-race\", \"kernel\": \"gemm\", \"count\": 1, "
            "\"message\": \"a \\\"b\\\" \\\\ \\u0001\",\n   \"at\": {\"agent\": \"warp\", \"block\": [1, 0, 0], "
            "\"warp\": 2, \"lane\": null, \"access\": \"write\", \"bytes\": 4, \"file\": \"gemm.cu\", \"line\": 41, "
            "\"ptx_line\": 88},\n   \"other\": null}\n]\n");
  free(text);
  sim_report_destroy(report);
}

static void *add_many(void *argument)
{
  for (uint32_t i = 0; i < 1000; i++) {
    struct sim_finding made = finding(SIM_CHECK_RACE_SHARED, i % 50, i % 7);
    sim_report_add(argument, &made);
  }
  return NULL;
}

Test(report, the_text_does_not_depend_on_the_order_of_threads)
{
  char *text[2];
  for (uint32_t round = 0; round < 2; round++) {
    struct sim_report *report = sim_report_create(64);
    pthread_t threads[3];
    for (uint32_t i = 0; i < 3; i++) pthread_create(&threads[i], NULL, add_many, report);
    for (uint32_t i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    cr_expect_eq(sim_report_errors(report), 3000);
    text[round] = printed(report, sim_report_print);
    sim_report_destroy(report);
  }
  cr_expect_str_eq(text[0], text[1]);
  free(text[0]);
  free(text[1]);
}
