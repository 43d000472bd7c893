# Single operations: bad options, and the null device's scripted times.

$ make_input tiny > tiny.json
$ tokmark ops --device null --op no-such
? 2
! tokmark: --op no-such: must be embed, rmsnorm, gemm, rope_kv, attention, swiglu or sample
$ tokmark ops --device null --m 0
? 2
! tokmark: --m 0: must be 1..16777216
$ tokmark ops --device gpu
? 2
! tokmark: --device gpu: must be auto, cpu or null
$ tokmark ops --device null --dtype x
? 2
! tokmark: --dtype x: must be f32 or bf16
$ tokmark ops --device null stray
? 2
! tokmark: stray: unexpected argument: usage: tokmark ops [options]
$ tokmark ops --device null --model no-such-model
? 2
! tokmark: model "no-such-model": unknown: must be one that `tokmark models` lists, or a path with a '/' or .json in it
$ tokmark ops --device null --model ./missing.json
? 2
! tokmark: ./missing.json: cannot be opened: No such file or directory
$ tokmark ops --device null --op gemm --m 8
? 2
! tokmark: --m, --n, --k: a gemm of your own shape needs all three
$ tokmark ops --device null --heads 5 --kv-heads 2 --context 16 --batch 1
? 2
! tokmark: --kv-heads 2: must divide --heads 5
$ tokmark ops --device null --op gemm --m 1,8 --n 64 --k 96 --dtype f32 --time 0.1 -o ops.json; tokmark show ops.json | tail -8
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                                      time        FLOP/s         B/s bound   of limit  +-95 % verdict
> gemm/m1/n64/k96/w=f32                                        337 us  36.5 MFLOP/s   73.0 MB/s memory    0.07 %  0.00 % VALID
> gemm/m8/n64/k96/w=f32                                        360 us   273 MFLOP/s   68.3 MB/s memory    0.07 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 2 VALID
>
> operation                                                      time        FLOP/s         B/s bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> gemm/m1/n64/k96/w=f32                                        337 us  36.5 MFLOP/s   73.0 MB/s memory    0.07 %  0.00 % VALID
> gemm/m8/n64/k96/w=f32                                        360 us   273 MFLOP/s   68.3 MB/s memory    0.07 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 2 VALID
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (2 points: 2 VALID)
$ tokmark ops --device null --op gemm --m 1 --n 64 --k 96 -o ops.json
? 2
! tokmark: --output ops.json: exists; --force overwrites it
$ TOKMARK_NULL_SCRIPT='device_fault_run=3' tokmark ops --device null --op gemm --m 1 --n 64 --k 96 --time 0.1
? 1
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                                      time        FLOP/s         B/s bound   of limit  +-95 % verdict
! tokmark: scripted: the device fell off the bus in run 3
