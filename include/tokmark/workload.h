/* workload.h: one point of a sweep, and the string key that identifies it across runs and machines. */
#ifndef TOKMARK_WORKLOAD_H
#define TOKMARK_WORKLOAD_H

#include <stdint.h>

#include "tokmark/dtype.h"

enum tmk_phase { TMK_PHASE_DECODE = 0, TMK_PHASE_PREFILL, TMK_PHASE_E2E, TMK_PHASE_COUNT };

/* tp × pp × dp devices. All 1 until a plan shards. rank is this process's place in it, 0-based. */
struct tmk_layout {
  int tp, pp, dp;
  int rank;
  int microbatches; /* pp > 1 only; else 1 */
};

/* decode:  batch, context.               input_len = output_len = 0.
 * prefill: batch, input_len.             context = output_len = 0.
 * e2e:     batch, input_len, output_len. context = 0. */
struct tmk_workload {
  char model[96];
  enum tmk_phase phase;
  int64_t batch, input_len, output_len, context;
  int64_t prefill_chunk; /* tokens a prefill step may have; TMK_PREFILL_CHUNK_DEFAULT unless given */
  int64_t layers_held;   /* distinct layers in memory; 0 = all. Fewer makes provenance `extrapolated` */
  enum tmk_dtype weight_dtype, kv_dtype;
  struct tmk_layout layout;
};

#define TMK_PREFILL_CHUNK_DEFAULT 2048
#define TMK_WORKLOAD_KEY_SIZE 256

const char *tmk_phase_name(enum tmk_phase phase);      /* "decode", "prefill", "e2e" */
enum tmk_phase tmk_phase_from_name(const char *name);  /* TMK_PHASE_COUNT if unknown */

/* Writes the key, NUL-terminated, cut never (the size suffices for every valid workload):
 *   step/<model>/decode/b<batch>/c<context>/w=<dtype>/kv=<dtype>
 *   step/<model>/prefill/b<batch>/i<input_len>/w=…/kv=…
 *   step/<model>/e2e/b<batch>/i<input_len>/o<output_len>/w=…/kv=…
 * then, left out at their default: /chunk<N> (not for decode), /layers<N>, /tp<N>, /pp<N>, /dp<N>, /mb<N>.
 * Device, threads, seed, provider and activation type are no part of it. */
void tmk_workload_key(const struct tmk_workload *workload, char key[TMK_WORKLOAD_KEY_SIZE]);

/* Tokens one pass of the point works on: decode batch (output), prefill batch × input_len (input),
 * e2e both. Any out pointer may be NULL. */
void tmk_workload_tokens(const struct tmk_workload *workload, int64_t *input_tokens, int64_t *output_tokens);

#endif
