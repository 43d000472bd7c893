/* test_rt_streams.c: order between streams, events, graphs, the host and programmatic launches (programs/streams.cu): right programs pass
 * without a finding, wrong ones are found on each seed although their results come out right. */
#include "test_rt.h"

#define SEEDS 3

static void expect(const char *name, const char *finding)
{
  for (int seed = 0; seed < SEEDS; seed++) {
    char environment[64], program[64], right[64];
    snprintf(environment, sizeof environment, "SIMGPU_DEVICE=H100 SIMGPU_SEED=%d", seed);
    snprintf(program, sizeof program, "streams %s", name);
    snprintf(right, sizeof right, "%s: 0 wrong", name);
    EXPECT_RUN(environment, program, finding != NULL ? 86 : 0, right);
    if (finding != NULL) EXPECT_RUN(environment, program, 86, finding);
  }
}

Test(streams, right_programs_pass)
{
  static const char *const names[] = {"event",
                                      "readers",
                                      "halves",
                                      "atomics",
                                      "blocking_streams",
                                      "memset_synced",
                                      "copy_out_synced",
                                      "read_synced",
                                      "read_by_event",
                                      "read_by_kernel",
                                      "read_by_host_function",
                                      "source_synced",
                                      "fork_join",
                                      "graph_fork_join",
                                      "async_memory",
                                      "pdl",
                                      "pdl_no_trigger",
                                      "pdl_grandparent_late",
                                      "pdl_then_plain",
                                      "pdl_graph"};
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) expect(names[i], NULL);
}

Test(streams, missing_events_are_found)
{
  expect("no_event", "stream-race: read of");
  expect("event_too_early", "stream-race: write of");
  expect("overwrite", "after a read by launch");
  expect("workspace", "after a write by launch");
  expect("no_join", "with nothing that orders them");
  expect("no_fork", "with nothing that orders them");
}

Test(streams, findings_name_both_sides)
{
  EXPECT_RUN("", "streams no_event", 86, "[_Z10add_kernelPfPKfi]");
  EXPECT_RUN("", "streams no_event", 86, "('_Z10set_kernelPffi') in stream");
  EXPECT_RUN("", "streams no_event", 86, "streams.cu:");
}

Test(streams, the_default_stream_waits_for_blocking_streams_alone)
{
  expect("default_stream", "stream-race: read of");
}

Test(streams, copies_and_fills_take_part)
{
  expect("memset", "after a write by cudaMemset");
  expect("copy_out", "stream-race: read of");
  expect("pinned_reuse", "after a read by cudaMemcpyAsync");
  expect("async_memory_race", "after a write by cudaMallocAsync");
}

Test(streams, the_host_must_wait_for_copies)
{
  EXPECT_RUN("", "streams read_too_early", 0, "4096 wrong");
  expect("source_changed", "host-race: the host has written to");
}

Test(streams, branches_of_graphs_take_part)
{
  expect("graph_no_join", "with nothing that orders them");
  expect("graph_no_fork", "with nothing that orders them");
}

Test(streams, programmatic_launches_must_wait_before_they_touch_what_their_predecessors_touch)
{
  expect("pdl_no_wait", "before griddepcontrol.wait");
  expect("pdl_unsynced", "before griddepcontrol.wait");
  expect("pdl_overwrite", "stream-race: write of");
  expect("pdl_grandparent", "before griddepcontrol.wait");
  expect("pdl_broken_chain", "stream-race: read of");
  expect("pdl_graph_no_wait", "before griddepcontrol.wait");
}
