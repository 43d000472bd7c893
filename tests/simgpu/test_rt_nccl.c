/* test_rt_nccl.c: the stand-in for NCCL under programs/collective.cu: right programs pass without a finding, each planted bug is named by
 * the check that it breaks. */
#include "test_rt.h"

#define FINDING 86

static void need_nccl(void)
{
  const struct outcome o = run("SIMGPU_DEVICES=2", "collective good_reduce");
  if (strncmp(o.text, "skip: ", 6) == 0) cr_skip_test("%s", o.text + 6);
}

Test(nccl, right_programs_pass)
{
  static const char *const cases[] = {"good_reduce", "good_in_place", "good_cast", "good_ring"};
  need_nccl();
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    char program[64];
    for (int devices = 2; devices <= 3; devices++) {
      const char *environment = devices == 2 ? "SIMGPU_DEVICES=2" : "SIMGPU_DEVICES=3";
      snprintf(program, sizeof program, "collective %s", cases[i]);
      EXPECT_RUN(environment, program, 0, "rank 1: result 0, 0 wrong");
      snprintf(program, sizeof program, "collective %s graph", cases[i]);
      EXPECT_RUN(environment, program, 0, "rank 1: result 0, 0 wrong");
    }
  }
}

Test(nccl, planted_bugs_are_named)
{
  static const struct {
    const char *bug, *says;
  } rows[] = {
      {"count", "collective: "},
      {"type", "collective: "},
      {"root", "collective: "},
      {"kind", "collective: "},
      {"order", "collective: "},
      {"unmatched_count", "collective: "},
      {"unmatched_type", "collective: "},
      {"gather_place", "overlap, and not as in place has it"},
      {"scatter_place", "overlap, and not as in place has it"},
      {"device", "the current device is 0, the communicator's is 1"},
      {"group_end", "no group was begun"},
      {"group_open", "ncclGroupEnd is missing"},
      {"bounds", "global-bounds: "},
      {"freed", "use-after-free: "},
      {"stream", "stream-race: "},
  };
  need_nccl();
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    char program[64];
    snprintf(program, sizeof program, "collective %s", rows[i].bug);
    EXPECT_RUN("SIMGPU_DEVICES=2 SIMGPU_LEAKS=0 timeout 20", program, FINDING, rows[i].says);
  }
}
