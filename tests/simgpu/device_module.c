/* device_module.c: modules: variables in device memory, kernels by name. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "device_internal.h"

static bool is_variable(const struct ptx_symbol *symbol)
{
  return symbol->space == PTX_GLOBAL || symbol->space == PTX_CONST;
}

/* Room for each variable, and its first value where that is no address. */
static enum sim_status place_variables(struct sim_module *module, struct sim_error *error)
{
  const struct ptx_module *m = module->ptx;
  uint64_t const_bytes = 0;
  for (uint32_t i = 0; i < m->symbol_count; i++) {
    const struct ptx_symbol *symbol = &m->symbols[i];
    if (!is_variable(symbol)) continue;
    if (symbol->linkage == PTX_LINK_EXTERN) {
      return sim_device_fail(error, SIM_ERR_NOT_FOUND, "variable '%.200s' is declared but not defined", symbol->name);
    }
    if (symbol->space == PTX_CONST) const_bytes += symbol->size_bytes;
    char what[160];
    snprintf(what, sizeof what, "variable %.140s", symbol->name);
    module->addresses[i] = sim_memory_alloc(module->device->memory, symbol->size_bytes,
                                            symbol->align > 256 ? symbol->align : 256, what, true);
    if (module->addresses[i] == 0) {
      return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "no room for variable '%.200s' of %llu bytes", symbol->name,
                             (unsigned long long)symbol->size_bytes);
    }
    if (symbol->init != NULL &&
        !sim_memory_host_write(module->device->memory, module->addresses[i], symbol->init, symbol->size_bytes)) {
      return sim_device_fail(error, SIM_ERR_INVALID_VALUE, "variable '%.200s' can't be written", symbol->name);
    }
    if (symbol->space == PTX_CONST) sim_memory_make_constant(module->device->memory, module->addresses[i]);
  }
  if (const_bytes > module->device->arch->const_bytes) {
    return sim_device_fail(error, SIM_ERR_INVALID_PTX, "%llu bytes of constants: at most %u",
                           (unsigned long long)const_bytes, module->device->arch->const_bytes);
  }
  return SIM_OK;
}

/* Addresses inside initialisers. */
static enum sim_status relocate(struct sim_module *module, struct sim_error *error)
{
  const struct ptx_module *m = module->ptx;
  for (uint32_t i = 0; i < m->symbol_count; i++) {
    const struct ptx_symbol *symbol = &m->symbols[i];
    for (uint32_t r = 0; r < symbol->relocation_count && is_variable(symbol); r++) {
      const struct ptx_relocation *relocation = &m->relocations[symbol->relocation + r];
      uint64_t value = relocation->function != 0 ? sim_program_function_address(relocation->function - 1)
                                                 : module->addresses[relocation->symbol];
      value += (uint64_t)relocation->addend;
      if (!sim_memory_host_write(module->device->memory, module->addresses[i] + relocation->offset, &value, 8)) {
        return sim_device_fail(error, SIM_ERR_INVALID_PTX, "an address in '%.200s' lies outside it", symbol->name);
      }
    }
  }
  return SIM_OK;
}

static enum sim_status list_kernels(struct sim_module *module, struct sim_error *error)
{
  const struct ptx_module *m = module->ptx;
  module->kernels = calloc(m->function_count + 1, sizeof *module->kernels);
  if (module->kernels == NULL) return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a module");
  for (uint32_t i = 0; i < m->function_count; i++) {
    const struct ptx_function *f = &m->functions[i];
    if (!f->is_kernel || !f->has_body) continue;
    uint32_t limit = module->device->arch->shared_per_block_bytes;
    if (f->shared_bytes > limit) {
      return sim_device_fail(error, SIM_ERR_INVALID_PTX,
                             "kernel '%.200s' has %u bytes of static shared memory: at most %u", f->name,
                             f->shared_bytes, limit);
    }
    module->kernels[module->kernel_count++] =
        (struct sim_kernel){.module = module,
                            .function = i,
                            .max_dynamic_shared_bytes = f->shared_bytes < limit ? limit - f->shared_bytes : 0};
  }
  return SIM_OK;
}

/* PTX for a newer GPU can't run on an older one; an 'a' target runs on its own architecture alone, an 'f' one in its family. */
static bool target_fits(const struct ptx_module *m, const struct sim_arch *arch)
{
  uint32_t capability = arch->compute_major * 10 + arch->compute_minor;
  if (m->target_suffix == 'a') return m->target == capability;
  if (m->target_suffix == 'f') return m->target / 10 == arch->compute_major && m->target <= capability;
  return m->target <= capability;
}

enum sim_status sim_module_load(struct sim_device *device, const char *text, size_t size, struct sim_module **out,
                                struct sim_error *error)
{
  *out = NULL;
  if (device->health != SIM_OK) return sim_device_health(device, error);
  struct sim_module *module = calloc(1, sizeof *module);
  if (module == NULL) return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a module");
  module->device = device;
  module->text = malloc(size + 1);
  module->text_size = size;
  if (module->text == NULL) {
    free(module);
    return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a module");
  }
  memcpy(module->text, text, size);
  module->text[size] = '\0';
  module->next = device->modules;
  device->modules = module;
  struct ptx_error wrong;
  enum sim_status status = SIM_OK;
  struct sim_error ours = {.status = SIM_OK};
  if (!sim_ptx_parse(text, size, &module->ptx, &wrong)) {
    status = sim_device_fail(&ours, SIM_ERR_INVALID_PTX, "PTX %s", wrong.message);
  } else if (!target_fits(module->ptx, device->arch)) {
    status = sim_device_fail(&ours, SIM_ERR_NO_BINARY,
                             "PTX for sm_%u%.1s does not run on a GPU of compute capability %u.%u", module->ptx->target,
                             &module->ptx->target_suffix, device->arch->compute_major, device->arch->compute_minor);
  } else {
    module->addresses = calloc(module->ptx->symbol_count + 1, sizeof *module->addresses);
    if (module->addresses == NULL)
      status = sim_device_fail(&ours, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a module");
    if (status == SIM_OK) status = place_variables(module, &ours);
    if (status == SIM_OK) status = relocate(module, &ours);
    if (status == SIM_OK) status = sim_program_create(module->ptx, module->addresses, &module->program, &ours);
    if (status == SIM_OK) status = list_kernels(module, &ours);
  }
  if (status != SIM_OK) {
    sim_module_unload(module);
    if (error != NULL) *error = ours;
    return status;
  }
  *out = module;
  return SIM_OK;
}

enum sim_status sim_module_load_image(struct sim_device *device, const void *image, size_t size,
                                      struct sim_module **out, struct sim_error *error)
{
  const char *text;
  size_t text_size;
  *out = NULL;
  enum sim_status status = sim_fatbin_find(image, size, device->arch->compute_major * 10 + device->arch->compute_minor,
                                           &text, &text_size, error);
  return status == SIM_OK ? sim_module_load(device, text, text_size, out, error) : status;
}

void sim_module_unload(struct sim_module *module)
{
  if (module == NULL) return;
  for (struct sim_module **link = &module->device->modules; *link != NULL; link = &(*link)->next) {
    if (*link != module) continue;
    *link = module->next;
    break;
  }
  for (uint32_t i = 0; module->addresses != NULL && i < module->ptx->symbol_count; i++) {
    if (module->addresses[i] != 0) sim_memory_free(module->device->memory, module->addresses[i]);
  }
  sim_program_destroy(module->program);
  sim_ptx_destroy(module->ptx);
  free(module->addresses);
  free(module->text);
  free(module->kernels);
  free(module);
}

struct sim_kernel *sim_module_kernel_at(struct sim_module *module, uint32_t index)
{
  return index < module->kernel_count ? &module->kernels[index] : NULL;
}

struct sim_kernel *sim_module_kernel(struct sim_module *module, const char *name)
{
  for (uint32_t i = 0; i < module->kernel_count; i++) {
    if (strcmp(module->ptx->functions[module->kernels[i].function].name, name) == 0) return &module->kernels[i];
  }
  return NULL;
}

bool sim_module_variable(const struct sim_module *module, const char *name, uint64_t *address, uint64_t *size_bytes)
{
  int32_t index = sim_ptx_find_symbol(module->ptx, name);
  if (index < 0 || module->addresses[index] == 0) return false;
  if (address != NULL) *address = module->addresses[index];
  if (size_bytes != NULL) *size_bytes = module->ptx->symbols[index].size_bytes;
  return true;
}
