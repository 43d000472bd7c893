/* cuda_transfer.c: the harness's access to elements: packed on the device, copied through pinned memory, widened on the host. */
#include <math.h>
#include <string.h>

#include "cuda_exec.h"

struct tmk_cuda_place tmk_cuda_place_of(const struct tmk_cuda_view *view, const int32_t *pages)
{
  return (struct tmk_cuda_place){
      .data = view->data,
      .layout = view->layout,
      .element_bytes = view->layout == TMK_CUDA_BLOCKS ? 0 : (int)tmk_dtype_bytes(view->dtype, 1),
      .dtype = view->dtype,
      .width = view->width,
      .ld = view->ld,
      .scales = view->scales,
      .blocks = view->blocks,
      .positions = view->positions,
      .heads = view->heads,
      .head_dim = view->head_dim,
      .pages = pages,
      .pages_per_sequence = view->pages_per_sequence,
  };
}

struct tmk_cuda_fill tmk_cuda_fill_of(const struct tmk_tensor *tensor, uint64_t seed, const struct tmk_cuda_view *view,
                                      const int32_t *pages)
{
  struct tmk_cuda_fill fill = {
      .place = tmk_cuda_place_of(view, pages),
      .key = tmk_fill_key(seed, tensor->id),
      .offset = tensor->fill_offset,
      .step = tensor->fill_scale * 0x1p-23f,
      .vocab = (uint32_t)tensor->fill_vocab,
      .rank = tensor->rank,
      .scale = view->scale,
      .positions_filled = view->positions,
  };
  for (int i = 0; i < TMK_MAX_GAPS; i++) fill.gaps[i] = tensor->gaps[i];
  for (int i = 0; i < tensor->rank; i++) {
    fill.dims[i] = tensor->dims[i];
    fill.origin[i] = tensor->origin[i];
    fill.global_dims[i] = tensor->global_dims[i];
  }
  return fill;
}

static double element_get(const void *packed, enum tmk_dtype dtype, int64_t i)
{
  switch (dtype) {
  case TMK_DTYPE_F32: return (double)((const float *)packed)[i];
  case TMK_DTYPE_I32: return (double)((const int32_t *)packed)[i];
  case TMK_DTYPE_F8E4M3: return tmk_e4m3_value(((const uint8_t *)packed)[i]);
  default: return (double)tmk_bf16_to_f32(((const uint16_t *)packed)[i]);
  }
}

static void element_set(void *packed, enum tmk_dtype dtype, int64_t i, double value)
{
  double rounded;
  tmk_dtype_round(dtype, value, &rounded);
  switch (dtype) {
  case TMK_DTYPE_F32: ((float *)packed)[i] = (float)rounded; break;
  case TMK_DTYPE_I32: ((int32_t *)packed)[i] = (int32_t)rounded; break;
  case TMK_DTYPE_F8E4M3: ((uint8_t *)packed)[i] = tmk_e4m3_from(value); break;
  default: ((uint16_t *)packed)[i] = tmk_f32_to_bf16((float)rounded); break;
  }
}

static enum tmk_status check_access(struct tmk_exec *exec, int tensor, int64_t first, int64_t count,
                                    struct tmk_error *err)
{
  if (tensor < 0 || tensor >= exec->plan->tensor_count) {
    return tmk_fail(err, TMK_ERR_USAGE, "tensor %d: must be 0..%d", tensor, exec->plan->tensor_count - 1);
  }
  const int64_t elements = tmk_tensor_elements(&exec->plan->tensors[tensor]);
  if (first < 0 || count < 0 || first > elements || count > elements - first) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: elements %lld + %lld: it has %lld", exec->plan->tensors[tensor].name,
                    (long long)first, (long long)count, (long long)elements);
  }
  return tmk_cuda_bind(exec, err);
}

static struct tmk_cuda_place place_in(const struct tmk_exec *exec, int tensor)
{
  const struct tmk_backend *backend = exec->backend;
  return tmk_cuda_place_of(&exec->views[tensor], (const int32_t *)(const void *)(backend->arena + exec->pages_offset));
}

static cudaError_t gather(const struct tmk_backend *backend, const struct tmk_cuda_place *place, int64_t first,
                          int64_t count)
{
  if (place->layout != TMK_CUDA_BLOCKS) {
    return tmk_cuda_gather_launch(place, first, count, backend->staging_device, backend->stream);
  }
  return tmk_cuda_gather_nvfp4_launch(place, first, count, (float *)backend->staging_device, backend->stream);
}

enum tmk_status tmk_cuda_read(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, double *values,
                              struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend *backend = exec->backend;
  TMK_TRY(check_access(exec, tensor, first, count, err));
  if (exec->views[tensor].layout == TMK_CUDA_CONSTANT) {
    memcpy(values, exec->plan->tensors[tensor].constant + first, (size_t)count * sizeof *values);
    return TMK_OK;
  }
  const struct tmk_cuda_place place = place_in(exec, tensor);
  const bool blocks = place.layout == TMK_CUDA_BLOCKS; /* these come as floats */
  const enum tmk_dtype dtype = blocks ? TMK_DTYPE_F32 : place.dtype;
  const int64_t element_bytes = tmk_dtype_bytes(dtype, 1);
  const double scale = (double)exec->views[tensor].scale;
  while (count > 0) {
    const int64_t part = count < TMK_CUDA_STAGING_ELEMENTS ? count : TMK_CUDA_STAGING_ELEMENTS;
    TMK_CUDA_TRY(gather(backend, &place, first, part), "reading back");
    TMK_CUDA_TRY(cudaMemcpyAsync(backend->staging_host, backend->staging_device, (size_t)(part * element_bytes),
                                 cudaMemcpyDeviceToHost, backend->stream),
                 "reading back");
    TMK_TRY(tmk_cuda_stream_wait(backend, "reading back", err));
    for (int64_t i = 0; i < part; i++) values[i] = element_get(backend->staging_host, dtype, i) * scale;
    first += part;
    values += part;
    count -= part;
  }
out:
  return status;
}

enum tmk_status tmk_cuda_write(struct tmk_exec *exec, int tensor, int64_t first, int64_t count, const double *values,
                               struct tmk_error *err)
{
  enum tmk_status status = TMK_OK;
  const struct tmk_backend *backend = exec->backend;
  TMK_TRY(check_access(exec, tensor, first, count, err));
  if (exec->shared[tensor] != NULL || exec->views[tensor].layout == TMK_CUDA_CONSTANT) {
    return tmk_fail(err, TMK_ERR_USAGE, "%s: weights and constants can't be written", exec->plan->tensors[tensor].name);
  }
  const struct tmk_cuda_place place = place_in(exec, tensor);
  while (count > 0) {
    const int64_t part = count < TMK_CUDA_STAGING_ELEMENTS ? count : TMK_CUDA_STAGING_ELEMENTS;
    for (int64_t i = 0; i < part; i++) element_set(backend->staging_host, place.dtype, i, values[i]);
    TMK_CUDA_TRY(cudaMemcpyAsync(backend->staging_device, backend->staging_host, (size_t)(part * place.element_bytes),
                                 cudaMemcpyHostToDevice, backend->stream),
                 "writing operands");
    TMK_CUDA_TRY(tmk_cuda_scatter_launch(&place, first, part, backend->staging_device, backend->stream),
                 "writing operands");
    TMK_CUDA_TRY(cudaStreamSynchronize(backend->stream), "writing operands");
    first += part;
    values += part;
    count -= part;
  }
out:
  return status;
}
