/* sim_report.h: what the checks found. One finding has the same shape whichever check made it: what was wrong, where in
 * the grid and in the source, and for conflicts the other access too. A report is a bounded list with counts; text and
 * JSON come from it.
 *
 * Identical findings (same check, same instructions) are one entry with a count; of these the one of the lowest block,
 * warp and lane is kept, and entries are listed in that order: so the text does not depend on which host thread came
 * first.
 * Thread-safe: blocks of a launch may add at once.
 */
#ifndef SIMGPU_REPORT_H
#define SIMGPU_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "sim_device.h"

/* X(enum name, name in reports, status of the launch, severity) */
#define SIM_CHECKS(X)                                                                                                  \
  X(BOUNDS_GLOBAL, "global-bounds", SIM_ERR_FAULT_ADDRESS, ERROR) /* outside every live allocation */                  \
  X(BOUNDS_SHARED, "shared-bounds", SIM_ERR_FAULT_ADDRESS, ERROR) /* outside the block's static + dynamic bytes */     \
  X(BOUNDS_LOCAL, "local-bounds", SIM_ERR_FAULT_ADDRESS, ERROR)   /* outside the thread's local memory, parameters */  \
  X(MISALIGNED, "misaligned", SIM_ERR_FAULT_MISALIGNED, ERROR)    /* not a multiple of the access's size */            \
  X(USE_AFTER_FREE, "use-after-free", SIM_ERR_FAULT_ADDRESS, ERROR)                                                    \
  X(BAD_FREE, "bad-free", SIM_ERR_INVALID_VALUE, ERROR)   /* freed twice, or no allocation starts there */             \
  X(LEAK, "leak", SIM_OK, ERROR)                          /* still allocated at the end */                             \
  X(READ_ONLY, "read-only", SIM_ERR_FAULT_ADDRESS, ERROR) /* write to parameters or constants */                       \
  X(UNINIT_GLOBAL, "uninitialised-global", SIM_ERR_FAULT_CHECK, ERROR) /* read of a byte never written */              \
  X(UNINIT_SHARED, "uninitialised-shared", SIM_ERR_FAULT_CHECK, ERROR)                                                 \
  X(UNINIT_LOCAL, "uninitialised-local", SIM_ERR_FAULT_CHECK, ERROR)                                                   \
  X(UNINIT_REGISTER, "uninitialised-register", SIM_ERR_FAULT_CHECK, ERROR)                                             \
  X(UNINIT_COPY, "uninitialised-copy", SIM_OK, ERROR)       /* device bytes never written copied to the host */        \
  X(RACE_GLOBAL, "global-race", SIM_ERR_FAULT_CHECK, ERROR) /* conflicting accesses, no order between them */          \
  X(RACE_SHARED, "shared-race", SIM_ERR_FAULT_CHECK, ERROR)                                                            \
  X(RACE_WARP, "warp-race", SIM_ERR_FAULT_CHECK, ERROR) /* the same between lanes of one warp */                       \
  X(RACE_SAME_VALUE, "race-same-value", SIM_OK, NOTE)   /* unordered writes that wrote what was there already */       \
  X(RACE_STREAM, "stream-race", SIM_OK, ERROR) /* operations of streams that nothing orders touch the same memory */   \
  X(RACE_HOST, "host-race", SIM_OK, ERROR) /* the host writes memory that a copy it has not waited for still reads */  \
  X(COLLECTIVE, "collective", SIM_OK, ERROR) /* ranks that call different things, wrong groups, buffers half in place */ \
  X(SCOPE, "scope", SIM_ERR_FAULT_CHECK, ERROR)       /* strong accesses whose scopes don't hold both threads */       \
  X(MBARRIER, "mbarrier", SIM_ERR_FAULT_CHECK, ERROR) /* broken protocol */                                            \
  X(MBARRIER_MEMORY, "mbarrier-memory", SIM_ERR_FAULT_CHECK, ERROR) /* ordinary access to an mbarrier object */        \
  X(ASYNC_UNWAITED, "async-unwaited", SIM_ERR_FAULT_CHECK, ERROR)   /* thread ended with copies nobody waited for */   \
  X(BARRIER, "barrier", SIM_ERR_FAULT_CHECK, ERROR)                 /* misuse of a named barrier */                    \
  X(DIVERGENCE, "divergence", SIM_ERR_FAULT_CHECK, ERROR)           /* .sync or .aligned not executed by all */        \
  X(DEADLOCK, "deadlock", SIM_ERR_FAULT_HANG, ERROR)                                                                   \
  X(HANG, "hang", SIM_ERR_FAULT_HANG, ERROR)                      /* more steps than the limit */                      \
  X(LIMIT, "limit", SIM_ERR_FAULT_CHECK, ERROR)                   /* of the architecture claimed */                    \
  X(INSTRUCTION, "instruction", SIM_ERR_FAULT_INSTRUCTION, ERROR) /* operands that the ISA forbids */                  \
  X(TRAP, "trap", SIM_ERR_FAULT_TRAP, ERROR)                                                                           \
  X(ASSERT, "assert", SIM_ERR_FAULT_ASSERT, ERROR)

enum sim_check {
#define SIM_CHECK_ENUM(name, text, status, severity) SIM_CHECK_##name,
  SIM_CHECKS(SIM_CHECK_ENUM)
#undef SIM_CHECK_ENUM
      SIM_CHECK_COUNT
};
enum sim_severity { SIM_SEVERITY_NOTE, SIM_SEVERITY_ERROR };

const char *sim_check_name(enum sim_check check);
enum sim_status sim_check_status(enum sim_check check); /* what a launch with such a finding ends with */
enum sim_severity sim_check_severity(enum sim_check check);

#define SIM_NO_WARP UINT32_MAX
#define SIM_NO_LANE UINT32_MAX

/* Who did something, and where it is written. */
struct sim_party {
  uint64_t block_number;
  uint32_t block[3];
  uint32_t warp, lane; /* SIM_NO_WARP, SIM_NO_LANE: not of one */
  const char *agent;   /* static text: "warp", "cp.async" …; NULL: no party */
  const char *access;  /* static text: "read of 4 bytes" is access "read", bytes 4; NULL: none */
  uint32_t bytes;
  uint32_t ptx_line, line; /* 0: unknown */
  char file[96];           /* .cu, the end of its path; "" unknown */
};

struct sim_finding {
  enum sim_check check;
  char kernel[96];         /* "" outside launches */
  struct sim_party first;  /* the access that was found wrong */
  struct sim_party second; /* the earlier one it conflicts with; agent NULL if there is none */
  char message[256];       /* one line: what is wrong and what is allowed, without the place */
  uint64_t count;          /* how often; set by the report */
};

struct sim_report; /* a launch's or a device's findings */

/* max_findings 0: 32. NULL: out of memory. */
struct sim_report *sim_report_create(uint32_t max_findings);
void sim_report_destroy(struct sim_report *report); /* NULL is fine */
void sim_report_clear(struct sim_report *report);
/* Copies the finding. report NULL: prints it to stderr. */
void sim_report_add(struct sim_report *report, const struct sim_finding *finding);
/* Message by format; the other fields from *finding. */
void sim_report_addf(struct sim_report *report, const struct sim_finding *finding, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

uint64_t sim_report_count(const struct sim_report *report, enum sim_check check); /* each one, also those not listed */
uint64_t sim_report_errors(const struct sim_report *report);                      /* all of severity ERROR */
uint32_t sim_report_listed(const struct sim_report *report);
/* Entry `index` in the order above; false beyond the last. A copy. */
bool sim_report_at(const struct sim_report *report, uint32_t index, struct sim_finding *out);

/* One finding as a line or two: "shared-race: … \n    at gemm.cu:41 (PTX line 88) by warp 2 lane 7 of block (1,0,0) in
 * gemm". */
void sim_finding_print(const struct sim_finding *finding, char *text, size_t size);
void sim_report_print(const struct sim_report *report, FILE *to);
/* [{"check": …, "kernel": …, "count": …, "message": …, "at": {…}, "other": {…}|null}, …] */
void sim_report_print_json(const struct sim_report *report, FILE *to);

#endif
