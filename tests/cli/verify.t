# Verification on devices whose arithmetic is the same everywhere: naive, and null, which computes by it. A quarter of the
# limit is what naive uses of a limit made from itself.

$ tokmark verify --device null --op embed,gemm,sample --seeds 1 --quick
> device     null: null device, scripted, 1 thread, activations f32
> cases      every fifth, 1 seed from 1
>
> op         weights  cache      run  failed  skipped worst of its limit  verdict
> embed      f32      -            2       0        0              0.000  PASS
> embed      bf16     -            1       0        0              0.000  PASS
> gemm       f32      -           51       0        0              0.247  PASS
> gemm       bf16     -           50       0        0              0.249  PASS
> gemm       nvfp4    -            0       0        7                  -  skipped
> gemm       i4       -            0       0        3                  -  skipped
> gemm       i8       -            0       0        7                  -  skipped
> gemm       fp8      -            0       0        6                  -  skipped
> sample     -        -            3       0        0              0.000  PASS
>
> 107 run, 0 failed, 23 skipped
> skipped: no nvfp4 weights on this device
> skipped: no i4 weights on this device
> skipped: no i8 weights on this device
> skipped: no fp8 weights on this device
$ tokmark verify --device ref --op embed,sample --seeds 2 --seed 7 --quick
> device     ref: float64 reference, scalar, 1 thread, activations f64
> cases      every fifth, 2 seeds from 7
>
> op         weights  cache      run  failed  skipped worst of its limit  verdict
> embed      f32      -            4       0        0              0.000  PASS
> embed      bf16     -            2       0        0              0.000  PASS
> sample     -        -            6       0        0              0.000  PASS
>
> 12 run, 0 failed, 0 skipped
$ tokmark verify --device naive --op sample --seeds 1 --quick -v
> device     naive: float32 reference, scalar, 1 thread, activations f32
> cases      every fifth, 1 seed from 1
>
> op         weights  cache      run  failed  skipped worst of its limit  verdict
>   sample rows=1 vocab=1, seed 1: 0.000 of the limit, 1 elements
>   sample rows=1 vocab=151936, seed 1: 0.000 of the limit, 1 elements
>   sample rows=3 vocab=514 nan, seed 1: 0.000 of the limit, 3 elements
> sample     -        -            3       0        0              0.000  PASS
>
> 3 run, 0 failed, 0 skipped

# A device that computes wrongly: exit 1, each case named.
$ TOKMARK_NULL_SCRIPT='wrong_at=/b3/' tokmark verify --device null --op model --seeds 1 > out
? 1
! tokmark: 11 of 68 cases failed
$ grep -c '  FAIL small-.* decode batch=3 context=17 .*: gemm lm_head m=3 n=307 k=136: logits\[' out
> 10
$ grep -v FAIL out | tail -6 | cut -c1-42
> 68 run, 11 failed, 66 skipped
> skipped: no fp8 cache on this device
> skipped: no fp8 weights on this device
> skipped: no nvfp4 weights on this device
> skipped: no i8 weights on this device
> skipped: no i4 weights on this device

# One that supports nothing.
$ TOKMARK_NULL_SCRIPT='unsupported_at=small' tokmark verify --device null --op model --seeds 1 --quick
? 1
> device     null: null device, scripted, 1 thread, activations f32
> cases      every fifth, 1 seed from 1
>
> op         weights  cache      run  failed  skipped worst of its limit  verdict
> model      f32      f32          0       0        5                  -  skipped
> model      fp8      bf16         0       0        1                  -  skipped
> model      i8       f32          0       0        1                  -  skipped
> model      bf16     bf16         0       0        8                  -  skipped
> model      bf16     fp8          0       0        4                  -  skipped
> model      i8       bf16         0       0        4                  -  skipped
> model      nvfp4    fp8          0       0        3                  -  skipped
> model      fp8      fp8          0       0        1                  -  skipped
>
> 0 run, 0 failed, 27 skipped
> skipped: scripted: not supported
> skipped: no fp8 weights on this device
> skipped: no i8 weights on this device
> skipped: no fp8 cache on this device
> skipped: no nvfp4 weights on this device
! tokmark: nothing was verified: all 27 cases were skipped

$ tokmark verify --op
? 2
! tokmark: --op: needs a value
$ tokmark verify --op gem
? 2
! tokmark: --op gem: must be embed, rmsnorm, gemm, rope_kv, attention, swiglu, sample or model
$ tokmark verify --op gemm,gemm --device null --quick --seeds 1
? 2
! tokmark: --op: gemm is there twice
$ tokmark verify --seeds 0
? 2
! tokmark: --seeds 0: must be 1..1000
$ tokmark verify --seeds 1001
? 2
! tokmark: --seeds 1001: must be 1..1000
$ tokmark verify --seed -1
? 2
! tokmark: --seed -1: must be 0..9007199254740992
$ tokmark verify --device abacus
? 2
! tokmark: --device abacus: must be auto, cpu or null
$ tokmark verify --device null --isa avx2
? 2
! tokmark: --isa avx2: only --device cpu heeds it
$ tokmark verify --device null --threads 2
? 2
! tokmark: --threads 2: only --device cpu heeds it
$ tokmark verify --device null:1
? 2
! tokmark: --device null:1: null has 1 device here, numbered from 0
$ tokmark verify file.json
? 2
! tokmark: file.json: unexpected argument: usage: tokmark verify [options]
$ tokmark verify --quik
? 2
! tokmark: --quik: unknown option; did you mean --quick?
