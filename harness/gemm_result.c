/* gemm_result.c: see gemm_result.h. */
#include "gemm_result.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const tmk_gemm_choices[] = {"best", "tokmark", "cublaslt", NULL};

const char *tmk_gemm_provider_setting(const struct tmk_backend_ops *ops, enum tmk_gemm_choice choice)
{
  return ops->provider == NULL ? "own" : tmk_gemm_choices[choice];
}

void tmk_gemm_results_add(struct tmk_gemm_result *rows, int64_t *count, const struct tmk_gemm_result *row)
{
  for (int64_t i = 0; i < *count; i++) {
    const struct tmk_gemm_result *r = &rows[i];
    if (r->m == row->m && r->n == row->n && r->k == row->k && strcmp(r->label, row->label) == 0) return;
  }
  rows[(*count)++] = *row;
}

enum tmk_status tmk_gemm_results_of(const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                    const struct tmk_plan *plan, struct tmk_gemm_result **rows, int64_t *count,
                                    struct tmk_error *err)
{
  int64_t most = 0;
  *rows = NULL;
  *count = 0;
  for (int i = 0; i < plan->op_count; i++) most += plan->ops[i].kind == TMK_OP_GEMM;
  if (ops->provider == NULL || most == 0) return TMK_OK;
  *rows = calloc((size_t)most, sizeof **rows);
  if (*rows == NULL)
    return tmk_fail(err, TMK_ERR_MEMORY, "out of memory for the providers of %lld gemms", (long long)most);
  for (int i = 0; i < plan->op_count; i++) {
    const struct tmk_op *op = &plan->ops[i];
    struct tmk_provider provider = {.name = "", .tokmark_ns = NAN, .vendor_ns = NAN};
    if (op->kind != TMK_OP_GEMM) continue;
    ops->provider(exec, i, &provider);
    struct tmk_gemm_result row = {.m = op->u.gemm.m,
                                  .n = op->u.gemm.n,
                                  .k = op->u.gemm.k,
                                  .tokmark_ns = provider.tokmark_ns,
                                  .vendor_ns = provider.vendor_ns};
    snprintf(row.label, sizeof row.label, "%.31s", op->label);
    snprintf(row.provider, sizeof row.provider, "%.15s", provider.name);
    tmk_gemm_results_add(*rows, count, &row);
  }
  return TMK_OK;
}
