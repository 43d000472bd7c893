/* rt_copy.c: copies and fills. */
#include "rt.h"

/* Each kind says on which side there may be device memory: a wrong one is an error rather than a fault on the host. */
static cudaError_t check_kind(const struct rt *rt, const void *to, const void *from, enum cudaMemcpyKind kind)
{
  bool to_device = rt_is_device_address(to), from_device = rt_is_device_address(from);
  bool to_both = to_device || rt_find_host(rt, to) != NULL, from_both = from_device || rt_find_host(rt, from) != NULL;
  bool good = false;
  switch (kind) {
  case cudaMemcpyHostToHost: good = !to_device && !from_device; break;
  case cudaMemcpyHostToDevice: good = to_both && !from_device; break;
  case cudaMemcpyDeviceToHost: good = !to_device && from_both; break;
  case cudaMemcpyDeviceToDevice: good = to_both && from_both; break;
  case cudaMemcpyDefault: good = true; break;
  default: return rt_fail(rt, cudaErrorInvalidMemcpyDirection, "kind %d", (int)kind);
  }
  if (good) return cudaSuccess;
  return rt_fail(rt, cudaErrorInvalidValue, "kind %d for a copy from %s to %s memory", (int)kind,
                 from_device ? "device" : "host", to_device ? "device" : "host");
}

/* Does a call without Async return when the work is done? Where host memory takes part; else, as CUDA documents, it may return before. */
static bool is_synchronous(const struct rt_op *op)
{
  return !rt_is_device_address(op->to) || (op->kind == RT_OP_COPY && !rt_is_device_address(op->from));
}

/* A copy from the device to memory that isn't pinned returns when it is done, Async or not. */
static bool is_to_pageable(const struct rt *rt, const struct rt_op *op)
{
  return op->kind == RT_OP_COPY && !rt_is_device_address(op->to) && rt_find_host(rt, op->to) == NULL;
}

/* op: a COPY or FILL. wait: a call without Async. */
static cudaError_t submit(struct rt *rt, const struct rt_op *op, enum cudaMemcpyKind kind, cudaStream_t handle,
                          bool wait)
{
  struct rt_device *device;
  struct CUstream_st *stream;
  cudaError_t error = rt_device(rt, &device);
  if (error == cudaSuccess && wait) error = rt_not_capturing(rt);
  if (error != cudaSuccess || op->width == 0 || op->height == 0) return error;
  if (op->to == NULL || (op->kind == RT_OP_COPY && op->from == NULL)) {
    return rt_fail(rt, cudaErrorInvalidValue, "a null pointer");
  }
  if (op->height > 1 && (op->width > op->to_pitch || (op->kind == RT_OP_COPY && op->width > op->from_pitch))) {
    return rt_fail(rt, cudaErrorInvalidPitchValue, "rows of %zu bytes: more than the pitch", op->width);
  }
  if (op->kind == RT_OP_COPY) error = check_kind(rt, op->to, op->from, kind);
  if (error == cudaSuccess) error = rt_submit(rt, handle, op);
  if (error != cudaSuccess || rt_stream(rt, handle, &stream) != cudaSuccess || stream->capture != NULL) return error;
  if ((wait && is_synchronous(op)) || is_to_pageable(rt, op)) rt_wait(rt, stream);
  return error;
}

static struct rt_op copy_of(void *to, const void *from, size_t bytes)
{
  return (struct rt_op){.kind = RT_OP_COPY, .to = to, .from = from, .width = bytes, .height = 1};
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(to, from, bytes);
  return rt_leave(rt, submit(rt, &op, kind, NULL, true));
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind, cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(to, from, bytes);
  return rt_leave(rt, submit(rt, &op, kind, stream, false));
}

static struct rt_op copy_of_rows(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                                 size_t height)
{
  return (struct rt_op){.kind = RT_OP_COPY,
                        .to = to,
                        .from = from,
                        .to_pitch = to_pitch,
                        .from_pitch = from_pitch,
                        .width = width,
                        .height = height};
}

cudaError_t cudaMemcpy2D(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width, size_t height,
                         enum cudaMemcpyKind kind)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of_rows(to, to_pitch, from, from_pitch, width, height);
  return rt_leave(rt, submit(rt, &op, kind, NULL, true));
}

cudaError_t cudaMemcpy2DAsync(void *to, size_t to_pitch, const void *from, size_t from_pitch, size_t width,
                              size_t height, enum cudaMemcpyKind kind, cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of_rows(to, to_pitch, from, from_pitch, width, height);
  return rt_leave(rt, submit(rt, &op, kind, stream, false));
}

/* Addresses say which device; the numbers must be of devices. */
cudaError_t cudaMemcpyPeerAsync(void *to, int to_device, const void *from, int from_device, size_t bytes,
                                cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(to, from, bytes);
  if (bytes > 0 && (rt_device_of(rt, to) != to_device || rt_device_of(rt, from) != from_device)) {
    return rt_leave(rt, rt_fail(rt, cudaErrorInvalidValue, "memory of devices %d and %d", rt_device_of(rt, to),
                                rt_device_of(rt, from)));
  }
  return rt_leave(rt, submit(rt, &op, cudaMemcpyDeviceToDevice, stream, false));
}

cudaError_t cudaMemcpyPeer(void *to, int to_device, const void *from, int from_device, size_t bytes)
{
  return cudaMemcpyPeerAsync(to, to_device, from, from_device, bytes, NULL);
}

/* Where `offset` of a variable lies, if `bytes` fit there. */
static cudaError_t inside(struct rt *rt, const void *symbol, size_t bytes, size_t offset, void **out)
{
  uint64_t address = 0, size = 0;
  cudaError_t error = rt_find_variable(rt, symbol, &address, &size);
  if (error != cudaSuccess) return error;
  if (offset > size || bytes > size - offset) {
    return rt_fail(rt, cudaErrorInvalidValue, "%zu bytes at %zu of a variable of %llu", bytes, offset,
                   (unsigned long long)size);
  }
  *out = (void *)(uintptr_t)(address + offset);
  return cudaSuccess;
}

static cudaError_t to_symbol(struct rt *rt, const void *symbol, struct rt_op *op, size_t offset,
                             enum cudaMemcpyKind kind, cudaStream_t stream, bool wait)
{
  cudaError_t error = inside(rt, symbol, op->width, offset, &op->to);
  return error == cudaSuccess ? submit(rt, op, kind, stream, wait) : error;
}

static cudaError_t from_symbol(struct rt *rt, const void *symbol, struct rt_op *op, size_t offset,
                               enum cudaMemcpyKind kind, cudaStream_t stream, bool wait)
{
  void *from = NULL;
  cudaError_t error = inside(rt, symbol, op->width, offset, &from);
  op->from = from;
  return error == cudaSuccess ? submit(rt, op, kind, stream, wait) : error;
}

cudaError_t cudaMemcpyToSymbol(const void *symbol, const void *from, size_t bytes, size_t offset,
                               enum cudaMemcpyKind kind)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(NULL, from, bytes);
  return rt_leave(rt, to_symbol(rt, symbol, &op, offset, kind, NULL, true));
}

cudaError_t cudaMemcpyToSymbolAsync(const void *symbol, const void *from, size_t bytes, size_t offset,
                                    enum cudaMemcpyKind kind, cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(NULL, from, bytes);
  return rt_leave(rt, to_symbol(rt, symbol, &op, offset, kind, stream, false));
}

cudaError_t cudaMemcpyFromSymbol(void *to, const void *symbol, size_t bytes, size_t offset, enum cudaMemcpyKind kind)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(to, NULL, bytes);
  return rt_leave(rt, from_symbol(rt, symbol, &op, offset, kind, NULL, true));
}

cudaError_t cudaMemcpyFromSymbolAsync(void *to, const void *symbol, size_t bytes, size_t offset,
                                      enum cudaMemcpyKind kind, cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = copy_of(to, NULL, bytes);
  return rt_leave(rt, from_symbol(rt, symbol, &op, offset, kind, stream, false));
}

static struct rt_op fill_of(void *to, int value, size_t bytes)
{
  return (struct rt_op){.kind = RT_OP_FILL, .to = to, .value = (uint8_t)value, .width = bytes, .height = 1};
}

cudaError_t cudaMemset(void *to, int value, size_t bytes)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = fill_of(to, value, bytes);
  return rt_leave(rt, submit(rt, &op, cudaMemcpyDefault, NULL, true));
}

cudaError_t cudaMemsetAsync(void *to, int value, size_t bytes, cudaStream_t stream)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_op op = fill_of(to, value, bytes);
  return rt_leave(rt, submit(rt, &op, cudaMemcpyDefault, stream, false));
}
