# Faults that a simulated GPU is given: what is said of them, and the exit code. test_faults.py looks at the files.
# needs: simgpu

$ printf '#!/bin/sh\nLD_LIBRARY_PATH=$SIMGPU exec tokmark "$@"\n' > gpu; chmod +x gpu; make_input tiny > tiny.json; printf '#!/bin/sh\n./gpu devices --no-ceilings | sed -n "/^cuda/,/^cpu/p"\n' > see; chmod +x see
# No driver: the CPU is taken where nobody asked for a GPU.
$ SIMGPU_DRIVER=none ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   none here: no NVIDIA driver
> cpu: this machine's CPUs: AVX-512, AVX2, NEON or portable C, OpenMP threads pinned to cores
$ SIMGPU_DRIVER=none ./gpu run --model ./tiny.json --phase decode --batch 1 --context 8 --dry-run | grep -c step/
> 1
! tokmark: no GPU (no NVIDIA driver): using the CPU
$ SIMGPU_DRIVER=none ./gpu run --device cuda --model ./tiny.json
? 2
! tokmark: --device cuda: no such device here: no NVIDIA driver
$ SIMGPU_DRIVER=none ./gpu ops --device cuda
? 2
! tokmark: --device cuda: no such device here: no NVIDIA driver
$ SIMGPU_DRIVER=none ./gpu verify --device cuda
? 2
! tokmark: --device cuda: no such device here: no NVIDIA driver
# One that is too old: both versions are named.
$ SIMGPU_DRIVER=12040 ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   none here: the NVIDIA driver is too old: it is for CUDA 12.4, this build needs 13.0
> cpu: this machine's CPUs: AVX-512, AVX2, NEON or portable C, OpenMP threads pinned to cores
$ SIMGPU_DRIVER=12040 ./gpu run --model ./tiny.json --phase decode --batch 1 --context 8 --dry-run | grep -c step/
> 1
! tokmark: no GPU (the NVIDIA driver is too old: it is for CUDA 12.4, this build needs 13.0): using the CPU
$ SIMGPU_DRIVER=12040 ./gpu run --device cuda --model ./tiny.json
? 2
! tokmark: --device cuda: no such device here: the NVIDIA driver is too old: it is for CUDA 12.4, this build needs 13.0
$ SIMGPU_DRIVER=14020 ./gpu verify --device cuda --op swiglu --quick | sed -n '1p;$p'
> device     cuda: NVIDIA H100 80GB HBM3, activations bf16
> 4 run, 0 failed, 0 skipped
# A driver and no device.
$ SIMGPU_DEVICES=0 ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   none here: no CUDA device is visible
> cpu: this machine's CPUs: AVX-512, AVX2, NEON or portable C, OpenMP threads pinned to cores
$ SIMGPU_DEVICES=0 ./gpu run --device cuda --model ./tiny.json
? 2
! tokmark: --device cuda: no such device here: no CUDA device is visible
# A device that can't be opened is told of, and so are the others.
$ SIMGPU_DEVICES=2 SIMGPU_FAIL_MALLOC=2 ./gpu devices --no-ceilings > list; echo $?; grep -c '^  cuda:1  NVIDIA\|^cpu\|^  cpu:0' list; grep 'not usable' list
> 1
> 3
>   cuda:0  not usable: cudaMalloc of a transfer buffer: cudaErrorMemoryAllocation: out of memory
! tokmark: cuda:0: cudaMalloc of a transfer buffer: cudaErrorMemoryAllocation: out of memory
$ SIMGPU_FAIL_MALLOC=1 ./gpu devices --no-ceilings --format json > list; echo $?; python3 -c 'import json; b = json.load(open("list"))["backends"]; print(b[0]["devices"], b[1]["devices"][0]["is_cpu"])'
> 1
> [{'index': 0, 'reason': 'cudaMallocHost of a transfer buffer: cudaErrorMemoryAllocation: out of memory'}] True
! tokmark: cuda:0: cudaMallocHost of a transfer buffer: cudaErrorMemoryAllocation: out of memory
# A gemm library that gets no memory is as one that is missing.
$ SIMGPU_FAIL_MALLOC=4 ./gpu ops --device cuda --op gemm --m 1 --n 64 --k 128 | sed -n 2p
> gemm       tokmark; vendor's library: none: no memory for a workspace of 33554432 bytes
$ SIMGPU_FAIL_MALLOC=4 ./gpu ops --device cuda --op gemm --m 1 --n 64 --k 128 --gemm cublaslt
? 2
! tokmark: --gemm cublaslt: no cuBLASLt here: no memory for a workspace of 33554432 bytes
# No memory: the point's own. A launch that is refused: likewise.
$ SIMGPU_FAIL_MALLOC=5 ./gpu ops --device cuda --op gemm --m 1,3 --n 64 --k 128 | sed -n '/^gemm.m/p'
> gemm/m1/n64/k128/w=bf16                          FAILED: cudaMalloc of 1280 bytes for cache and activations: cudaErrorMemoryAllocation: out of memory
> gemm/m3/n64/k128/w=bf16                                   -             -           - cache          -       - -
! tokmark: 1 of 2 operations failed or are INVALID: op/gemm/m1/n64/k128/w=bf16: cudaMalloc of 1280 bytes for cache and activations: cudaErrorMemoryAllocation: out of memory
$ SIMGPU_FAIL_LAUNCH=5 ./gpu ops --device cuda --op gemm --m 1,3 --n 64 --k 128 | sed -n '/^gemm.m/p'
> gemm/m1/n64/k128/w=bf16                          FAILED: reading back: cudaErrorLaunchOutOfResources: too many resources requested for launch
> gemm/m3/n64/k128/w=bf16                                   -             -           - cache          -       - -
! tokmark: 1 of 2 operations failed or are INVALID: op/gemm/m1/n64/k128/w=bf16: reading back: cudaErrorLaunchOutOfResources: too many resources requested for launch
$ SIMGPU_FAIL_MALLOC=7 ./gpu verify --device cuda --op rmsnorm --quick --seeds 1 | sed -n '/^op/,$p'
> op         weights  cache      run  failed  skipped worst of its limit  verdict
>   FAIL rmsnorm rows=1 hidden=64 +delta w=bf16, seed 1: cudaMalloc of 1536 bytes for cache and activations: cudaErrorMemoryAllocation: out of memory
> rmsnorm    f32      -            0       0        6                  -  skipped
> rmsnorm    bf16     -           18       1        0              0.283  FAIL
>
> 18 run, 1 failed, 6 skipped
> skipped: no f32 weights on this device
! tokmark: 1 of 18 cases failed
$ SIMGPU_FAIL_LAUNCH=1 ./gpu verify --device cuda --op rmsnorm --quick --seeds 1 | sed -n '/^op/,$p'
> op         weights  cache      run  failed  skipped worst of its limit  verdict
>   FAIL rmsnorm rows=1 hidden=1 +delta w=bf16, seed 1: filling weights: cudaErrorLaunchOutOfResources: too many resources requested for launch
> rmsnorm    f32      -            0       0        6                  -  skipped
> rmsnorm    bf16     -           18       1        0              0.283  FAIL
>
> 18 run, 1 failed, 6 skipped
> skipped: no f32 weights on this device
! tokmark: 1 of 18 cases failed
# A fault of the device: the end, with what it came from.
$ SIMGPU_FAULT_LAUNCH=40 ./gpu ops --device cuda --op gemm --m 1,3,5 --n 64 --k 128 -o fault.json | sed -n '/^gemm.m/,$p'
> gemm/m1/n64/k128/w=bf16                                   -             -           - cache          -       - -
>         by tokmark
> gemm/m3/n64/k128/w=bf16                          FAILED: reading back: cudaErrorIllegalAddress: an illegal memory access was encountered
! tokmark: reading back: cudaErrorIllegalAddress: an illegal memory access was encountered
$ tokmark show fault.json | sed -n '/^operation/,$p'
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> gemm/m1/n64/k128/w=bf16                                   -             -           - cache          -       - -
>         by tokmark
> gemm/m3/n64/k128/w=bf16                          FAILED: reading back: cudaErrorIllegalAddress: an illegal memory access was encountered
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 without a verdict, 1 failed
>   bound cache          the working set is below 4 x the last-level cache: the share would mean nothing
>
$ SIMGPU_FAULT_LAUNCH=12 ./gpu verify --device cuda --op rmsnorm,gemm --quick --seeds 1 | sed -n '/^op/,$p'
> op         weights  cache      run  failed  skipped worst of its limit  verdict
>   FAIL rmsnorm rows=1 hidden=1 +delta w=bf16, seed 1: reading back: cudaErrorIllegalAddress: an illegal memory access was encountered
> rmsnorm    f32      -            0       0        6                  -  skipped
> rmsnorm    bf16     -            1       1        0              0.000  FAIL
! tokmark: reading back: cudaErrorIllegalAddress: an illegal memory access was encountered
$ SIMGPU_LOSE_DEVICE=1 ./gpu verify --device cuda --op rmsnorm --quick --seeds 1 | sed -n '/^op/,$p'
> op         weights  cache      run  failed  skipped worst of its limit  verdict
>   FAIL rmsnorm rows=1 hidden=1 +delta w=bf16, seed 1: filling weights: cudaErrorDevicesUnavailable: CUDA-capable device(s) is/are busy or unavailable
> rmsnorm    f32      -            0       0        6                  -  skipped
> rmsnorm    bf16     -            1       1        0              0.000  FAIL
! tokmark: filling weights: cudaErrorDevicesUnavailable: CUDA-capable device(s) is/are busy or unavailable
