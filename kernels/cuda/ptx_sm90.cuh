/* ptx_sm90.cuh: one wrapper a PTX instruction that begins with sm_90, named like it. On older architectures the two of
 * programmatic dependent launch are nothing: there every kernel starts after its predecessor has ended. */
#ifndef TMK_PTX_SM90_CUH
#define TMK_PTX_SM90_CUH

/* Waits until the grids that this one depends on have ended and their writes are visible. */
static __device__ __forceinline__ void griddepcontrol_wait()
{
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}

/* Lets the dependent grid start setting up. Says nothing about this grid's writes. */
static __device__ __forceinline__ void griddepcontrol_launch_dependents()
{
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

#endif
