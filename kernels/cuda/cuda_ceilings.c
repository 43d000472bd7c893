/* cuda_ceilings.c: what the device reaches: the best of several patterns of streams, and for each dtype the best of several large
 * gemms of cuBLASLt, or for bf16 without it the multiply-adds of mma_peak_sm80.cu. A disturbance only ever makes a repeat longer, so
 * the shortest counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "cuda.h"
#include "cuda_ceilings.h"

enum { REPEATS_FULL = 10, REPEATS_QUICK = 4, L2_FACTOR = 16 };
#define STREAM_BYTES_MIN ((int64_t)1 << 30)
#define STREAM_BYTES_MAX ((int64_t)4 << 30)
#define MMA_NS           4e6 /* one repeat of the multiply-adds, about */

/* Large enough to fill every device and to leave its L2 behind: the best differs with the number of SMs. */
static const struct {
  int64_t m, n, k;
} gemm_shapes[] = {{4096, 4096, 4096}, {8192, 8192, 4096}, {8192, 8192, 8192}, {16384, 8192, 8192}};
#define GEMM_SHAPES (int)(sizeof gemm_shapes / sizeof gemm_shapes[0])

/* A dtype whose gemm is a peak of its own. */
static const struct {
  enum tmk_dtype dtype;
  int min_compute_capability;
} gemm_dtypes[] = {{TMK_DTYPE_BF16, 80}, {TMK_DTYPE_F8E4M3, 89}, {TMK_DTYPE_NVFP4, 100}};
#define GEMM_DTYPES (int)(sizeof gemm_dtypes / sizeof gemm_dtypes[0])

/* What is measured: queued once a repeat. */
struct job {
  struct tmk_backend *backend;
  enum tmk_status (*queue)(const struct job *job, struct tmk_error *err);
  enum tmk_cuda_stream_kind kind;
  int pattern;
  struct tmk_cuda_stream stream;
  const struct tmk_cublaslt_gemm *gemm;
  struct tmk_cublaslt_operands operands;
  const void *mma_operands;
  float *mma_out;
  int mma_rounds, mma_blocks;
};

/* The shortest of `repeats`, after one that is not counted. All are queued at once, so that the device doesn't idle between them; the
 * SM's clock is read while they run (NAN where it isn't readable; NULL: not asked). */
static enum tmk_status time_best(const struct job *job, int repeats, double *best_ns, double *clock_hz,
                                 struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  struct tmk_backend *backend = job->backend;
  struct tmk_health health = {.clock_hz = NAN};
  *best_ns = NAN;
  TMK_TRY(job->queue(job, err));
  TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), "measuring a ceiling");
  TMK_CUDA_TRY(cudaEventRecord(backend->op_events[0], backend->stream), "measuring a ceiling");
  for (int i = 0; i < repeats; i++) {
    TMK_TRY(job->queue(job, err));
    TMK_CUDA_TRY(cudaEventRecord(backend->op_events[i + 1], backend->stream), "measuring a ceiling");
  }
  if (clock_hz != NULL) {
    TMK_CUDA_TRY(cudaEventSynchronize(backend->op_events[repeats / 2]), "measuring a ceiling");
    (void)tmk_nvml_health(backend->nvml, &health);
    *clock_hz = health.clock_hz;
  }
  TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), "measuring a ceiling");
  for (int i = 0; i < repeats; i++) {
    float milliseconds = 0;
    TMK_CUDA_TRY(cudaEventElapsedTime(&milliseconds, backend->op_events[i], backend->op_events[i + 1]),
                 "measuring a ceiling");
    const double ns = (double)milliseconds * 1e6;
    if (ns > 0 && !(ns >= *best_ns)) *best_ns = ns;
  }
out:
  return status;
}

/* ---- streams ---- */

static enum tmk_status queue_stream(const struct job *job, struct tmk_error *err)
{
  return tmk_cuda_check(
      tmk_cuda_stream_launch(job->kind, job->pattern, &job->stream, &job->backend->limits, job->backend->stream),
      tmk_cuda_stream_name(job->kind, job->pattern), err);
}

/* 16 L2 caches, at least 1 GiB and at most 4, or half of what is free; 0 where that is not even 4 L2 caches. */
static int64_t stream_bytes(const struct tmk_backend *backend)
{
  size_t free_bytes = 0, total = 0;
  if (cudaMemGetInfo(&free_bytes, &total) != cudaSuccess) return 0;
  int64_t bytes = backend->limits.l2_bytes * L2_FACTOR;
  if (bytes < STREAM_BYTES_MIN) bytes = STREAM_BYTES_MIN;
  if (bytes > STREAM_BYTES_MAX) bytes = STREAM_BYTES_MAX;
  if (bytes > (int64_t)free_bytes / 2) bytes = (int64_t)free_bytes / 2;
  bytes -= bytes % 4096;
  return bytes < 4 * backend->limits.l2_bytes ? 0 : bytes;
}

static enum tmk_status measure_streams(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out,
                                       struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t bytes = stream_bytes(backend);
  char *buffer = NULL;
  if (bytes == 0) return TMK_OK; /* no room to measure in: unknown */
  if (cudaMalloc((void **)&buffer, (size_t)bytes) != cudaSuccess) {
    (void)cudaGetLastError();
    return TMK_OK; /* in pieces: likewise */
  }
  TMK_CUDA_TRY(tmk_cuda_noise_launch(TMK_DTYPE_I32, buffer, bytes, backend->stream), "filling a buffer for ceilings");
  for (int kind = 0; kind < TMK_CUDA_STREAM_KINDS; kind++) {
    const bool copy = kind == TMK_CUDA_STREAM_COPY;
    double *rate = copy ? &out->copy_bytes_per_s : &out->read_bytes_per_s;
    char *name = copy ? out->copy_pattern : out->read_pattern;
    int *best = &backend->best_stream[kind];
    for (int pattern = 0; pattern < TMK_CUDA_STREAM_PATTERNS; pattern++) {
      struct job job = {
          .backend = backend, .queue = queue_stream, .kind = (enum tmk_cuda_stream_kind)kind, .pattern = pattern};
      /* A copy reads one half and writes the other: as many bytes in all. The sum's place is outside what is timed. */
      job.stream = copy ? (struct tmk_cuda_stream){.from = buffer, .to = buffer + bytes / 2, .bytes = bytes / 2}
                        : (struct tmk_cuda_stream){.from = buffer, .sum = backend->staging_device, .bytes = bytes};
      double ns;
      if (quick && pattern != *best) continue;
      TMK_TRY(time_best(&job, quick ? REPEATS_QUICK : REPEATS_FULL, &ns, NULL, err));
      if (!((double)bytes / ns * 1e9 > (isnan(*rate) ? 0 : *rate))) continue;
      *rate = (double)bytes / ns * 1e9;
      *best = pattern;
      snprintf(name, sizeof out->read_pattern, "%s", tmk_cuda_stream_name(job.kind, pattern));
    }
  }
out:
  if (buffer != NULL) (void)cudaFree(buffer);
  return status;
}

/* ---- gemms ---- */

static enum tmk_status queue_gemm(const struct job *job, struct tmk_error *err)
{
  return tmk_cublaslt_gemm_launch(job->gemm, &job->operands, job->backend->stream, err);
}

/* Places of the operands in one buffer. */
struct gemm_buffer {
  char *base;
  int64_t x_bytes, weight_bytes, y_bytes, x_scale_bytes, weight_scale_bytes;
};

/* An e4m3 scale for 16 elements; rows in blocks of 128. */
static int64_t scale_bytes(enum tmk_dtype dtype, int64_t rows, int64_t k)
{
  return dtype == TMK_DTYPE_NVFP4 ? (rows + 127) / 128 * 128 * (k / 16) : 0;
}

static int64_t element_bytes(enum tmk_dtype dtype, int64_t count)
{
  return count * tmk_dtype_get(dtype)->bits / 8;
}

static enum tmk_status fill_operands(struct tmk_backend *backend, enum tmk_dtype dtype, struct gemm_buffer *buffer,
                                     struct tmk_cublaslt_operands *operands, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t scales = buffer->x_scale_bytes + buffer->weight_scale_bytes;
  const int64_t operand_bytes = buffer->x_bytes + buffer->weight_bytes;
  TMK_CUDA_TRY(cudaMalloc((void **)&buffer->base, (size_t)(operand_bytes + scales + buffer->y_bytes)),
               "cudaMalloc of operands for ceilings");
  char *at = buffer->base;
  operands->x = at;
  operands->weight = at += buffer->x_bytes;
  at += buffer->weight_bytes;
  TMK_CUDA_TRY(tmk_cuda_noise_launch(dtype, buffer->base, operand_bytes, backend->stream), "filling operands");
  if (scales > 0) {
    operands->x_scale = at;
    operands->weight_scale = at + buffer->x_scale_bytes;
    TMK_CUDA_TRY(cudaMemsetAsync(at, 0x38, (size_t)scales, backend->stream), "filling scales"); /* 1.0 in e4m3 */
    at += scales;
  }
  operands->y = at;
out:
  return status;
}

/* Every algorithm of one shape; *rate is raised if one is better. A shape or dtype that the library can't do is passed over. */
static enum tmk_status measure_gemm(struct tmk_backend *backend, int dtype_row, int shape_row, bool quick, double *rate,
                                    double *clock_hz, struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const enum tmk_dtype dtype = gemm_dtypes[dtype_row].dtype;
  const int64_t m = gemm_shapes[shape_row].m, n = gemm_shapes[shape_row].n, k = gemm_shapes[shape_row].k;
  const struct tmk_cublaslt_shape shape = {
      .m = m, .n = n, .k = k, .x_ld = k, .weight_ld = k, .y_ld = n, .dtype = dtype, .y_dtype = TMK_DTYPE_BF16};
  struct gemm_buffer buffer = {.x_bytes = element_bytes(dtype, m * k),
                               .weight_bytes = element_bytes(dtype, n * k),
                               .y_bytes = m * n * 2,
                               .x_scale_bytes = scale_bytes(dtype, m, k),
                               .weight_scale_bytes = scale_bytes(dtype, n, k)};
  struct tmk_cublaslt_gemm *gemm = NULL;
  struct job job = {.backend = backend, .queue = queue_gemm};
  status = tmk_cublaslt_gemm_create(backend->cublaslt, &shape, &gemm, err);
  if (status == TMK_ERR_UNSUPPORTED) return TMK_OK;
  if (status != TMK_OK) return status;
  status = fill_operands(backend, dtype, &buffer, &job.operands, err);
  if (status == TMK_ERR_MEMORY)
    status = TMK_OK; /* less room than this shape takes: smaller ones were measured */
  else if (status == TMK_OK) {
    job.gemm = gemm;
    for (int i = 0; i < tmk_cublaslt_gemm_algorithms(gemm); i++) {
      double ns, hz;
      if (quick && i != backend->best_gemm[dtype_row].algorithm) continue;
      tmk_cublaslt_gemm_choose(gemm, i);
      TMK_TRY(time_best(&job, quick ? REPEATS_QUICK : REPEATS_FULL, &ns, &hz, err));
      const double found = 2.0 * (double)m * (double)n * (double)k / ns * 1e9;
      if (!(found > (isnan(*rate) ? 0 : *rate))) continue;
      *rate = found;
      *clock_hz = hz;
      backend->best_gemm[dtype_row].shape = shape_row;
      backend->best_gemm[dtype_row].algorithm = i;
    }
  }
out:
  if (buffer.base != NULL) (void)cudaFree(buffer.base);
  tmk_cublaslt_gemm_destroy(gemm);
  return status;
}

static enum tmk_status measure_gemms(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out,
                                     struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  for (int row = 0; row < GEMM_DTYPES; row++) {
    const enum tmk_dtype dtype = gemm_dtypes[row].dtype;
    double hz = NAN;
    if (backend->limits.compute_capability < gemm_dtypes[row].min_compute_capability) continue;
    for (int shape = 0; shape < GEMM_SHAPES; shape++) {
      if (quick && shape != backend->best_gemm[row].shape) continue;
      TMK_TRY(measure_gemm(backend, row, shape, quick, &out->flops_per_s[dtype], &hz, err));
    }
    if (dtype != TMK_DTYPE_BF16 || isnan(out->flops_per_s[dtype])) continue;
    const int best = backend->best_gemm[row].shape;
    out->clock_hz = hz;
    snprintf(out->flops_pattern, sizeof out->flops_pattern, "cuBLASLt %lld x %lld x %lld",
             (long long)gemm_shapes[best].m, (long long)gemm_shapes[best].n, (long long)gemm_shapes[best].k);
  }
out:
  return status;
}

/* ---- multiply-adds ---- */

static enum tmk_status queue_mma(const struct job *job, struct tmk_error *err)
{
  return tmk_cuda_check(
      tmk_cuda_mma_peak_launch(job->mma_operands, job->mma_out, job->mma_rounds, job->mma_blocks, job->backend->stream),
      "mma_peak_sm80", err);
}

static enum tmk_status measure_mma(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out,
                                   struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const int64_t operand_bytes = TMK_CUDA_MMA_OPERANDS * 2;
  const int blocks = backend->limits.sm_count * TMK_CUDA_MMA_BLOCKS;
  const double flops_round = (double)blocks * (TMK_CUDA_MMA_THREADS / 32) * TMK_CUDA_MMA_TILES * 2 * 16 * 8 * 16;
  char *buffer = NULL;
  double ns;
  TMK_CUDA_TRY(
      cudaMalloc((void **)&buffer, (size_t)operand_bytes + (size_t)blocks * TMK_CUDA_MMA_THREADS * sizeof(float)),
      "cudaMalloc of operands for ceilings");
  TMK_CUDA_TRY(tmk_cuda_noise_launch(TMK_DTYPE_BF16, buffer, operand_bytes, backend->stream), "filling operands");
  struct job job = {.backend = backend,
                    .queue = queue_mma,
                    .mma_operands = buffer,
                    .mma_out = (float *)(void *)(buffer + operand_bytes),
                    .mma_rounds = 4096,
                    .mma_blocks = blocks};
  TMK_TRY(time_best(&job, 2, &ns, NULL, err));
  job.mma_rounds = (int)(4096 * fmin(fmax(MMA_NS / ns, 0.1), 1000));
  TMK_TRY(time_best(&job, quick ? REPEATS_QUICK : REPEATS_FULL, &ns, &out->clock_hz, err));
  out->flops_per_s[TMK_DTYPE_BF16] = flops_round * job.mma_rounds / ns * 1e9;
  snprintf(out->flops_pattern, sizeof out->flops_pattern, "mma.sync from registers (no cuBLASLt)");
out:
  if (buffer != NULL) (void)cudaFree(buffer);
  return status;
}

enum tmk_status tmk_cuda_ceilings(struct tmk_backend *backend, bool quick, struct tmk_ceilings *out,
                                  struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  tmk_ceilings_init(out);
  if (backend->simulated) return tmk_fail(err, TMK_ERR_UNSUPPORTED, "a simulated device has no ceilings to measure");
  out->repeats = quick ? REPEATS_QUICK : REPEATS_FULL;
  TMK_TRY(measure_streams(backend, quick, out, err));
  if (backend->cublaslt != NULL) TMK_TRY(measure_gemms(backend, quick, out, err));
  if (isnan(out->flops_per_s[TMK_DTYPE_BF16])) TMK_TRY(measure_mma(backend, quick, out, err));
out:
  return status;
}
