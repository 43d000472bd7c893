/* device_launch.c: kernels: what they need, what fits, and launches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_internal.h"
#include "sim_report.h"

static const struct ptx_function *function_of(const struct sim_kernel *kernel)
{
  return &kernel->module->ptx->functions[kernel->function];
}

static uint32_t product(const uint32_t *triple)
{
  return triple[0] * triple[1] * triple[2];
}

/* What ptxas would take is not known: .maxnreg if given, else as many as let a block of the largest allowed size run, at most 64. */
static uint32_t register_estimate(const struct sim_kernel *kernel, uint32_t max_threads)
{
  const struct sim_arch *arch = kernel->module->device->arch;
  const struct ptx_function *f = function_of(kernel);
  uint32_t fits = arch->registers_per_block / (max_threads > 0 ? max_threads : 1) / 8 * 8;
  uint32_t estimate = fits < 64 ? fits : 64;
  if (f->max_registers > 0 && f->max_registers < estimate) estimate = f->max_registers;
  return estimate < 16 ? 16 : estimate;
}

const char *sim_kernel_name(const struct sim_kernel *kernel)
{
  return function_of(kernel)->name;
}

void sim_kernel_info(const struct sim_kernel *kernel, struct sim_kernel_info *info)
{
  const struct ptx_module *m = kernel->module->ptx;
  const struct ptx_function *f = function_of(kernel);
  *info = (struct sim_kernel_info){.name = f->name,
                                   .param_count = f->param_count,
                                   .param_bytes = f->param_bytes,
                                   .static_shared_bytes = f->shared_bytes,
                                   .local_bytes = f->local_bytes,
                                   .max_dynamic_shared_bytes = kernel->max_dynamic_shared_bytes,
                                   .ptx_version = m->target};
  for (uint32_t i = 0; i < m->symbol_count; i++) {
    if (m->symbols[i].space == PTX_CONST) info->const_bytes += (uint32_t)m->symbols[i].size_bytes;
  }
  uint32_t limit = kernel->module->device->arch->threads_per_block;
  uint32_t declared = f->required_threads[0] != 0 ? product(f->required_threads) : product(f->max_threads);
  info->max_threads = declared != 0 && declared < limit ? declared : limit;
  memcpy(info->required_threads, f->required_threads, sizeof info->required_threads);
  memcpy(info->cluster, f->cluster, sizeof info->cluster);
  info->registers = register_estimate(kernel, info->max_threads);
}

bool sim_kernel_param(const struct sim_kernel *kernel, uint32_t index, uint32_t *offset, uint32_t *size_bytes)
{
  const struct ptx_function *f = function_of(kernel);
  if (index >= f->param_count) return false;
  const struct ptx_symbol *symbol = &kernel->module->ptx->symbols[f->param_symbol + index];
  if (offset != NULL) *offset = (uint32_t)symbol->offset;
  if (size_bytes != NULL) *size_bytes = (uint32_t)symbol->size_bytes;
  return true;
}

enum sim_status sim_kernel_set_max_dynamic_shared(struct sim_kernel *kernel, uint32_t bytes, struct sim_error *error)
{
  const struct sim_arch *arch = kernel->module->device->arch;
  uint32_t fixed = function_of(kernel)->shared_bytes;
  if ((uint64_t)fixed + bytes > arch->shared_optin_bytes) {
    return sim_device_fail(error, SIM_ERR_INVALID_VALUE,
                           "%u bytes of dynamic shared memory with %u static ones: at most %u", bytes, fixed,
                           arch->shared_optin_bytes);
  }
  kernel->max_dynamic_shared_bytes = bytes;
  return SIM_OK;
}

uint32_t sim_kernel_occupancy(const struct sim_kernel *kernel, uint32_t threads_per_block,
                              uint32_t dynamic_shared_bytes)
{
  const struct sim_arch *arch = kernel->module->device->arch;
  struct sim_kernel_info info;
  sim_kernel_info(kernel, &info);
  if (threads_per_block == 0 || threads_per_block > info.max_threads) return 0;
  uint64_t shared = (uint64_t)info.static_shared_bytes + dynamic_shared_bytes;
  if (shared > arch->shared_optin_bytes) return 0;
  uint32_t warps = (threads_per_block + PTX_LANES - 1) / PTX_LANES;
  uint32_t blocks = arch->blocks_per_sm, limits[3];
  limits[0] = arch->warps_per_sm / warps;
  limits[1] = (uint32_t)(arch->shared_per_sm_bytes / (shared + arch->shared_reserved_bytes));
  limits[2] = arch->registers_per_sm / (info.registers * warps * PTX_LANES);
  for (int i = 0; i < 3; i++) {
    if (limits[i] < blocks) blocks = limits[i];
  }
  return blocks;
}

/* --- launches --- */

static enum sim_status check_shape(const struct sim_kernel *kernel, const struct sim_launch *launch,
                                   struct sim_error *error)
{
  static const uint32_t grid_limit[3] = {0x7fffffff, 65535, 65535}, block_limit[3] = {1024, 1024, 64};
  struct sim_kernel_info info;
  sim_kernel_info(kernel, &info);
  for (int i = 0; i < 3; i++) {
    if (launch->grid[i] == 0 || launch->grid[i] > grid_limit[i]) {
      return sim_device_fail(error, SIM_ERR_INVALID_CONFIG, "grid dimension %u of axis %d: must be 1..%u",
                             launch->grid[i], i, grid_limit[i]);
    }
    if (launch->block[i] == 0 || launch->block[i] > block_limit[i]) {
      return sim_device_fail(error, SIM_ERR_INVALID_CONFIG, "block dimension %u of axis %d: must be 1..%u",
                             launch->block[i], i, block_limit[i]);
    }
    if (info.required_threads[0] != 0 && info.required_threads[i] != launch->block[i]) {
      return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "block dimension %u of axis %d: the kernel requires %u",
                             launch->block[i], i, info.required_threads[i]);
    }
  }
  if (product(launch->block) > kernel->module->device->arch->threads_per_block) {
    return sim_device_fail(error, SIM_ERR_INVALID_CONFIG, "%u threads a block: at most %u", product(launch->block),
                           kernel->module->device->arch->threads_per_block);
  }
  if (product(launch->block) > info.max_threads) {
    return sim_device_fail(error, SIM_ERR_OUT_OF_RESOURCES, "%u threads a block: the kernel was built for at most %u",
                           product(launch->block), info.max_threads);
  }
  return SIM_OK;
}

static enum sim_status check_resources(const struct sim_kernel *kernel, const struct sim_launch *launch,
                                       struct sim_error *error)
{
  const struct sim_arch *arch = kernel->module->device->arch;
  if (launch->dynamic_shared_bytes > kernel->max_dynamic_shared_bytes) {
    return sim_device_fail(error, SIM_ERR_INVALID_VALUE,
                           "%u bytes of dynamic shared memory: the kernel's attribute allows %u",
                           launch->dynamic_shared_bytes, kernel->max_dynamic_shared_bytes);
  }
  if (launch->cluster[0] > 0 && product(launch->cluster) > arch->cluster_max) {
    return sim_device_fail(error, SIM_ERR_INVALID_CONFIG, "a cluster of %u blocks: at most %u on %s",
                           product(launch->cluster), arch->cluster_max, arch->full_name);
  }
  if (launch->cluster[0] > 0 && product(launch->cluster) > 1) {
    return sim_device_fail(error, SIM_ERR_INVALID_CONFIG, "a cluster of %u blocks: clusters are not simulated",
                           product(launch->cluster));
  }
  const struct ptx_function *f = function_of(kernel);
  if (f->cluster[0] > 0 && product(f->cluster) > 1) {
    return sim_device_fail(error, SIM_ERR_INVALID_CONFIG, "'%.200s' needs clusters, which are not simulated", f->name);
  }
  if (!launch->cooperative) return SIM_OK;
  uint64_t blocks = (uint64_t)launch->grid[0] * launch->grid[1] * launch->grid[2];
  uint64_t fit =
      (uint64_t)sim_kernel_occupancy(kernel, product(launch->block), launch->dynamic_shared_bytes) * arch->sm_count;
  if (blocks <= fit) return SIM_OK;
  return sim_device_fail(error, SIM_ERR_COOPERATIVE_TOO_LARGE, "a cooperative grid of %llu blocks: %llu fit at once",
                         (unsigned long long)blocks, (unsigned long long)fit);
}

/* The parameter buffer from the launch's pointers; NULL: out of memory or invalid. */
static uint8_t *gather_params(const struct sim_kernel *kernel, const struct sim_launch *launch, struct sim_error *error)
{
  const struct ptx_function *f = function_of(kernel);
  uint8_t *params = calloc(1, (size_t)f->param_bytes + 16);
  if (params == NULL) {
    sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for parameters");
    return NULL;
  }
  if (launch->params != NULL) {
    if (launch->params_bytes < f->param_bytes) {
      sim_device_fail(error, SIM_ERR_INVALID_VALUE, "%u bytes of parameters: the kernel takes %u", launch->params_bytes,
                      f->param_bytes);
      free(params);
      return NULL;
    }
    memcpy(params, launch->params, f->param_bytes);
    return params;
  }
  for (uint32_t i = 0; i < f->param_count; i++) {
    uint32_t offset = 0, size = 0;
    sim_kernel_param(kernel, i, &offset, &size);
    if (launch->arguments == NULL || launch->arguments[i] == NULL) {
      sim_device_fail(error, SIM_ERR_INVALID_VALUE, "parameter %u of %u is missing", i, f->param_count);
      free(params);
      return NULL;
    }
    memcpy(params + offset, launch->arguments[i], size);
  }
  return params;
}

/* The state that grid.sync() of cooperative groups keeps, zeroed for each launch. */
static uint64_t cooperative_workspace(struct sim_device *device)
{
  if (device->workspace == 0) device->workspace = sim_memory_alloc(device->memory, 64, 256, "cooperative grid", true);
  if (device->workspace != 0) sim_memory_host_fill(device->memory, device->workspace, 0, 4, 16);
  return device->workspace;
}

enum sim_status sim_device_launch(struct sim_device *device, struct sim_kernel *kernel, const struct sim_launch *launch,
                                  struct sim_report *report, struct sim_launch_stats *stats, struct sim_error *error)
{
  struct sim_error ours = {.status = SIM_OK};
  struct sim_report *own = NULL;
  uint8_t *params = NULL;
  if (device->health != SIM_OK) return sim_device_health(device, error);
  enum sim_status status = kernel->module->device == device
                               ? check_shape(kernel, launch, &ours)
                               : sim_device_fail(&ours, SIM_ERR_INVALID_VALUE, "a kernel of another device");
  if (status == SIM_OK) status = check_resources(kernel, launch, &ours);
  if (status == SIM_OK) params = gather_params(kernel, launch, &ours);
  if (status == SIM_OK && params == NULL) status = ours.status;
  if (status == SIM_OK) {
    if (report == NULL) report = own = sim_report_create(device->options.max_reports);
    struct sim_grid grid = {.program = kernel->module->program,
                            .function = kernel->function,
                            .arch = device->arch,
                            .memory = device->memory,
                            .report = report,
                            .dynamic_shared_bytes = launch->dynamic_shared_bytes,
                            .cooperative = launch->cooperative,
                            .seed = launch->seed,
                            .step_limit = launch->step_limit != 0 ? launch->step_limit : device->options.step_limit,
                            .threads = device->options.threads,
                            .params = params,
                            .grid_id = ++device->grids,
                            .workspace = launch->cooperative ? cooperative_workspace(device) : 0,
                            .race_checks_off = device->options.race_checks_off,
                            .turn = launch->turn,
                            .print = device->options.print,
                            .print_context = device->options.print_context};
    memcpy(grid.grid, launch->grid, sizeof grid.grid);
    memcpy(grid.block, launch->block, sizeof grid.block);
    memcpy(grid.cluster, launch->cluster, sizeof grid.cluster);
    status = sim_grid_run(&grid, stats, &ours);
    if (status != SIM_OK) {
      device->health = status;
      device->fault = ours;
    }
    if (own != NULL && sim_report_listed(own) > 0) sim_report_print(own, stderr);
  }
  sim_report_destroy(own);
  free(params);
  if (status != SIM_OK && error != NULL) *error = ours;
  return status;
}
