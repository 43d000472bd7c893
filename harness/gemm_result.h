/* gemm_result.h: who ran the gemms of a plan, as the result has it. */
#ifndef TMK_HARNESS_GEMM_RESULT_H
#define TMK_HARNESS_GEMM_RESULT_H

#include "tokmark/backend.h"
#include "tokmark/result.h"

/* As --gemm spells them, in the order of enum tmk_gemm_choice; NULL behind the last. */
extern const char *const tmk_gemm_choices[];
/* What settings.gemm_provider says. */
const char *tmk_gemm_provider_setting(const struct tmk_backend_ops *ops, enum tmk_gemm_choice choice);

/* *rows: one row a label and number of rows, owned by the caller; NULL where the backend has one provider only. */
enum tmk_status tmk_gemm_results_of(const struct tmk_backend_ops *ops, struct tmk_exec *exec,
                                    const struct tmk_plan *plan, struct tmk_gemm_result **rows, int64_t *count,
                                    struct tmk_error *err);
/* Appends `row` unless one of its label and shape is there. The caller has room for it. */
void tmk_gemm_results_add(struct tmk_gemm_result *rows, int64_t *count, const struct tmk_gemm_result *row);

#endif
