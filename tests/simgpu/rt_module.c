/* rt_module.c: what a program registers before main: fatbins, kernels and variables by host address. */
#include "rt.h"

#include <stdio.h>
#include <stdlib.h>

void **__cudaRegisterFatBinary(void *wrapper)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_image *image = calloc(1, sizeof *image);
  if (image == NULL) {
    fprintf(stderr, "simgpu: out of memory for the program's kernels\n");
    abort();
  }
  image->data = wrapper;
  image->next = rt->images;
  rt->images = image;
  rt_leave(rt, cudaSuccess);
  return (void **)image;
}

void __cudaRegisterFatBinaryEnd(void **handle)
{
  (void)handle;
}

/* Runs while the program ends: modules stay for the report. */
void __cudaUnregisterFatBinary(void **handle)
{
  (void)handle;
}

/* Called before managed variables are used; modules are loaded when first needed, so there is nothing to do. */
char __cudaInitModule(void **handle)
{
  (void)handle;
  return 1;
}

static void add_symbol(void **handle, const void *host, const char *name, bool is_kernel)
{
  struct rt *rt = rt_enter(__func__);
  struct rt_symbol *symbol = malloc(sizeof *symbol);
  if (symbol == NULL) {
    fprintf(stderr, "simgpu: out of memory for '%s'\n", name);
    abort();
  }
  *symbol = (struct rt_symbol){
      .host = host, .name = name, .image = (struct rt_image *)handle, .is_kernel = is_kernel, .next = rt->symbols};
  rt->symbols = symbol;
  rt_leave(rt, cudaSuccess);
}

void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name, int thread_limit,
                            uint3 *tid, uint3 *bid, dim3 *block, dim3 *grid, int *warp_size)
{
  (void)device, (void)thread_limit, (void)tid, (void)bid, (void)block, (void)grid, (void)warp_size;
  add_symbol(handle, host, name, true);
}

void __cudaRegisterVar(void **handle, char *host, char *device, const char *name, int ext, size_t size, int constant,
                       int global)
{
  (void)device, (void)ext, (void)size, (void)constant, (void)global;
  add_symbol(handle, host, name, false);
}

static cudaError_t load(struct rt *rt, struct rt_image *image, struct sim_module **out)
{
  struct rt_device *device;
  cudaError_t error = rt_device(rt, &device);
  if (error != cudaSuccess) return error;
  int n = rt_thread()->device;
  struct sim_error *failure = &image->failures[n];
  if (image->modules[n] == NULL && failure->status == SIM_OK &&
      sim_module_load_image(device->sim, image->data, 0, &image->modules[n], failure) != SIM_OK) {
    /* Said even where nobody asked: nothing of the program can run. */
    fprintf(stderr, "simgpu: %s\n", failure->message);
  }
  *out = image->modules[n];
  return *out != NULL ? cudaSuccess : rt_sim_fail(rt, failure);
}

static const struct rt_symbol *find(const struct rt *rt, const void *host, bool is_kernel)
{
  for (const struct rt_symbol *symbol = rt->symbols; symbol != NULL; symbol = symbol->next) {
    if (symbol->host == host && symbol->is_kernel == is_kernel) return symbol;
  }
  return NULL;
}

cudaError_t rt_find_kernel(struct rt *rt, const void *host, struct sim_kernel **out)
{
  struct sim_module *module;
  const struct rt_symbol *symbol = find(rt, host, true);
  if (symbol == NULL) return rt_fail(rt, cudaErrorInvalidDeviceFunction, "%p is no kernel of the program", host);
  cudaError_t error = load(rt, symbol->image, &module);
  if (error != cudaSuccess) return error;
  *out = sim_module_kernel(module, symbol->name);
  if (*out != NULL) return cudaSuccess;
  return rt_fail(rt, cudaErrorInvalidDeviceFunction, "the program's PTX has no kernel '%s'", symbol->name);
}

cudaError_t rt_find_variable(struct rt *rt, const void *host, uint64_t *address, uint64_t *size_bytes)
{
  struct sim_module *module;
  const struct rt_symbol *symbol = find(rt, host, false);
  if (symbol == NULL) return rt_fail(rt, cudaErrorInvalidSymbol, "%p is no variable of the program", host);
  cudaError_t error = load(rt, symbol->image, &module);
  if (error != cudaSuccess) return error;
  if (sim_module_variable(module, symbol->name, address, size_bytes)) return cudaSuccess;
  return rt_fail(rt, cudaErrorInvalidSymbol, "the program's PTX has no variable '%s'", symbol->name);
}

cudaError_t cudaGetSymbolAddress(void **address, const void *symbol)
{
  struct rt *rt = rt_enter(__func__);
  uint64_t at = 0;
  cudaError_t error = address != NULL ? rt_find_variable(rt, symbol, &at, NULL) : cudaErrorInvalidValue;
  if (error == cudaSuccess) *address = (void *)(uintptr_t)at;
  return rt_leave(rt, error);
}

cudaError_t cudaGetSymbolSize(size_t *size, const void *symbol)
{
  struct rt *rt = rt_enter(__func__);
  uint64_t at = 0, bytes = 0;
  cudaError_t error = size != NULL ? rt_find_variable(rt, symbol, &at, &bytes) : cudaErrorInvalidValue;
  if (error == cudaSuccess) *size = bytes;
  return rt_leave(rt, error);
}
