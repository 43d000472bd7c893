/* forms_script.h: instructions that need more than sources and a result: barriers, copies, fences, matrices, control. A script is the
 * body of a kernel of 64 threads that leaves its answer in %x9; what that must be is a function of the thread and its inputs.
 *   %r31: thread   %x3: its 8 inputs   %x4: its 8 outputs   %x8: inputs of thread 0   %p %h %r %f %d %x %q: free up to 30, %p 8
 *   sh: 8192 bytes of shared memory, of 32-byte alignment   bar: an mbarrier   lo: 64 bytes of local memory */
#ifndef SIMGPU_FORMS_SCRIPT_H
#define SIMGPU_FORMS_SCRIPT_H

#include "forms_float.h"

struct script {
  const char *name, *body;
  uint64_t (*expect)(uint32_t thread, const uint64_t (*in)[8]);
  bool trap; /* ends the launch instead */
};

static uint64_t own(uint32_t thread, const uint64_t (*in)[8])
{
  return in[thread][0];
}
static uint64_t mirrored(uint32_t thread, const uint64_t (*in)[8])
{
  return in[63 - thread][0];
}
static uint64_t always_one(uint32_t thread, const uint64_t (*in)[8])
{
  (void)thread;
  (void)in;
  return 1;
}
static uint64_t odd_inputs(uint32_t thread, const uint64_t (*in)[8])
{
  uint64_t count = 0;
  (void)thread;
  for (int i = 0; i < 64; i++) count += in[i][0] & 1;
  return count;
}
static uint64_t tail_copied(uint32_t thread, const uint64_t (*in)[8])
{
  return in[thread][0] & 0xffffffff;
}
static uint64_t nothing_copied(uint32_t thread, const uint64_t (*in)[8])
{
  return (thread & 1) != 0 ? 0 : in[thread][0];
}
static uint64_t thrice(uint32_t thread, const uint64_t (*in)[8])
{
  return in[thread][0] + (thread % 3) * 100;
}
static uint64_t spaces(uint32_t thread, const uint64_t (*in)[8])
{
  (void)thread;
  (void)in;
  return 0x15; /* shared, local, param: bits 0, 2, 4 */
}
static uint64_t pending_64(uint32_t thread, const uint64_t (*in)[8])
{
  (void)thread;
  (void)in;
  return 64;
}

/* Element (row, column) of 8 × 8 of 16 bits as 64 threads' inputs hold them: 16 bytes a row, of thread `row`. */
static uint64_t element(const uint64_t (*in)[8], uint32_t row, uint32_t column)
{
  return in[row][column / 4] >> 16 * (column % 4) & 0xffff;
}
/* Lane l: row l / 4, columns 2 (l % 4) and one on. */
static uint64_t fragment(uint32_t thread, const uint64_t (*in)[8])
{
  uint32_t lane = thread % 32, first = thread - lane;
  return element(in + first, lane / 4, lane % 4 * 2) | element(in + first, lane / 4, lane % 4 * 2 + 1) << 16;
}
static uint64_t fragment_transposed(uint32_t thread, const uint64_t (*in)[8])
{
  uint32_t lane = thread % 32, first = thread - lane;
  return element(in + first, lane % 4 * 2, lane / 4) | element(in + first, lane % 4 * 2 + 1, lane / 4) << 16;
}
/* The second of two matrices, of rows 8 to 15; the fourth of four. */
static uint64_t fragment_second(uint32_t thread, const uint64_t (*in)[8])
{
  uint32_t lane = thread % 32, first = thread - lane + 8;
  return element(in + first, lane / 4, lane % 4 * 2) | element(in + first, lane / 4, lane % 4 * 2 + 1) << 16;
}
static uint64_t fragment_fourth(uint32_t thread, const uint64_t (*in)[8])
{
  uint32_t lane = thread % 32, first = thread - lane + 24;
  return element(in + first, lane / 4, lane % 4 * 2) | element(in + first, lane / 4, lane % 4 * 2 + 1) << 16;
}

#define STORE_SHARED                                                                                                   \
  "mul.lo.u32 %r1, %r31, 16;\nmov.u32 %r2, sh;\nadd.u32 %r1, %r1, %r2;\nld.global.v2.u64 {%d1, %d2}, "                 \
  "[%x3];\nst.shared.v2.u64 [%r1], {%d1, %d2};\n"
#define MIRROR "sub.u32 %r3, 63, %r31;\nmul.lo.u32 %r3, %r3, 16;\nadd.u32 %r3, %r3, %r2;\nld.shared.u64 %x9, [%r3];\n"
#define OWN    "ld.shared.u64 %x9, [%r1];\n"
#define FILL_SHARED                                                                                                    \
  "mul.lo.u32 %r1, %r31, 16;\nmov.u32 %r2, sh;\nadd.u32 %r1, %r1, %r2;\nmov.u64 %d1, -1;\nst.shared.v2.u64 [%r1], "    \
  "{%d1, %d1};\n"
#define PREDICATE    "ld.global.u64 %x9, [%x3];\nand.b64 %d1, %x9, 1;\nsetp.ne.u64 %p1, %d1, 0;\n"
#define COUNT_RESULT "cvt.u64.u32 %x9, %r4;\n"
#define TRUTH        "selp.u64 %x9, 1, 0, %p2;\n"
#define INIT(count)  "setp.eq.u32 %p1, %r31, 0;\n@%p1 mbarrier.init.shared.b64 [bar], " count ";\nbar.sync 0;\n"
#define WAIT(ptx)    "wait:\n" ptx ";\n@!%p2 bra wait;\n"
#define GUARDED_LOAD "ld.global.u64 %x9, [%x3];\n"

static const struct script scripts[] = {
    {"bar.sync", STORE_SHARED "bar.sync 0;\n" MIRROR, .expect = mirrored},
    {"bar.cta.sync with a count", STORE_SHARED "bar.cta.sync 3, 64;\n" MIRROR, .expect = mirrored},
    {"barrier.sync", STORE_SHARED "barrier.sync 0;\nbarrier.cta.sync.aligned 1, 64;\n" MIRROR, .expect = mirrored},
    {"bar.arrive",
     STORE_SHARED "setp.lt.u32 %p1, %r31, 32;\n@%p1 bar.arrive 1, 64;\n@!%p1 bar.sync 1, 64;\n@%p1 bar.sync 2, "
                  "64;\n@!%p1 bar.cta.arrive 2, 64;\n" MIRROR,
     .expect = mirrored},
    {"barrier.arrive",
     STORE_SHARED "setp.lt.u32 %p1, %r31, 32;\n@%p1 barrier.arrive 1, 64;\n@!%p1 barrier.sync 1, 64;\n@%p1 "
                  "barrier.sync 2, 64;\n@!%p1 barrier.cta.arrive.aligned 2, 64;\n" MIRROR,
     .expect = mirrored},
    {"bar.red.popc", PREDICATE "bar.red.popc.u32 %r4, 0, %p1;\n" COUNT_RESULT, .expect = odd_inputs},
    {"bar.red.popc with a count", PREDICATE "bar.cta.red.popc.u32 %r4, 1, 64, %p1;\n" COUNT_RESULT,
     .expect = odd_inputs},
    {"barrier.red.popc",
     PREDICATE "barrier.cta.red.popc.aligned.u32 %r4, 0, %p1;\nbarrier.red.popc.u32 %r4, 0, %p1;\nbar.cta.red.popc.u32 "
               "%r4, 0, %p1;\n" COUNT_RESULT,
     .expect = odd_inputs},
    {"barrier.red.popc with a count",
     PREDICATE
     "barrier.red.popc.aligned.u32 %r4, 1, 64, %p1;\nbarrier.cta.red.popc.u32 %r4, 1, 64, %p1;\n" COUNT_RESULT,
     .expect = odd_inputs},
    {"bar.red.and",
     PREDICATE "bar.red.and.pred %p3, 0, %p1;\nbar.cta.red.or.pred %p4, 0, %p1;\nnot.pred %p5, %p3;\nand.pred %p2, "
               "%p4, %p5;\n" TRUTH,
     .expect = always_one},
    {"bar.red.and with a count",
     PREDICATE "bar.red.and.pred %p3, 1, 64, %p1;\nbar.cta.red.or.pred %p4, 1, 64, !%p1;\nnot.pred %p5, %p3;\nand.pred "
               "%p2, %p4, %p5;\n" TRUTH,
     .expect = always_one},
    {"barrier.red.or",
     PREDICATE "barrier.red.and.aligned.pred %p3, 0, %p1;\nbarrier.cta.red.or.pred %p4, 0, %p1;\nnot.pred %p5, "
               "%p3;\nand.pred %p2, %p4, %p5;\n" TRUTH,
     .expect = always_one},
    {"barrier.red.or with a count",
     PREDICATE "barrier.red.and.pred %p3, 1, 64, %p1;\nbarrier.cta.red.or.aligned.pred %p4, 1, 64, %p1;\nnot.pred %p5, "
               "%p3;\nand.pred %p2, %p4, %p5;\n" TRUTH,
     .expect = always_one},
    {"bar.warp.sync", STORE_SHARED "bar.warp.sync 0xffffffff;\n" OWN, .expect = own},
    {"fences",
     GUARDED_LOAD "membar.cta;\nmembar.gl;\nmembar.sys;\nfence.sc.cta;\nfence.acq_rel.cluster;\nfence.acquire.gpu;"
                  "\nfence.release.sys;\nfence.gpu;\nfence.cta;\n",
     .expect = own},
    {"proxy fences",
     GUARDED_LOAD
     "fence.proxy.alias;\nmembar.proxy.alias;\nfence.proxy.async;\nfence.proxy.async.global;\nfence.proxy.async.shared;"
     "\nfence.proxy.async.shared::cta;\nfence.proxy.async.shared::cluster;\nfence.mbarrier_init.release.cluster;\n",
     .expect = own},
    {"hints",
     GUARDED_LOAD "prefetch.global.L1 [%x3];\nprefetch.global.L2 [%x3];\nprefetch.local.L1 [lo];\nprefetch.L2 "
                  "[%x3];\nprefetchu.L1 [%x3];\nprefetch.global.L2::evict_last "
                  "[%x3];\nprefetch.global.L2::evict_normal [%x3];\napplypriority.global.L2::evict_normal [%x8], "
                  "128;\napplypriority.L2::evict_normal [%x8], 128;\nnanosleep.u32 20;\npmevent 3;\npmevent.mask 1;\n",
     .expect = own},
    {"discard", "st.global.u64 [%x4+8], 7;\ndiscard.global.L2 [%x8], 128;\ndiscard.L2 [%x8], 128;\nmov.u64 %x9, 1;\n",
     .expect = always_one},
    {"createpolicy",
     "createpolicy.fractional.L2::evict_last.b64 %d1, 0f3F000000;\ncreatepolicy.fractional.L2::evict_normal.b64 "
     "%d1;\ncreatepolicy.fractional.L2::evict_first.L2::evict_unchanged.b64 %d1, 0f3F800000;\n"
     "createpolicy.fractional.L2::evict_unchanged.L2::evict_first.b64 "
     "%d1;\ncreatepolicy.range.global.L2::evict_last.L2::evict_unchanged.b64 %d2, [%x3], 128, "
     "256;\ncreatepolicy.range.L2::evict_first.b64 %d2, [%x3], 128, 256;\n"
     "createpolicy.range.L2::evict_normal.L2::evict_first.b64 %d2, [%x3], 128, "
     "256;\ncreatepolicy.range.L2::evict_unchanged.b64 %d2, [%x3], 128, 256;\ncreatepolicy.cvt.L2.b64 %d3, %d1;\n"
     "ld.global.L2::cache_hint.u64 %x9, [%x3], %d3;\n",
     .expect = own},
    {"griddepcontrol", "griddepcontrol.wait;\n" GUARDED_LOAD "griddepcontrol.launch_dependents;\n", .expect = own},
    /* copies */
    {"cp.async 16",
     FILL_SHARED "cp.async.cg.shared.global [%r1], [%x3], 16;\ncp.async.commit_group;\ncp.async.wait_group 0;\n" OWN,
     .expect = own},
    {"cp.async hints",
     FILL_SHARED
     "createpolicy.fractional.L2::evict_first.b64 %d3;\ncp.async.cg.shared::cta.global.L2::cache_hint.L2::128B [%r1], "
     "[%x3], 16, %d3;\ncp.async.ca.shared.global.L2::64B [%r1+2048], [%x3], 16, 16;\n"
     "cp.async.ca.shared.global.L2::256B [%r1+4096], [%x3], 8;\ncp.async.wait_all;\n" OWN,
     .expect = own},
    {"cp.async with a size",
     FILL_SHARED "mov.u32 %r5, 4;\ncp.async.ca.shared.global [%r1], [%x3], 8, %r5;\ncp.async.wait_all;\n" OWN,
     .expect = tail_copied},
    {"cp.async ignoring",
     FILL_SHARED
     "and.b32 %r5, %r31, 1;\nsetp.ne.u32 %p1, %r5, 0;\ncp.async.cg.shared::cta.global.L2::cache_hint.L2::64B [%r1], "
     "[%x3], 16, %p1, %d1;\ncp.async.ca.shared.global.L2::128B [%r1+2048], [%x3], 8, %p1;\n"
     "cp.async.ca.shared.global.L2::256B [%r1+4096], [%x3], 4, %p1;\ncp.async.wait_all;\n" OWN,
     .expect = nothing_copied},
    {"cp.async.mbarrier.arrive",
     FILL_SHARED INIT("64") "cp.async.ca.shared.global [%r1], [%x3], 8;\ncp.async.mbarrier.arrive.noinc.shared.b64 "
                            "[bar];\n" WAIT("mbarrier.test_wait.parity.shared.b64 %p2, [bar], 0") MIRROR,
     .expect = mirrored},
    {"cp.async.mbarrier.arrive that counts itself",
     FILL_SHARED INIT("64") "cp.async.ca.shared.global [%r1], [%x3], 8;\ncp.async.mbarrier.arrive.shared::cta.b64 "
                            "[bar];\nmbarrier.arrive.shared.b64 %d5, [bar];\n" WAIT(
                                "mbarrier.test_wait.parity.shared.b64 %p2, [bar], 0") MIRROR,
     .expect = mirrored},
    /* mbarrier */
    {"mbarrier by token",
     STORE_SHARED INIT("64") "mbarrier.arrive.shared.b64 %d5, [bar];\n" WAIT(
         "mbarrier.test_wait.shared.b64 %p2, [bar], %d5") MIRROR,
     .expect = mirrored},
    {"mbarrier by parity",
     STORE_SHARED INIT("128") "mbarrier.arrive.release.cta.shared::cta.b64 %d5, [bar], 2;\n" WAIT(
         "mbarrier.try_wait.parity.acquire.cta.shared::cta.b64 %p2, [bar], 0, 1000") MIRROR,
     .expect = mirrored},
    {"mbarrier try_wait by token",
     STORE_SHARED INIT("64") "mbarrier.arrive.release.cluster.shared.b64 %d5, [bar];\n" WAIT(
         "mbarrier.try_wait.acquire.cluster.shared.b64 %p2, [bar], %d5") MIRROR,
     .expect = mirrored},
    {"mbarrier relaxed",
     GUARDED_LOAD INIT("64") "mbarrier.arrive.relaxed.cta.shared.b64 %d5, [bar];\n" WAIT(
         "mbarrier.test_wait.relaxed.cta.shared::cta.b64 %p2, [bar], %d5"),
     .expect = own},
    {"mbarrier relaxed by parity",
     GUARDED_LOAD INIT("64") "mbarrier.arrive.relaxed.cluster.shared.b64 %d5, [bar];\n" WAIT(
         "mbarrier.try_wait.relaxed.cluster.shared.b64 %p2, [bar], %d5") "mbarrier.test_wait.parity.acquire.cluster."
                                                                         "shared::cta.b64 %p3, [bar], "
                                                                         "0;\nmbarrier.try_wait.parity.relaxed.cluster."
                                                                         "shared.b64 %p3, [bar], "
                                                                         "0;\nmbarrier.test_wait.parity.relaxed.cta."
                                                                         "shared.b64 %p3, [bar], 0;\n"
                                                                         "mbarrier.test_wait.acquire.cluster.shared."
                                                                         "b64 %p3, [bar], "
                                                                         "%d5;\nmbarrier.try_wait.acquire.cta.shared::"
                                                                         "cta.b64 %p3, [bar], %d5;\n",
     .expect = own},
    {"mbarrier generic",
     "mov.u64 %d1, bar;\ncvta.shared.u64 %d1, %d1;\n" GUARDED_LOAD
     "setp.eq.u32 %p1, %r31, 0;\n@%p1 mbarrier.init.b64 [%d1], 64;\nbar.sync 0;\nmbarrier.arrive.b64 %d5, "
     "[%d1];\n" WAIT("mbarrier.test_wait.b64 %p2, [%d1], %d5") "bar.sync 0;\n@%p1 mbarrier.inval.b64 [%d1];\n",
     .expect = own},
    {"mbarrier transactions",
     STORE_SHARED INIT("64") "mbarrier.arrive.expect_tx.release.cta.shared.b64 %d5, [bar], "
                             "8;\nmbarrier.expect_tx.relaxed.cta.shared.b64 [bar], "
                             "4;\nmbarrier.complete_tx.relaxed.cta.shared::cta.b64 [bar], 12;\n" WAIT(
                                 "mbarrier.try_wait.parity.shared.b64 %p2, [bar], 0") MIRROR,
     .expect = mirrored},
    {"mbarrier transactions in a cluster of one",
     STORE_SHARED INIT(
         "64") "mbarrier.expect_tx.relaxed.cluster.shared::cta.b64 [bar], 4;\nmbarrier.expect_tx.shared::cluster.b64 "
               "[bar], 4;\nmbarrier.complete_tx.relaxed.cluster.shared::cluster.b64 [bar], "
               "12;\nmbarrier.arrive.expect_tx.relaxed.cluster.shared::cta.b64 %d5, [bar], "
               "8;\nmbarrier.complete_tx.shared.b64 [bar], 4;\n"
               "fence.acq_rel.cta;\n" WAIT("mbarrier.try_wait.parity.shared.b64 %p2, [bar], 0") "bar.sync 0;\n" MIRROR,
     .expect = mirrored},
    {"mbarrier noComplete",
     STORE_SHARED INIT("257") "mbarrier.arrive.noComplete.shared.b64 %d5, [bar], "
                              "2;\nmbarrier.arrive.noComplete.release.cta.shared::cta.b64 %d5, [bar], "
                              "1;\nmbarrier.arrive.noComplete.relaxed.cluster.shared.b64 %d5, [bar], 1;\nbar.sync "
                              "0;\n@%p1 mbarrier.arrive.shared.b64 %d6, [bar];\n" WAIT(
                                  "mbarrier.test_wait.shared.b64 %p2, [bar], %d5") MIRROR,
     .expect = mirrored},
    {"mbarrier drop",
     STORE_SHARED INIT("64") "mbarrier.arrive_drop.shared.b64 %d5, [bar];\n" WAIT(
         "mbarrier.test_wait.shared.b64 %p2, [bar], %d5") MIRROR,
     .expect = mirrored},
    {"mbarrier drop of two",
     STORE_SHARED INIT("192") "mbarrier.arrive_drop.release.cta.shared::cta.b64 %d5, [bar], "
                              "2;\nmbarrier.arrive_drop.relaxed.cluster.shared.b64 %d5, [bar];\n" WAIT(
                                  "mbarrier.test_wait.shared.b64 %p2, [bar], %d5") "bar.sync 0;\n" MIRROR,
     .expect = mirrored},
    {"mbarrier drop with transactions",
     STORE_SHARED INIT("128") "mbarrier.arrive_drop.expect_tx.release.cta.shared::cta.b64 %d5, [bar], "
                              "8;\nmbarrier.arrive_drop.expect_tx.relaxed.cluster.shared.b64 %d5, [bar], "
                              "8;\nmbarrier.complete_tx.shared.b64 [bar], 16;\n" WAIT(
                                  "mbarrier.test_wait.shared.b64 %p2, [bar], %d5") "bar.sync 0;\n" MIRROR,
     .expect = mirrored},
    {"mbarrier drop noComplete",
     STORE_SHARED INIT("193") "mbarrier.arrive_drop.noComplete.shared.b64 %d5, [bar], "
                              "1;\nmbarrier.arrive_drop.noComplete.release.cta.shared::cta.b64 %d5, [bar], "
                              "1;\nmbarrier.arrive_drop.noComplete.relaxed.cluster.shared.b64 %d5, [bar], 1;\nbar.sync "
                              "0;\n@%p1 mbarrier.arrive.shared.b64 %d6, [bar];\n" WAIT(
                                  "mbarrier.test_wait.shared.b64 %p2, [bar], %d5") MIRROR,
     .expect = mirrored},
    {"mbarrier init and inval of .shared::cta",
     GUARDED_LOAD "setp.eq.u32 %p1, %r31, 0;\n@%p1 mbarrier.init.shared::cta.b64 [bar], 1;\n@%p1 "
                  "mbarrier.inval.shared::cta.b64 [bar];\n",
     .expect = own},
    {"mbarrier pending count",
     INIT("64") "mov.u64 %d5, 0;\n@%p1 mbarrier.arrive.shared.b64 %d5, [bar];\nmov.u64 %x9, 64;\n@!%p1 bra "
                "end;\nmbarrier.pending_count.b64 %r4, %d5;\ncvt.u64.u32 %x9, %r4;\nend:\nbar.sync 0;\n@%p1 "
                "mbarrier.inval.shared.b64 [bar];\n",
     .expect = pending_64},
    /* matrices */
    {"ldmatrix x1", STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r4}, [%r1];\n" COUNT_RESULT,
     .expect = fragment},
    {"ldmatrix x1 trans",
     STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x1.trans.shared::cta.b16 {%r4}, [%r1];\n" COUNT_RESULT,
     .expect = fragment_transposed},
    {"ldmatrix x2",
     STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x2.shared.b16 {%r5, %r4}, [%r1];\n" COUNT_RESULT,
     .expect = fragment_second},
    {"ldmatrix x4",
     STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r5, %r6, %r7, %r4}, [%r1];\n" COUNT_RESULT,
     .expect = fragment_fourth},
    {"ldmatrix, the other order",
     STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.x1.m8n8.trans.shared::cta.b16 {%r4}, "
                  "[%r1];\nldmatrix.sync.aligned.x2.m8n8.shared.b16 {%r5, %r4}, "
                  "[%r1];\nldmatrix.sync.aligned.x4.m8n8.shared.b16 {%r5, %r6, %r7, %r4}, [%r1];\n" COUNT_RESULT,
     .expect = fragment_fourth},
    {"movmatrix",
     STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x1.shared.b16 {%r5}, "
                  "[%r1];\nmovmatrix.sync.aligned.m8n8.trans.b16 %r4, %r5;\n" COUNT_RESULT,
     .expect = fragment_transposed},
    {"stmatrix",
     STORE_SHARED
     "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r5, %r6, %r7, %r8}, [%r1];\nbar.sync 0;\nst.shared.u64 "
     "[%r1], 0;\nbar.sync 0;\nstmatrix.sync.aligned.m8n8.x4.shared.b16 [%r1], {%r5, %r6, %r7, %r8};\nbar.sync 0;\n" OWN,
     .expect = own},
    {"stmatrix trans",
     STORE_SHARED "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%r5, %r6, %r7, %r8}, [%r1];\nbar.sync "
                  "0;\nst.shared.u64 [%r1], 0;\nbar.sync 0;\nstmatrix.sync.aligned.m8n8.x4.trans.shared::cta.b16 "
                  "[%r1], {%r5, %r6, %r7, %r8};\nstmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%r1], {%r5, "
                  "%r6};\nstmatrix.sync.aligned.m8n8.x1.trans.shared.b16 [%r1], {%r5};\nbar.sync 0;\n" OWN,
     .expect = own},
    {"stmatrix, the other order",
     STORE_SHARED
     "bar.sync 0;\nldmatrix.sync.aligned.m8n8.x4.shared.b16 {%r5, %r6, %r7, %r8}, [%r1];\nbar.sync 0;\nst.shared.u64 "
     "[%r1], 0;\nbar.sync 0;\nstmatrix.sync.aligned.x4.m8n8.shared::cta.b16 [%r1], {%r5, %r6, %r7, "
     "%r8};\nstmatrix.sync.aligned.x2.m8n8.shared.b16 [%r1], {%r5, %r6};\nstmatrix.sync.aligned.x1.m8n8.shared.b16 "
     "[%r1], {%r5};\nbar.sync 0;\nstmatrix.sync.aligned.x1.m8n8.trans.shared.b16 [%r1+2048], {%r5};\n" OWN,
     .expect = own},
    /* control */
    {"bra and exit",
     GUARDED_LOAD
     "setp.eq.u32 %p1, %r31, 5;\n@%p1 bra.uni store;\nbra skip;\nstore:\nst.global.u64 [%x4], %x9;\nexit;\nskip:\n",
     .expect = own},
    {"brx.idx",
     GUARDED_LOAD "ts: .branchtargets none, one, two;\nrem.u32 %r4, %r31, 3;\nbrx.idx %r4, ts;\none:\nadd.u64 %x9, "
                  "%x9, 100;\nbra none;\ntwo:\nadd.u64 %x9, %x9, 200;\nnone:\n",
     .expect = thrice},
    {"brx.idx.uni",
     GUARDED_LOAD
     "ts: .branchtargets none, one;\nmov.u32 %r4, 0;\nbrx.idx.uni %r4, ts;\none:\nadd.u64 %x9, %x9, 100;\nnone:\n",
     .expect = own},
    {"ret", GUARDED_LOAD "st.global.u64 [%x4], %x9;\nsetp.lt.u32 %p1, %r31, 40;\n@%p1 ret;\nret.uni;\n", .expect = own},
    {"trap", "trap;\n", .trap = true},
    {"brkpt", "brkpt;\n", .trap = true},
    {"stacksave, alloca",
     GUARDED_LOAD "stacksave.u64 %d1;\nmov.u64 %d2, 32;\nalloca.u64 %d3, %d2, 16;\nst.local.u64 [%d3+24], "
                  "%x9;\nmov.u64 %x9, 0;\nld.local.u64 %x9, [%d3+24];\nstackrestore.u64 %d1;\n",
     .expect = own},
    {"stacksave, alloca of 32 bits",
     GUARDED_LOAD "stacksave.u32 %r1;\nmov.u32 %r2, 32;\nalloca.u32 %r3, %r2;\nst.local.u64 [%r3+8], %x9;\nmov.u64 "
                  "%x9, 0;\nld.local.u64 %x9, [%r3+8];\nstackrestore.u32 %r1;\n",
     .expect = own},
    {"cvta",
     STORE_SHARED
     "cvt.u64.u32 %d3, %r1;\ncvta.shared.u64 %d4, %d3;\nld.u64 %x9, [%d4];\ncvta.to.shared.u64 %d5, "
     "%d4;\nld.shared.u64 %x9, [%d5];\ncvta.shared::cta.u64 %d4, %d3;\ncvta.to.shared::cluster.u64 %d5, "
     "%d4;\nst.shared.u64 [%d5], %x9;\n"
     "cvta.to.global.u64 %d6, %x3;\ncvta.global.u64 %d7, %d6;\nld.u64 %x9, [%d7];\nmov.u64 %d8, lo;\ncvta.local.u64 "
     "%d9, %d8;\nst.u64 [%d9], %x9;\ncvta.to.local.u64 %d10, %d9;\nld.local.u64 %x9, [%d10];\n"
     "mov.u64 %d11, co;\ncvta.const.u64 %d12, %d11;\nld.u32 %r9, [%d12];\ncvta.to.const.u64 %d13, %d12;\nld.const.u32 "
     "%r9, [%d13];\nmov.u64 %d14, in;\ncvta.param.u64 %d15, %d14;\nld.u64 %d16, [%d15];\ncvta.to.param.u64 %d17, "
     "%d15;\ncvta.param::entry.u64 %d15, %d14;\ncvta.global.u32 %r7, 0;\n",
     .expect = own},
    {"isspacep",
     "mov.u32 %r1, 0;\nmov.u64 %d1, sh;\ncvta.shared.u64 %d1, %d1;\nisspacep.shared %p1, %d1;\n@%p1 or.b32 %r1, %r1, "
     "1;\nisspacep.global %p1, %d1;\n@%p1 or.b32 %r1, %r1, 2;\nmov.u64 %d2, lo;\ncvta.local.u64 %d2, "
     "%d2;\nisspacep.local %p1, %d2;\n@%p1 or.b32 %r1, %r1, 4;\n"
     "isspacep.shared::cta %p1, %d2;\n@%p1 or.b32 %r1, %r1, 8;\nisspacep.shared::cluster %p1, %d2;\n@%p1 or.b32 %r1, "
     "%r1, 8;\nmov.u64 %d3, in;\ncvta.param.u64 %d3, %d3;\nisspacep.param %p1, %d3;\n@%p1 or.b32 %r1, %r1, "
     "16;\nisspacep.param::entry %p1, %x3;\n@%p1 or.b32 %r1, %r1, 32;\nisspacep.const %p1, %x3;\n@%p1 or.b32 %r1, %r1, "
     "64;\ncvt.u64.u32 %x9, %r1;\n",
     .expect = spaces},
    {"param of a call",
     GUARDED_LOAD "{\n.param .b64 from;\n.param .b64 to;\nst.param.b64 [from], %x9;\nst.param::func.b64 [from], "
                  "%x9;\ncall.uni (to), same, (from);\nld.param::func.b64 %x9, [to];\nld.param.b64 %x9, [to];\n}\n",
     .expect = own},
    {"mov b128 and packs",
     "ld.global.v2.u64 {%d1, %d2}, [%x3];\nmov.b128 %q1, {%d1, %d2};\nmov.b128 %q2, %q1;\nmov.b128 {%d3, %d4}, "
     "%q2;\nmov.b64 {%r1, %r2}, %d3;\nmov.b32 {%h1, %h2}, %r1;\nmov.b32 %r3, {%h1, %h2};\nmov.b64 %x9, {%r3, %r2};\n",
     .expect = own},
    {"mma",
     "mov.u32 %r1, 0;\nmov.f32 %f1, 0f00000000;\nmma.sync.aligned.m16n8k8.row.col.f32.bf16.bf16.f32 {%f2, %f3, %f4, "
     "%f5}, {%r1, %r1}, {%r1}, {%f1, %f1, %f1, %f1};\nsetp.eq.f32 %p2, %f2, 0f00000000;\n" TRUTH,
     .expect = always_one},
};
#define SCRIPTS (sizeof scripts / sizeof scripts[0])

#endif
