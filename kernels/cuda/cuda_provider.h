/* cuda_provider.h: who runs a gemm: our kernel or cuBLASLt's. The choice is made once a shape and backend, so that a sweep's points of
 * one shape agree, and stays until the backend is closed. */
#ifndef TMK_CUDA_PROVIDER_H
#define TMK_CUDA_PROVIDER_H

#include "cuda_cublaslt.h"
#include "tokmark/backend.h"

struct tmk_cuda_choice {
  struct tmk_cublaslt_shape shape;
  struct tmk_cublaslt_gemm *gemm; /* owned; NULL where the library can't do the shape */
  bool vendor;                    /* the library runs it */
  double tokmark_ns, vendor_ns;   /* of one call, as timed; NAN */
  struct tmk_cuda_choice *next;
};

/* Decides for every gemm of the exec, in the state of reset(), and leaves it so: by the backend's --gemm, and for `best` on a real
 * device by the time that each takes on the plan's own operands. */
enum tmk_status tmk_cuda_providers_choose(struct tmk_exec *exec, struct tmk_error *err);
void tmk_cuda_providers_free(struct tmk_cuda_choice *first); /* NULL is fine */

/* Slot of tmk_backend_ops. */
void tmk_cuda_provider(struct tmk_exec *exec, int op, struct tmk_provider *provider);

#endif
