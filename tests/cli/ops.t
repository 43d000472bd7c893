# Single operations, on the null device: its times are scripted.

$ tokmark ops --device null --model smollm2-135m --batch 3 --time 0.05
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> embed/rows3/hidden576/w=bf16                         114 us             -   30.2 MB/s cache          -  0.00 % VALID
> rmsnorm/rows3/hidden576/w=bf16                      16.9 us             -   68.2 MB/s memory    0.07 %  0.00 % VALID
> gemm/m3/n960/k576/w=bf16                            1.03 ms  3.22 GFLOP/s   1.07 GB/s memory    1.07 %  0.00 % VALID
> rope_kv/b3/q1/c128/hq9/hkv3/d64/kv=bf16             33.2 us             -   69.3 MB/s memory    0.07 %  0.00 % VALID
> attention/b3/q1/c128/hq9/hkv3/d64/kv=bf16           1.03 ms   866 MFLOP/s    286 MB/s memory    0.29 %  0.00 % VALID
> gemm/m3/n576/k576/w=bf16                            1.03 ms  1.93 GFLOP/s    644 MB/s memory    0.64 %  0.00 % VALID
> gemm/m3/n3072/k576/w=bf16                           1.03 ms  10.3 GFLOP/s   3.44 GB/s memory    3.44 %  0.00 % VALID
> swiglu/rows3/hidden1536                             1.03 ms             -           - cache          -  0.00 % VALID
> gemm/m3/n576/k1536/w=bf16                           1.03 ms  5.15 GFLOP/s   1.72 GB/s memory    1.72 %  0.00 % VALID
> gemm/m3/n49152/k576/w=bf16                          1.03 ms   165 GFLOP/s   55.0 GB/s memory    55.0 %  0.00 % VALID
> sample/rows3/hidden49152                            1.03 ms             -           - cache          -  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 11 points: 11 VALID
>   bound cache          the working set is below 4 x the last-level cache: the share would mean nothing
>
$ tokmark ops --device null --op gemm --m 1,2 --n 64 --k 33 --dtype f32,bf16 --time 0.05 -o ops.json
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> gemm/m1/n64/k33/w=f32                                112 us  37.6 MFLOP/s   75.3 MB/s memory    0.08 %  0.00 % VALID
> gemm/m2/n64/k33/w=f32                                113 us  74.5 MFLOP/s   74.5 MB/s memory    0.07 %  0.00 % VALID
> gemm/m1/n64/k33/w=bf16                              59.4 us  71.1 MFLOP/s   71.1 MB/s memory    0.07 %  0.00 % VALID
> gemm/m2/n64/k33/w=bf16                              60.0 us   141 MFLOP/s   70.4 MB/s memory    0.07 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 VALID
>
$ tokmark show ops.json
> ops.json
> run of <time> on <host> by tokmark <version> (<git>)
>
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s; moved by at most 0.0 %
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> gemm/m1/n64/k33/w=f32                                112 us  37.6 MFLOP/s   75.3 MB/s memory    0.08 %  0.00 % VALID
> gemm/m2/n64/k33/w=f32                                113 us  74.5 MFLOP/s   74.5 MB/s memory    0.07 %  0.00 % VALID
> gemm/m1/n64/k33/w=bf16                              59.4 us  71.1 MFLOP/s   71.1 MB/s memory    0.07 %  0.00 % VALID
> gemm/m2/n64/k33/w=bf16                              60.0 us   141 MFLOP/s   70.4 MB/s memory    0.07 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 VALID
>
$ tokmark ops --device null --op attention --heads 4 --kv-heads 2 --head-dim 64 --context 5 --batch 2 --q-len 3 --window 4 --time 0.05
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> operation                                              time        FLOP/s         B/s bound   of limit  +-95 % verdict
> attention/b2/q3/c5/hq4/hkv2/d64/win4/kv=bf16        46.1 us   533 MFLOP/s   66.7 MB/s memory    0.07 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 VALID
>
$ tokmark ops --device null --m 1 --n 64
? 2
! tokmark: --m, --n, --k: a gemm of your own shape needs all three
$ tokmark ops --device null --m 1 --n 64 --k 0
? 2
! tokmark: --k 0: must be 1..16777216
$ tokmark ops --device null --heads 4 --kv-heads 3
? 2
! tokmark: --kv-heads 3: must divide --heads 4
$ tokmark ops --device null --model smollm2-135m --m 1 --n 1 --k 1
? 2
! tokmark: --model: a model's shapes, or your own by --m or --heads: not both
$ tokmark ops --device null --op attention --m 1 --n 1 --k 1
? 2
! tokmark: --op: must be gemm where --m, --n, --k are given, and only there
$ tokmark ops --device null --op conv
? 2
! tokmark: --op conv: must be embed, rmsnorm, gemm, rope_kv, attention, swiglu or sample
$ tokmark ops --device null --m 1 --n 8 --k 8 -o ops.json
? 2
! tokmark: --output ops.json: exists; --force overwrites it
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
! tokmark: --dtype x: must be f32, bf16, fp8, nvfp4, i8 or i4
$ tokmark ops --device null stray
? 2
! tokmark: stray: unexpected argument: usage: tokmark ops [options]
$ tokmark ops --device null --model no-such-model
? 2
! tokmark: model "no-such-model": unknown: must be one that `tokmark models` lists, or a path with a '/' or .json in it
$ tokmark ops --device null --model ./missing.json
? 2
! tokmark: ./missing.json: cannot be opened: No such file or directory
