/* verify_limit.c: error limits.
 *
 * Three results are at hand for each element: `got`, the device's; `expected`, float64 and unrounded; `naive`, the same
 * operation in float32 in index order, unrounded. What a device may do besides: add in another order, use FMA, use another
 * exp, sin, cos, reciprocal good to an ulp or two, and round the result once to its tensor's dtype.
 *
 * 1. Magnitude. Rounding errors of a float32 evaluation are proportional to u = 2⁻²⁴ and to the size of the terms it adds,
 *    not to the result, which may be small by cancellation. Each kind of operation has a formula for that size M, an upper
 *    bound on Σ |terms| times the condition of what is applied to the sum (Higham, Accuracy and Stability of Numerical
 *    Algorithms, 2nd ed., §3.1 and §3.5). M takes the known differences between elements out, so that one large element
 *    doesn't loosen the limits of all the others.
 * 2. Calibration by the naive run. R = max over the outputs of |naive − expected| ÷ (u M) is what plain float32 code really
 *    loses on these very operands, in units of u M: below 1 where errors average out, above where they add up (long sums of
 *    positive terms). R is not taken below R₀: with few elements, or few terms, the naive run may be exact by luck, and then
 *    another order still is a rounding or so away. R₀ = 1, but for a GEMM of F8E4M3: tensor cores cut addends of runs of 128 to
 *    14 bits (ref_ops_f32.c), so a rounding is 2⁻¹⁴ of a run's M, and that is about M min(1, 128/k).
 * 3. Limit of an element.  |got − expected| ≤ h(expected) + ORDER · max(R, R₀) · u · M + slack
 *    h is half a unit in the last place of the output's dtype: the one rounding that the device has to make. A result that
 *    was truncated is off by up to twice that, so truncation shows wherever the part cut off is above one half.
 *    ORDER = 4: another order of summation draws its largest error anew from a distribution at most as wide (a blocked sum
 *    is narrower). For errors that are sums of many roundings, so about normal, two maxima over 10 … 10⁶ elements lie
 *    between 1.5 σ and 5 σ: a quotient of 4 isn't reached, and one rounding more or less in a short sum is inside it too.
 *    The ratio reported is (error − h) ÷ (limit − h): a bf16 result is off by nearly h somewhere whatever a device does.
 *    slack is what underflow takes away, in the formula of the operation that can underflow (SwiGLU); and 2⁻¹²⁶, the
 *    smallest normal number, everywhere, for devices that flush what is below.
 * 4. Elements without arithmetic (M = 0: embedding, values appended to the cache, token ids) have one right answer, the
 *    float64 value rounded to their dtype: no error is allowed.
 * 5. Norm.  ‖got − expected‖ ≤ NORM · ‖rounded naive − expected‖ + ‖h‖ + ‖R₀ u M‖, relative to ‖expected‖. It catches what is
 *    within the limit of every element but in all of them. NORM = 2: norms over many elements hardly scatter, and 2 is
 *    the step between rounding and truncation; the other terms carry the few elements where luck decides, as in 2.
 *
 * NaN or infinity in the device's result fails, whatever the reference says; so does a reference that isn't finite, for then
 * an operand was not. All comparisons are written so that NaN fails.
 */
#include "verify_limit.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "tokmark/quantise.h"

#define UNIT_F32     0x1p-24
#define ORDER        4.0
#define NORM         2.0
#define SMALLEST_F32 0x1p-126
/* Of sums of F8E4M3, in the derivation: 2⁻¹⁴ ÷ u, and the run that it holds for. */
#define NARROW_ROUNDING 0x1p10
#define NARROW_SUM      128.0
/* Elements of x rounded in one go: a multiple of every block. */
#define NARROW_RUN 256

/* ---- magnitudes ---- */

static double norm_of(const double *values, int64_t count)
{
  double sum = 0;
  for (int64_t i = 0; i < count; i++) sum += values[i] * values[i];
  return sqrt(sum);
}

/* Where a formula puts its results; NULL for slots that are not outputs. */
struct magnitudes {
  double *magnitude[TMK_OP_MAX_OPERANDS], *slack[TMK_OP_MAX_OPERANDS];
};

/* s = residual + delta: M = |residual| + |delta|. y = s ÷ rms × weight: the same times weight ÷ rms, and |y| for the sum of
 * squares (all terms positive: its relative error is a number of roundings that R measures), root, quotient and product. */
static void rmsnorm_magnitude(const struct tmk_verify_slice *slice, struct magnitudes *out)
{
  const struct tmk_op_rmsnorm *o = &slice->op.u.rmsnorm;
  const double *weight = slice->before[o->weight];
  for (int64_t r = 0; r < o->rows; r++) {
    const double *residual = slice->before[o->residual] + r * o->hidden;
    const double *delta = o->delta == TMK_TENSOR_NONE ? NULL : slice->before[o->delta] + r * o->hidden;
    double sum = 0;
    for (int64_t i = 0; i < o->hidden; i++) {
      const double s = residual[i] + (delta ? delta[i] : 0);
      sum += s * s;
    }
    const double rms = sqrt(sum / (double)o->hidden + o->eps);
    for (int64_t i = 0; i < o->hidden; i++) {
      const double terms = fabs(residual[i]) + (delta ? fabs(delta[i]) : 0);
      const int64_t at = r * o->hidden + i;
      out->magnitude[o->y][at] = terms * fabs(weight[i]) / rms + fabs(slice->expected[o->y][at]);
      if (o->write_residual) out->magnitude[o->residual][at] = delta ? terms : 0;
    }
  }
}

/* Norm of a row of x as the GEMM multiplies it. Rounded to I8 it is that of x but for a step of 1/254 of its largest element. */
static double gemm_x_norm(enum tmk_dtype weight_dtype, const double *x, int64_t k)
{
  if (!tmk_quantises_x(weight_dtype) || tmk_quantises_rows(weight_dtype)) return norm_of(x, k);
  double run[NARROW_RUN], norm = 0;
  for (int64_t i = 0; i < k; i += NARROW_RUN) {
    const int64_t count = k - i < NARROW_RUN ? k - i : NARROW_RUN;
    tmk_quantise_x(weight_dtype, count, x + i, run);
    norm = hypot(norm, norm_of(run, count));
  }
  return norm;
}

/* Σ |x w| ≤ ‖x‖ ‖w‖ (Cauchy and Schwarz), and the bias. */
static void gemm_magnitude(const struct tmk_verify_slice *slice, struct magnitudes *out)
{
  const struct tmk_op_gemm *o = &slice->op.u.gemm;
  double *magnitude = out->magnitude[o->y];
  for (int64_t n = 0; n < o->n; n++) {
    const double weight = norm_of(slice->before[o->weight] + n * o->k, o->k);
    for (int64_t m = 0; m < o->m; m++) magnitude[m * o->n + n] = weight;
  }
  for (int64_t m = 0; m < o->m; m++) {
    const double x = gemm_x_norm(slice->tensors[o->weight].dtype, slice->before[o->x] + m * o->k, o->k);
    for (int64_t n = 0; n < o->n; n++) {
      const double bias = o->bias == TMK_TENSOR_NONE ? 0 : fabs(slice->before[o->bias][n]);
      magnitude[m * o->n + n] = x * magnitude[m * o->n + n] + bias;
    }
  }
}

/* The rotation keeps hypot(h, h'), so the outputs tell it. Times 3 + |angle|: the products, and the angle, which may be a
 * float32 by definition (op.h): sin and cos move by up to |angle| u then. A head without norm and rotation isn't computed. */
static void rope_head_magnitude(const struct tmk_op_rope_kv *o, const double *inv_freq, bool normed,
                                const double *expected, double *magnitude)
{
  const int64_t half = o->rotary_dim / 2;
  for (int64_t i = 0; i < half; i++) {
    const double length = hypot(expected[i], expected[i + half]);
    const double angle = (double)o->past * inv_freq[i];
    magnitude[i] = magnitude[i + half] = length * (3 + fabs(angle));
  }
  for (int64_t i = 2 * half; i < o->head_dim; i++) magnitude[i] = normed ? 3 * fabs(expected[i]) : 0;
}

static void rope_kv_magnitude(const struct tmk_verify_slice *slice, struct magnitudes *out)
{
  const struct tmk_op_rope_kv *o = &slice->op.u.rope_kv;
  const double *inv_freq = slice->constant;
  const int64_t d = o->head_dim, cache_row = o->past * o->heads_kv * d;
  for (int64_t h = 0; h < o->heads_q; h++) {
    rope_head_magnitude(o, inv_freq, o->q_norm != TMK_TENSOR_NONE, slice->expected[o->q] + h * d,
                        out->magnitude[o->q] + h * d);
  }
  for (int64_t h = 0; h < o->heads_kv; h++) {
    const int64_t at = cache_row + h * d;
    rope_head_magnitude(o, inv_freq, o->k_norm != TMK_TENSOR_NONE, slice->expected[o->k_cache] + at,
                        out->magnitude[o->k_cache] + at);
    for (int64_t i = 0; i < d; i++) out->magnitude[o->v_cache][at + i] = 0;
  }
}

/* The result is a mean of values, so Σ p |v| ≤ max |v|; a score of terms as large as scale ‖q‖ ‖k‖ has errors of that times
 * u, and exp turns them into relative errors of p. */
static void attention_magnitude(const struct tmk_verify_slice *slice, struct magnitudes *out)
{
  const struct tmk_op_attention *o = &slice->op.u.attention;
  const int64_t d = o->head_dim, keys = o->past + o->q_len, group = o->heads_q / o->heads_kv;
  for (int64_t g = 0; g < o->heads_kv; g++) {
    double key = 0, value = 0;
    for (int64_t j = 0; j < keys; j++) {
      const int64_t at = (j * o->heads_kv + g) * d;
      key = fmax(key, norm_of(slice->before[o->k_cache] + at, d));
      for (int64_t i = 0; i < d; i++) value = fmax(value, fabs(slice->before[o->v_cache][at + i]));
    }
    for (int64_t r = 0; r < o->q_len; r++) {
      for (int64_t h = g * group; h < (g + 1) * group; h++) {
        const int64_t at = (r * o->heads_q + h) * d;
        const double score = fabs(o->scale) * norm_of(slice->before[o->q] + at, d) * key;
        for (int64_t i = 0; i < d; i++) out->magnitude[o->out][at + i] = (1 + score) * value;
      }
    }
  }
}

/* A product: relative errors of a few roundings, and |a| u of them from exp's argument. Where exp(−a) leaves float32's range
 * (a below −87) the logistic function may be 0, or its smallest value of e⁻⁸⁷ < 2 · 2⁻¹²⁶: that much times |a| |up| is slack. */
static void swiglu_magnitude(const struct tmk_verify_slice *slice, struct magnitudes *out)
{
  const struct tmk_op_swiglu *o = &slice->op.u.swiglu;
  for (int64_t r = 0; r < o->rows; r++) {
    const double *gate = slice->before[o->gate_up] + r * 2 * o->inner, *up = gate + o->inner;
    for (int64_t i = 0; i < o->inner; i++) {
      const int64_t at = r * o->inner + i;
      const double y = fabs(slice->expected[o->y][at]);
      out->magnitude[o->y][at] = y * (2 + fabs(gate[i]));
      out->slack[o->y][at] = 2 * SMALLEST_F32 * (1 + fabs(gate[i])) * (1 + fabs(up[i]));
    }
  }
}

static void magnitudes_fill(const struct tmk_verify_slice *slice, struct magnitudes *out)
{
  switch (slice->op.kind) {
  case TMK_OP_RMSNORM: rmsnorm_magnitude(slice, out); break;
  case TMK_OP_GEMM: gemm_magnitude(slice, out); break;
  case TMK_OP_ROPE_KV: rope_kv_magnitude(slice, out); break;
  case TMK_OP_ATTENTION: attention_magnitude(slice, out); break;
  case TMK_OP_SWIGLU: swiglu_magnitude(slice, out); break;
  case TMK_OP_EMBED:
  case TMK_OP_SAMPLE:
  case TMK_OP_COLLECTIVE: /* has no slices */
  case TMK_OP_KIND_COUNT: break; /* 0: exact */
  }
}

/* ---- elements ---- */

static enum tmk_status out_of_memory(struct tmk_error *err)
{
  return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for verification");
}

static enum tmk_status reserve(struct tmk_verify_elements *elements, int64_t more, struct tmk_error *err)
{
  if (elements->count + more <= elements->capacity) return TMK_OK;
  const int64_t capacity = 2 * elements->capacity + more;
  struct tmk_verify_element *items = realloc(elements->items, (size_t)capacity * sizeof *items);
  if (!items) return out_of_memory(err);
  elements->items = items;
  elements->capacity = capacity;
  return TMK_OK;
}

static void add_run(struct tmk_verify_elements *elements, const struct tmk_verify_slice *slice,
                    const struct magnitudes *magnitudes, const struct tmk_verify_span *span, int64_t run)
{
  const int slot = span->slot;
  for (int64_t i = 0; i < span->count; i++) {
    const int64_t at = span->slot_first + run * span->slot_stride + i;
    elements->items[elements->count++] = (struct tmk_verify_element){
        .got = slice->got[slot][at],
        .expected = slice->expected[slot][at],
        .naive = slice->naive[slot][at],
        .magnitude = magnitudes->magnitude[slot][at],
        .slack = magnitudes->slack[slot][at],
        .tensor = span->tensor,
        .index = span->first + run * span->stride + i,
    };
  }
}

enum tmk_status tmk_verify_elements_add(struct tmk_verify_elements *elements, const struct tmk_verify_slice *slice,
                                        struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct magnitudes magnitudes = {0};
  for (int slot = 0; slot < slice->tensor_count; slot++) {
    if (!(slice->access[slot] & TMK_ACCESS_OUT)) continue;
    const size_t count = (size_t)tmk_tensor_elements(&slice->tensors[slot]) + 1;
    magnitudes.magnitude[slot] = calloc(count, sizeof(double));
    magnitudes.slack[slot] = calloc(count, sizeof(double));
    if (!magnitudes.magnitude[slot] || !magnitudes.slack[slot]) {
      status = out_of_memory(err);
      goto out;
    }
  }
  magnitudes_fill(slice, &magnitudes);
  for (int i = 0; i < slice->span_count; i++) {
    const struct tmk_verify_span *span = &slice->spans[i];
    if (!(slice->access[span->slot] & TMK_ACCESS_OUT)) continue;
    TMK_TRY(reserve(elements, span->count * span->repeat, err));
    for (int64_t run = 0; run < span->repeat; run++) add_run(elements, slice, &magnitudes, span, run);
  }
out:
  for (int slot = 0; slot < TMK_OP_MAX_OPERANDS; slot++) {
    free(magnitudes.magnitude[slot]);
    free(magnitudes.slack[slot]);
  }
  return status;
}

void tmk_verify_elements_free(struct tmk_verify_elements *elements)
{
  if (!elements) return;
  free(elements->items);
  *elements = (struct tmk_verify_elements){0};
}

/* ---- judging ---- */

double tmk_verify_half_ulp(enum tmk_dtype dtype, double value)
{
  const int mantissa_bits = tmk_dtype_get(dtype)->mantissa_bits;
  if (mantissa_bits == 0 || !isfinite(value)) return 0;
  /* |value| = f · 2^exponent with ½ ≤ f < 1, so neighbours are 2^(exponent − 1 − mantissa_bits) apart; below the normal
   * numbers they are as far apart as above the smallest of those. */
  const int least = tmk_dtype_get(dtype)->min_exponent + 1;
  int exponent;
  frexp(value, &exponent);
  if (value == 0 || exponent < least) exponent = least;
  return ldexp(1.0, exponent - 2 - mantissa_bits);
}

/* The elements of one output tensor and what is known of them together. */
struct group {
  const struct tmk_tensor *tensor;
  double least, calibration;                      /* R₀; max(R, R₀) */
  double error2, naive2, half2, unit2, expected2; /* sums of squares, for the norms */
};

/* What an element is held against. */
struct bound {
  double expected; /* the truth, rounded where the operation is exact */
  double rounding; /* h of the derivation */
  double beyond;   /* what the error may be more than that */
};

static struct bound element_bound(const struct group *group, const struct tmk_verify_element *element)
{
  const enum tmk_dtype dtype = group->tensor->dtype;
  if (!(element->magnitude > 0) && !(element->slack > 0)) { /* exact */
    struct bound bound = {0};
    if (!tmk_dtype_round(dtype, element->expected, &bound.expected)) {
      bound.rounding = tmk_verify_half_ulp(dtype, element->expected);
    }
    return bound;
  }
  const double arithmetic = ORDER * group->calibration * UNIT_F32 * element->magnitude;
  return (struct bound){
      .expected = element->expected,
      .rounding = tmk_verify_half_ulp(dtype, fabs(element->expected) + arithmetic),
      .beyond = arithmetic + element->slack + SMALLEST_F32,
  };
}

/* Error ÷ limit; NaN, infinity and an error above a limit of 0 give infinity. */
static double ratio_of(double error, double limit)
{
  if (!isfinite(error) || !isfinite(limit)) return (double)INFINITY;
  if (error <= 0) return 0;
  return limit > 0 ? error / limit : (double)INFINITY;
}

/* R₀ of the derivation. */
static double calibration_least(const struct tmk_plan *plan, const struct tmk_op *op)
{
  if (op->kind != TMK_OP_GEMM || plan->tensors[op->u.gemm.weight].dtype != TMK_DTYPE_F8E4M3) return 1;
  return fmax(1, NARROW_ROUNDING * fmin(1, NARROW_SUM / (double)op->u.gemm.k));
}

static void group_calibrate(struct group *group, const struct tmk_verify_elements *elements, int tensor)
{
  group->calibration = group->least;
  for (int64_t i = 0; i < elements->count; i++) {
    const struct tmk_verify_element *e = &elements->items[i];
    if (e->tensor != tensor || !(e->magnitude > 0)) continue;
    const double r = (fabs(e->naive - e->expected) - e->slack - SMALLEST_F32) / (UNIT_F32 * e->magnitude);
    if (r > group->calibration && isfinite(r)) group->calibration = r;
  }
}

static void group_sum(struct group *group, const struct tmk_verify_element *e)
{
  const enum tmk_dtype dtype = group->tensor->dtype;
  double naive;
  tmk_dtype_round(dtype, e->naive, &naive);
  naive -= e->expected;
  const double error = e->got - e->expected;
  const double half = tmk_verify_half_ulp(dtype, e->expected);
  const double unit = group->least * UNIT_F32 * e->magnitude + e->slack + SMALLEST_F32;
  group->error2 += error * error;
  group->naive2 += naive * naive;
  group->half2 += half * half;
  group->unit2 += unit * unit;
  group->expected2 += e->expected * e->expected;
}

static void describe_failure(const struct group *group, const struct tmk_verify_element *e, const struct bound *bound,
                             struct tmk_verify_op *result)
{
  const struct tmk_tensor *t = group->tensor;
  char place[96] = "";
  int64_t rest = e->index, at[TMK_MAX_DIMS];
  for (int i = t->rank - 1; i >= 0; i--) {
    at[i] = rest % t->dims[i];
    rest /= t->dims[i];
  }
  int used = 0;
  for (int i = 0; i < t->rank; i++) {
    used += snprintf(place + used, sizeof place - (size_t)used, "%s%lld", i ? "," : "", (long long)at[i]);
  }
  if (!isfinite(bound->expected)) {
    snprintf(result->detail, sizeof result->detail, "%.40s[%.40s]: an operand is not finite, got %.9g", t->name, place,
             e->got);
  } else {
    snprintf(result->detail, sizeof result->detail, "%.40s[%.40s]: got %.9g, expected %.9g within %.2g", t->name, place,
             e->got, bound->expected, bound->rounding + bound->beyond);
  }
}

static void judge_element(const struct group *group, const struct tmk_verify_element *e, struct tmk_verify_op *result)
{
  const struct bound bound = element_bound(group, e);
  const double error = fabs(e->got - bound.expected), ratio = ratio_of(error - bound.rounding, bound.beyond);
  const bool failed = !(ratio <= 1);
  if (failed && (result->passed || ratio > result->ratio)) describe_failure(group, e, &bound, result);
  if (failed) result->passed = false;
  if (ratio > result->ratio || result->elements == 0) {
    result->ratio = ratio;
    result->max_error = error;
    result->max_limit = bound.rounding + bound.beyond;
  }
  result->elements++;
}

static void judge_norm(const struct group *group, struct tmk_verify_op *result)
{
  const double scale = group->expected2 > 0 ? sqrt(group->expected2) : 1;
  const double error = sqrt(group->error2) / scale;
  const double limit = (NORM * sqrt(group->naive2) + sqrt(group->half2) + sqrt(group->unit2)) / scale;
  const double ratio = ratio_of(error, limit);
  if (!(ratio <= 1)) {
    result->passed = false;
    if (!result->detail[0]) {
      snprintf(result->detail, sizeof result->detail, "%.40s: relative error %.3g over all elements, limit %.3g",
               group->tensor->name, error, limit);
    }
  }
  if (result->limit == 0 || ratio > ratio_of(result->error, result->limit)) {
    result->error = error;
    result->limit = limit;
  }
  if (ratio > result->ratio) result->ratio = ratio;
}

void tmk_verify_judge(const struct tmk_plan *plan, const struct tmk_verify_elements *elements,
                      struct tmk_verify_op *result)
{
  struct tmk_operand operands[TMK_OP_MAX_OPERANDS];
  const int count = tmk_op_operands(&plan->ops[result->op], operands);
  *result = (struct tmk_verify_op){.op = result->op, .passed = elements->count > 0};
  if (elements->count == 0) snprintf(result->detail, sizeof result->detail, "nothing was checked");
  for (int operand = 0; operand < count; operand++) {
    const int tensor = operands[operand].tensor;
    if (!(operands[operand].access & TMK_ACCESS_OUT)) continue;
    struct group group = {.tensor = &plan->tensors[tensor], .least = calibration_least(plan, &plan->ops[result->op])};
    group_calibrate(&group, elements, tensor);
    for (int64_t i = 0; i < elements->count; i++) {
      if (elements->items[i].tensor != tensor) continue;
      judge_element(&group, &elements->items[i], result);
      group_sum(&group, &elements->items[i]);
    }
    judge_norm(&group, result);
  }
}
