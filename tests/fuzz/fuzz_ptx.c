/* fuzz_ptx.c: the PTX decoder on any bytes: it must end, without a fault, with a module or a message. */
#include <stdint.h>
#include <stdlib.h>

#include "../simgpu/ptx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct ptx_module *module;
  struct ptx_error error;
  bool good = sim_ptx_parse((const char *)data, size, &module, &error);
  if (good != (module != NULL) || (!good && error.message[0] == '\0')) abort();
  for (uint32_t i = 0; good && i < module->insn_count; i++) {
    const struct ptx_insn *insn = &module->insns[i];
    if (insn->op == PTX_DO_BRA && insn->target >= module->insn_count) abort();
  }
  sim_ptx_destroy(module);
  return 0;
}
