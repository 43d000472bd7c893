# A build without CUDA says so.
# needs: no-cuda

$ make_input tiny > tiny.json
$ tokmark run --device cuda --model ./tiny.json
? 2
! tokmark: --device cuda: this build has no CUDA: must be auto, cpu or null
$ tokmark run --device cuda:0,1 --model ./tiny.json
? 2
! tokmark: --device cuda:0,1: this build has no CUDA: must be auto, cpu or null
$ tokmark run --gemm cublaslt --device cuda
? 2
! tokmark: --device cuda: this build has no CUDA: must be auto, cpu or null
