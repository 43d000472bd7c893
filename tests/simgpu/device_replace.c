/* device_replace.c: what tests of tests need of a device: which lines run, other code for a kernel, a digest of memory. */
#include <stdlib.h>
#include <string.h>

#include "device_internal.h"

bool sim_kernel_text(const struct sim_kernel *kernel, const char **text, size_t *size)
{
  *text = kernel->module->text;
  *size = kernel->module->text_size;
  return *text != NULL;
}

void sim_kernel_trace(const struct sim_kernel *kernel, uint8_t *reached)
{
  sim_program_trace(kernel->module->program, reached);
}

bool sim_kernel_source(const struct sim_kernel *kernel, uint32_t ptx_line, const char **file, uint32_t *line)
{
  const struct ptx_function *f = &kernel->module->ptx->functions[kernel->function];
  for (uint32_t i = f->first_insn; i < f->first_insn + f->insn_count; i++) {
    struct sim_site site;
    sim_program_site(kernel->module->program, i, &site);
    if (site.ptx_line != ptx_line) continue;
    *file = site.file;
    *line = site.line;
    return true;
  }
  return false;
}

/* Where the variables of the new text lie: those of the old one, by name. */
static enum sim_status share_variables(struct sim_module *module, const struct sim_module *old, struct sim_error *error)
{
  module->addresses = calloc(module->ptx->symbol_count + 1, sizeof *module->addresses);
  if (module->addresses == NULL) {
    return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a module");
  }
  for (uint32_t i = 0; i < module->ptx->symbol_count; i++) {
    const struct ptx_symbol *symbol = &module->ptx->symbols[i];
    if (symbol->space != PTX_GLOBAL && symbol->space != PTX_CONST) continue;
    int32_t same = sim_ptx_find_symbol(old->ptx, symbol->name);
    if (same < 0 || old->addresses[same] == 0 || old->ptx->symbols[same].size_bytes != symbol->size_bytes) {
      return sim_device_fail(error, SIM_ERR_NOT_FOUND, "the module has no variable '%.200s' of that size",
                             symbol->name);
    }
    module->addresses[i] = old->addresses[same];
  }
  return SIM_OK;
}

/* The module of the new text keeps no list of kernels and no variables of its own. It lives as long as the process: old code may
 * stand in a captured graph. */
enum sim_status sim_kernel_replace(struct sim_kernel *kernel, const char *text, size_t size, struct sim_error *error)
{
  const struct sim_module *old = kernel->module;
  const char *name = old->ptx->functions[kernel->function].name;
  struct ptx_error wrong;
  struct sim_module *module = calloc(1, sizeof *module);
  if (module == NULL) return sim_device_fail(error, SIM_ERR_OUT_OF_MEMORY, "out of host memory for a module");
  module->device = old->device;
  enum sim_status status = SIM_OK;
  int32_t function = -1;
  if (!sim_ptx_parse(text, size, &module->ptx, &wrong)) {
    status = sim_device_fail(error, SIM_ERR_INVALID_PTX, "PTX %s", wrong.message);
  } else {
    function = sim_ptx_find_function(module->ptx, name);
    if (function < 0) status = sim_device_fail(error, SIM_ERR_NOT_FOUND, "the text has no kernel '%.200s'", name);
    if (status == SIM_OK) status = share_variables(module, old, error);
    if (status == SIM_OK) status = sim_program_create(module->ptx, module->addresses, &module->program, error);
  }
  if (status != SIM_OK) {
    sim_program_destroy(module->program);
    sim_ptx_destroy(module->ptx);
    free(module->addresses);
    free(module);
    return status;
  }
  kernel->module = module;
  kernel->function = (uint32_t)function;
  return SIM_OK;
}

uint64_t sim_device_digest(const struct sim_device *device)
{
  return sim_memory_digest(device->memory);
}
