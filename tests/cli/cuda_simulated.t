# A simulated GPU (tests/simgpu): devices and their preflight, providers of gemms, what is refused.
# needs: simgpu

$ printf '#!/bin/sh\nLD_LIBRARY_PATH=$SIMGPU exec tokmark "$@"\n' > gpu; printf '#!/bin/sh\n./gpu devices --no-ceilings | sed -n "/^cuda/,/^cpu/p" | sed "\$d"\n' > see; chmod +x gpu see
$ ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   cuda:0  NVIDIA H100 80GB HBM3 (simulated)
>     gpu        sm_90, 132 SMs, driver 580.00.simgpu, runtime 13.0, PCI 00000000:01:00.0, ECC on, MIG off, power limit 700 W
>     links      PCIe 5 x16, 12 NVLinks
>     gemm       cuBLASLt 13.1.0
>     memory     80.0 GiB, 80.0 GiB free, last-level cache 50.0 MiB
>     clock      up to 1.98 GHz, now 1.98 GHz
>     types      weights bf16, fp8; KV cache bf16, fp8; activations bf16
>     preflight  nothing in the way
$ SIMGPU_DEVICE=A100 ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   cuda:0  NVIDIA A100-SXM4-80GB (simulated)
>     gpu        sm_80, 108 SMs, driver 580.00.simgpu, runtime 13.0, PCI 00000000:01:00.0, ECC on, MIG off, power limit 400 W
>     links      PCIe 5 x16, 12 NVLinks
>     gemm       cuBLASLt 13.1.0
>     memory     80.0 GiB, 80.0 GiB free, last-level cache 40.0 MiB
>     clock      up to 1.41 GHz, now 1.41 GHz
>     types      weights bf16; KV cache bf16, fp8; activations bf16
>     preflight  nothing in the way
$ SIMGPU_DEVICE=B200 SIMGPU_DEVICES=2 ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   cuda:0  NVIDIA B200 (simulated)
>     gpu        sm_100, 148 SMs, driver 580.00.simgpu, runtime 13.0, PCI 00000000:01:00.0, ECC on, MIG off, power limit 1.00 kW
>     links      PCIe 5 x16, 12 NVLinks
>     gemm       cuBLASLt 13.1.0
>     memory     180 GiB, 180 GiB free, last-level cache 126 MiB
>     clock      up to 1.97 GHz, now 1.97 GHz
>     types      weights bf16, fp8, nvfp4; KV cache bf16, fp8; activations bf16
>     preflight  nothing in the way
>   cuda:1  NVIDIA B200 (simulated)
>     gpu        sm_100, 148 SMs, driver 580.00.simgpu, runtime 13.0, PCI 00000000:02:00.0, ECC on, MIG off, power limit 1.00 kW
>     links      PCIe 5 x16, 12 NVLinks
>     gemm       cuBLASLt 13.1.0
>     memory     180 GiB, 180 GiB free, last-level cache 126 MiB
>     clock      up to 1.97 GHz, now 1.97 GHz
>     types      weights bf16, fp8, nvfp4; KV cache bf16, fp8; activations bf16
>     preflight  nothing in the way
# Nothing but the runtime.
$ SIMGPU_NVML=missing ./see
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   cuda:0  NVIDIA H100 80GB HBM3 (simulated)
>     gpu        sm_90, 132 SMs, driver 13.0, runtime 13.0, PCI 00000000:01:00.0, ECC on
>     gemm       cuBLASLt 13.1.0
>     memory     80.0 GiB, 80.0 GiB free, last-level cache 50.0 MiB
>     clock      up to 1.98 GHz
>     types      weights bf16, fp8; KV cache bf16, fp8; activations bf16
>     preflight  nothing seen; NVML does not tell all of it here
# What a preflight finds.
$ SIMGPU_NVML_PROCESSES=2 ./see | sed -n '/preflight/,$p'
>     preflight  shared_device: 2 other processes are on it; points: SUSPECT
$ SIMGPU_NVML_MIG=1 ./see | sed -n '/preflight/,$p'
>     preflight  mig: MIG is on: what is measured is a slice of the GPU; points: SUSPECT
$ SIMGPU_NVML_POWER_LIMIT=500 SIMGPU_NVML_PCIE_GEN=3 SIMGPU_NVML_PCIE_WIDTH=8 SIMGPU_NVML_PERSISTENCE=0 ./see | sed -n '/preflight/,$p'
>     preflight  power_cap: power limit 500 W, below the board's own of 700 W
>                pcie_width: PCIe link 8 lanes wide of 16
>                pcie_generation: PCIe link at generation 3 of 5 (lower while idle on some boards)
>                persistence_off: persistence mode is off: the driver starts anew with each program, at lower clocks at first
$ SIMGPU_NVML_ECC_MODE=0 SIMGPU_NVML_ECC=4 SIMGPU_NVML_THROTTLE=0x24 SIMGPU_NVML_APPS_CLOCK=1200 ./see | sed -n '/preflight/,$p'
>     preflight  ecc: 4 uncorrected memory errors since the driver was loaded
>                ecc_off: ECC is off: memory errors are not noticed, and rates are not those of most nodes
>                throttled: clocks are held down now: sw_power_cap,sw_thermal_slowdown; points: SUSPECT
>                clocks_set: application clock set to 1200 MHz, below the board's own of 1980 MHz
$ SIMGPU_NVML_PROCESSES=1 SIMGPU_NVML_PCIE_WIDTH=4 ./gpu devices --no-ceilings --format json | python3 -c 'import json, sys; d = json.load(sys.stdin)["backends"][0]["devices"][0]; print(d["gpu_id"], d["driver_version"], d["nvlinks"], d["gemm_library"], d["preflight"])'
> h100-sxm5-80gb 580.00.simgpu 12 cuBLASLt 13.1.0 [{'name': 'shared_device', 'verdict': 'SUSPECT', 'text': '1 other process is on it'}, {'name': 'pcie_width', 'verdict': None, 'text': 'PCIe link 4 lanes wide of 16'}]
# No ceilings are measured, and that is no failure.
$ ./gpu devices | sed -n '/^cuda/,/^cpu/p' | grep -c ceilings
? 1
> 0
# Devices that are not there.
$ ./gpu run --device cuda:7
? 2
! tokmark: --device cuda:7: cuda has 1 device here, numbered from 0
$ SIMGPU_DEVICES=2 ./gpu run --device cuda:2
? 2
! tokmark: --device cuda:2: cuda has 2 devices here, numbered from 0
$ ./gpu run --device cuda:0,1
? 2
! tokmark: --device cuda:0,1: several devices: must be one, like cuda:0
$ ./gpu run --device cuda:-1
? 2
! tokmark: --device cuda:-1: the device's number must be 0..1023
# The GPU is taken where there is one.
$ ./gpu run --batch 1 --phase decode --dry-run | grep step/
> step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16                           15.1 GiB   15.5 GFLOP    15.1 GB    4.52 ms
> step/llama-3.1-8b/decode/b1/c1024/w=fp8/kv=bf16                            8.60 GiB   15.5 GFLOP    8.16 GB    2.44 ms
# Who runs gemms.
$ ./gpu ops --op gemm --m 1,3 --n 64 --k 128
> device     cuda: NVIDIA H100 80GB HBM3, 132 SMs, driver 580.00.simgpu, 80.0 GiB; simulated, so no throughput
> gemm       tokmark: nothing is timed on a simulated device; cuBLASLt 13.1.0
> ceilings   not measured
> datasheet  read 3.35 TB/s, f32 67.0 TFLOP/s, bf16 989 TFLOP/s, f16 989 TFLOP/s, fp8 1.98 PFLOP/s, i8 1.98 PFLOP/s
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> gemm/m1/n64/k128/w=bf16                                   -             -           - cache          -       - -
>         by tokmark
> gemm/m3/n64/k128/w=bf16                                   -             -           - cache          -       - -
>         by tokmark
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 2 without a verdict
>   bound cache          the working set is below 4 x the last-level cache: the share would mean nothing
>
$ ./gpu ops --op gemm --m 1,3 --n 64 --k 128 --gemm tokmark -o own.json > /dev/null && python3 -c 'import json; d = json.load(open("own.json")); print(d["settings"]["gemm_provider"], d["points"][0]["key"], d["points"][0]["provenance"], d["points"][0]["verify"]["ops_failed"], d["points"][0]["gemms"])'
> tokmark op/gemm/m1/n64/k128/w=bf16 simulated 0 [{'label': 'gemm', 'm': 1, 'n': 64, 'k': 128, 'provider': 'tokmark', 'tokmark_ns': None, 'vendor_ns': None}]
$ ./gpu ops --op gemm --m 1,3 --n 64 --k 128 --gemm cublaslt -o vendor.json > /dev/null && python3 -c 'import json; d = json.load(open("vendor.json")); print(d["settings"]["gemm_provider"], d["points"][0]["key"], d["points"][0]["provenance"], d["points"][0]["verify"]["ops_failed"], d["points"][0]["gemms"])'
> cublaslt op/gemm/m1/n64/k128/w=bf16 simulated 0 [{'label': 'gemm', 'm': 1, 'n': 64, 'k': 128, 'provider': 'cublaslt', 'tokmark_ns': None, 'vendor_ns': None}]
$ tokmark show vendor.json | sed -n '/^operation/,$p'
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> gemm/m1/n64/k128/w=bf16                                   -             -           - cache          -       - -
>         by cublaslt
> gemm/m3/n64/k128/w=bf16                                   -             -           - cache          -       - -
>         by cublaslt
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 2 without a verdict
>   bound cache          the working set is below 4 x the last-level cache: the share would mean nothing
>
