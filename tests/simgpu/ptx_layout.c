/* ptx_layout.c: after the last function: where shared variables lie. Those of module scope have one place for all kernels of the
 * module, from 0 up; a kernel's own come after them if it, or anything that it may call, uses any. */
#include <stdlib.h>
#include <string.h>

#include "ptx_internal.h"

static uint64_t align_up(uint64_t value, uint64_t align)
{
  return (value + align - 1) / align * align;
}

/* A device function's own shared variables count as of module scope: any kernel may call it. */
static bool is_common(const struct ptx_module *m, const struct ptx_symbol *symbol)
{
  return symbol->function == PTX_NO_SYMBOL || !m->functions[symbol->function].is_kernel;
}

static uint64_t layout_common(struct ptx_module *m)
{
  uint64_t end = 0;
  for (uint32_t i = 0; i < m->symbol_count; i++) {
    struct ptx_symbol *symbol = &m->symbols[i];
    if (symbol->space != PTX_SHARED || !is_common(m, symbol) || symbol->size_bytes == 0) continue;
    symbol->offset = align_up(end, symbol->align);
    end = symbol->offset + symbol->size_bytes;
  }
  return end;
}

struct uses {
  bool common, dynamic;
  uint32_t align;
};

/* What one function's instructions name, without its callees. */
static struct uses function_uses(const struct ptx_module *m, const struct ptx_function *function)
{
  struct uses uses = {.align = 1};
  for (uint32_t i = 0; i < function->insn_count; i++) {
    const struct ptx_insn *insn = &m->insns[function->first_insn + i];
    uint32_t next = function->first_insn + i + 1;
    uint32_t end = next < m->insn_count ? m->insns[next].operand : m->operand_count;
    for (uint32_t o = insn->operand; o < end; o++) {
      if (m->operands[o].symbol == PTX_NO_SYMBOL) continue;
      const struct ptx_symbol *symbol = &m->symbols[m->operands[o].symbol];
      if (symbol->space != PTX_SHARED) continue;
      if (symbol->size_bytes == 0)
        uses.dynamic = true;
      else if (is_common(m, symbol))
        uses.common = true;
      if (symbol->align > uses.align) uses.align = symbol->align;
    }
  }
  return uses;
}

static void merge_callees(const struct ptx_module *m, uint32_t number, struct uses *all, bool *changed)
{
  const struct ptx_function *function = &m->functions[number];
  for (uint32_t i = 0; i < function->insn_count; i++) {
    const struct ptx_insn *insn = &m->insns[function->first_insn + i];
    if (insn->op != PTX_DO_CALL) continue;
    uint32_t callee = m->calls[insn->target].function;
    for (uint32_t f = 0; f < m->function_count; f++) {
      if (callee != PTX_NO_SYMBOL ? f != callee : m->functions[f].is_kernel) continue; /* indirect: any function */
      struct uses old = all[number];
      all[number].common |= all[f].common;
      all[number].dynamic |= all[f].dynamic;
      if (all[f].align > all[number].align) all[number].align = all[f].align;
      *changed |= memcmp(&old, &all[number], sizeof old) != 0;
    }
  }
}

static bool layout_kernel(struct parser *p, uint32_t number, const struct uses *uses, uint64_t common_bytes)
{
  struct ptx_module *m = p->module;
  struct ptx_function *kernel = &m->functions[number];
  uint64_t end = uses->common ? common_bytes : 0;
  for (uint32_t i = 0; i < m->symbol_count; i++) {
    struct ptx_symbol *symbol = &m->symbols[i];
    if (symbol->space != PTX_SHARED || symbol->function != number || symbol->size_bytes == 0) continue;
    symbol->offset = align_up(end, symbol->align);
    end = symbol->offset + symbol->size_bytes;
  }
  if (end > UINT32_MAX / 2) return sim_ptx_fail(p, kernel->line, "'%s': 2 GiB of shared memory", kernel->name);
  kernel->shared_align = uses->align > 16 ? uses->align : 16;
  kernel->shared_bytes = (uint32_t)end;
  kernel->uses_dynamic_shared = uses->dynamic;
  return true;
}

bool sim_ptx_layout(struct parser *p)
{
  struct ptx_module *m = p->module;
  uint64_t common_bytes = layout_common(m);
  struct uses *all = calloc(m->function_count + 1, sizeof *all);
  if (all == NULL) return sim_ptx_fail(p, 1, "out of memory");
  for (uint32_t i = 0; i < m->function_count; i++) all[i] = function_uses(m, &m->functions[i]);
  for (bool changed = true; changed;) {
    changed = false;
    for (uint32_t i = 0; i < m->function_count; i++) merge_callees(m, i, all, &changed);
  }
  bool good = true;
  for (uint32_t i = 0; i < m->function_count && good; i++) {
    if (m->functions[i].is_kernel) good = layout_kernel(p, i, &all[i], common_bytes);
  }
  free(all);
  return good;
}
