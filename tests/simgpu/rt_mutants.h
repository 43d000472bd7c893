/* rt_mutants.h: mutants of a program's kernels, inside the program itself (mutate.h says what a mutant is, mutants.py drives it).
 *
 * SIMGPU_MUTANT=KERNEL:N      The program runs with mutant N of the first kernel launched whose mangled name holds KERNEL.
 * SIMGPU_MUTANTS=plan:FILE    The program runs as it is, and FILE gets, a line each, fields apart by tabs:
 *     kernel NAME
 *     mutant NAME N PTX-LINE CU-FILE CU-LINE KIND BEFORE AFTER CONTEXT
 *     launch NAME STEPS DIGEST-BEFORE DIGEST-AFTER REACHED    digests of device memory; REACHED: hex, bit N % 4 of digit N / 4 is
 *                                                             set if the launch came to the line of mutant N
 * SIMGPU_MUTANTS=run:FILE     FILE holds orders: the plan's launch lines, without REACHED, in their order, and
 *     order ID NAME N LAUNCH LAUNCH …    mutant N is to be tried in these launches (from 1), in this order
 *     jobs N | seconds N | converge 0|1
 *   At each launch the process forks once for each mutant to be tried in it. The child runs that launch with the mutant. A finding of
 *   the simulated GPU is a catch. If device memory is then what it should be, the mutant has made no difference here, and the child ends;
 *   otherwise the child goes on as the program, with the mutant in every later launch, until a finding, or until it ends: an exit code
 *   other than 0 is a catch. With converge 1 (for programs that end at the first wrong result) it also ends where device memory is
 *   again what it should be before a launch. So the cost of a mutant is that of its launches, not of the program.
 *   FILE.out gets a line for each order, when it is decided:
 *     ID caught finding CHECK | ID caught exit CODE | ID caught killed SIGNAL | ID caught seconds N    (one launch or more was wrong)
 *     ID survived same        | ID survived tolerated                        (tolerated: memory differed, and the program was content)
 *     ID stillborn MESSAGE    | ID crashed SIGNAL                            (crashed: the simulated GPU itself)
 *   and at last "done", or "unstable LAUNCH" where the program did not do what the plan says.
 * Both need a program that does the same in every run; the device uses one thread. */
#ifndef SIMGPU_RT_MUTANTS_H
#define SIMGPU_RT_MUTANTS_H

#include "rt.h"

/* Reads the environment. True: the device must use one thread. */
bool rt_mutants_begin(void);
/* Runs a launch as sim_device_launch does, or as SIMGPU_MUTANT and SIMGPU_MUTANTS say. */
enum sim_status rt_mutants_launch(struct rt *rt, const struct rt_op *op, const struct sim_launch *launch,
                                  struct sim_launch_stats *stats, struct sim_error *error);
/* At the program's end, before its findings are printed. Does not return in a child. */
void rt_mutants_end(int status, uint64_t findings);

#endif
