# A build with CUDA on a machine without a driver: starts, says so, takes the CPU, and refuses what asks for a GPU.
# needs: cuda
# needs: no-driver

$ tokmark devices --no-ceilings | sed -n '1,2p'
> cuda: NVIDIA GPUs of compute capability 8.0 and above
>   none here: no NVIDIA driver
$ tokmark devices --no-ceilings --format json | python3 -c 'import json, sys; b = json.load(sys.stdin)["backends"][0]; print(b["name"], b["reason"], b["devices"])'
> cuda no NVIDIA driver []
$ make_input tiny > tiny.json
$ tokmark run --model ./tiny.json --phase decode --batch 1 --context 8 --dry-run | grep -c step/
> 1
! tokmark: no GPU (no NVIDIA driver): using the CPU
$ tokmark run --device cpu --model ./tiny.json --phase decode --batch 1 --context 8 --dry-run | grep -c step/
> 1
$ tokmark run --device cuda
? 2
! tokmark: --device cuda: no such device here: no NVIDIA driver
$ tokmark run --device cuda:7
? 2
! tokmark: --device cuda:7: no such device here: no NVIDIA driver
$ tokmark ops --device cuda
? 2
! tokmark: --device cuda: no such device here: no NVIDIA driver
$ tokmark verify --device cuda
? 2
! tokmark: --device cuda: no such device here: no NVIDIA driver
$ tokmark run --gemm cublaslt
? 2
! tokmark: no GPU (no NVIDIA driver): using the CPU
! tokmark: --gemm cublaslt: only --device cuda has it; this is cpu: must be best or tokmark
$ tokmark run --gemm nvidia
? 2
! tokmark: --gemm nvidia: must be best, tokmark or cublaslt
