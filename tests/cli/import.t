# Other benchmarks' results as reported points. What the figures mean is checked in tests/unit/test_import.c.

$ cp "$DATA"/import/* .
$ tokmark import llama.jsonl -o llama.json
> llama.json: 5 points reported by llama-bench, 4 of 9 rows left out
! tokmark: llama.jsonl:6: n_prompt 512 at n_depth 4096: a prefill starts from an empty cache here; left out
! tokmark: llama.jsonl:7: model_type "llama 8B Q4_0": weights of type "Q4_0": must be all F32, F16, BF16, NVFP4 or MXFP4 MoE; left out
! tokmark: llama.jsonl:8: type_k q8_0, type_v f16: must be the same, and f32, f16 or bf16; left out
! tokmark: llama.jsonl:9: step/llama-3.1-8b/decode/b1/c64/w=f16/kv=f16: there is such a point already; left out
$ tokmark show llama.json
> llama.json
> run of <time> on <host> by tokmark <version> (<git>)
>
> device     cuda: NVIDIA H100 80GB HBM3
> ceilings   not measured
> model      llama-3.1-8b, 8.03 G parameters, 15.0 GiB of weights, 128 KiB of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> prefill     1 i512        f16            10,000 input            - TTFT 51.2 ms  -              -       - -
>         reported
> prefill     1 i2048       f16              8000 input            - TTFT 256 ms   -              -       - -
>         reported
> decode      1 c64         f16             99.21 output       99.21 TPOT 10.1 ms  -              -       - -
>         reported
> decode      1 c4160       f16             90.14 output       90.14 TPOT 11.1 ms  -              -       - -
>         reported
> e2e         1 i512/o128   f16             97.71 output           - -             -              -       - -
>         TTFT -, e2e 1.31 s; reported
> ------------------------------------------------------------------------------------------------------------------------
> 5 points: 5 without a verdict
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (5 points: 5 without a verdict)
$ tokmark import llama-cpu.json -o cpu.json --model qwen2.5-3b
> cpu.json: 2 points reported by llama-bench
$ tokmark show cpu.json --format csv | cut -d, -f 5-12 | head -3
> hostname,device,backend,isa,threads,type,key,workload_model
> ,AMD EPYC 9B14 96-Core Processor,cpu,,8,step,step/qwen2.5-3b/prefill/b1/i512/w=bf16/kv=bf16,qwen2.5-3b
> ,AMD EPYC 9B14 96-Core Processor,cpu,,8,step,step/qwen2.5-3b/decode/b1/c108/w=bf16/kv=bf16,qwen2.5-3b
$ tokmark import nccl.json -o n8.json
> n8.json: 4 points reported by nccl-tests, 4 of 8 rows left out
! tokmark: nccl.json: results[2].out_of_place: type "uint8": must be float, half, bfloat16, double, int8, int32 or f8e4m3; left out
! tokmark: nccl.json: results[2].in_place: type "uint8": must be float, half, bfloat16, double, int8, int32 or f8e4m3; left out
! tokmark: nccl.json: results[3].out_of_place: 3 wrong elements; left out
! tokmark: nccl.json: results[3].in_place: busbw 251.658 is 1.5 of algbw 167.772: over 8 ranks it must be 1.75; left out
$ tokmark show n8.json
> n8.json
> run of <time> on <host> by tokmark <version> (<git>)
>
> device     8 x cuda: NVIDIA H100 80GB HBM3
> ceilings   not measured
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> collective            size       count  type redop root place  mode      time       p90       p99    algbw    busbw #wrong verdict
>                        (B)  (elements)                                   (us)      (us)      (us)   (GB/s)   (GB/s)
> ------------------------------------------------------------------------------------------------------------------------
> all-reduce         1048576           0  bf16  none    -   out           32.00     32.00     32.00        -        -      - -
> all-reduce         1048576           0  bf16  none    -    in           33.00     33.50     33.95        -        -      - -
> all-reduce        67108864           0  bf16  none    -   out          320.00    320.00    320.00        -        -      - -
> all-reduce        67108864           0  bf16  none    -    in          310.50    310.50    310.50        -        -      - -
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 without a verdict
>
$ tokmark import nccl.txt -o n4.json --format nccl-tests
> n4.json: 3 points reported by nccl-tests
$ tokmark show n4.json --format nccl-tests | sed 's/^# tokmark [0-9.]*/# tokmark <version>/'
> # tokmark <version>, provenance reported, 4 ranks
> # Collective test starting: all_gather_perf
> #
> # Using devices
> #  Rank  0 device  0 NVIDIA A100-SXM4-80GB
> #  Rank  1 device  1 NVIDIA A100-SXM4-80GB
> #  Rank  2 device  2 NVIDIA A100-SXM4-80GB
> #  Rank  3 device  3 NVIDIA A100-SXM4-80GB
> #
> #                                                              out-of-place                       in-place
> #       size         count      type   redop    root     time   algbw   busbw  #wrong     time   algbw   busbw  #wrong
> #        (B)    (elements)                               (us)  (GB/s)  (GB/s)             (us)  (GB/s)  (GB/s)
>      1048576         65536     float    none      -1    40.00   26.21   19.66     N/A    41.00   25.58   19.18     N/A
>      8388608        524288     float    none      -1   120.50   69.62   52.21     N/A      N/A     N/A     N/A     N/A
> # Avg bus bandwidth    : 30.3511
> #

# The same rows twice: the second time each key is there.
$ tokmark import llama-cpu.json llama-cpu.json -o twice.json
> twice.json: 2 points reported by llama-bench, 2 of 4 rows left out
! tokmark: llama-cpu.json: [0]: step/my-model--v2-/prefill/b1/i512/w=bf16/kv=bf16: there is such a point already; left out
! tokmark: llama-cpu.json: [1]: step/my-model--v2-/decode/b1/c108/w=bf16/kv=bf16: there is such a point already; left out

# What is wrong is one line that names the place, and nothing is written.
$ tokmark import llama.jsonl
? 2
! tokmark: --output: must be given: the result file to write
$ tokmark import llama.jsonl -o llama.json
? 2
! tokmark: --output llama.json: exists; --force overwrites it
$ tokmark import llama.jsonl -o new.json --model 'a b'
? 2
! tokmark: --model a b: must be one that `tokmark models` lists, or 1..95 letters, digits, '.', '_' and '-'
$ tokmark import llama.jsonl -o new.json --format csv
? 2
! tokmark: --format csv: must be auto, llama-bench or nccl-tests
$ tokmark import missing.json -o new.json
? 2
! tokmark: missing.json: cannot be opened: No such file or directory
$ tokmark import llama.jsonl -o new.json --format nccl-tests
? 2
! tokmark: llama.jsonl:2:1: expected the end of the file, found '{'
$ tokmark import nccl.txt -o new.json --format llama-bench
? 2
! tokmark: nccl.txt:1:1: expected a value, found '#'
$ head -c 300 nccl.json > cut.json; tokmark import cut.json -o new.json
? 2
! tokmark: cut.json:23:14: the file ends where a key in double quotes should stand
$ grep Q4_0 llama.jsonl > q4.jsonl; tokmark import q4.jsonl -o new.json
? 1
! tokmark: q4.jsonl: model_type "llama 8B Q4_0": weights of type "Q4_0": must be all F32, F16, BF16, NVFP4 or MXFP4 MoE; left out
! tokmark: nothing to import: 1 of 1 rows left out
$ sed 's/"n_gen": 128/"n_gen": 1e40/' llama.jsonl > big.jsonl; tokmark import big.jsonl -o new.json
? 2
! tokmark: big.jsonl:3: n_gen: 1e+40: must be an integer 0..2147483647
$ sed 's/"time": 320.0/"time": NaN/' nccl.json > nan.json; tokmark import nan.json -o new.json
? 2
! tokmark: nan.json:95:13: expected a value, found 'N'
$ : > empty.json; tokmark import empty.json -o new.json
? 2
! tokmark: empty.json: is empty
$ test -e new.json
? 1
$ tokmark import --help
> Usage: tokmark import FILE... -o RESULT [options]
>
> Takes what other benchmarks wrote as points of provenance "reported", so that they can be held
> against measured ones: llama-bench's JSON and JSON Lines, and nccl-tests' JSON (-J) and table. A
> row that has no counterpart here, such as one of weights in Q4_0, is left out by name and
> counted.
>
> Options:
>   -o, --output FILE    Write the result file there; it must be given
>       --force          Overwrite an existing output file
>       --model NAME     The model's name in keys (default: the built-in one of that size, else
>                        from the file's name)
>       --format FORMAT  What the files are (auto, llama-bench or nccl-tests; default auto)
>   -h, --help           Print this help
>
> Exit codes: 0 something was imported; 1 no row could be taken; 2 usage, or a malformed file.
> Examples:
>   tokmark import llama.jsonl -o llama.json --model llama-3.1-8b
>   tokmark import all_reduce.json -o nccl.json
> docs/formats.md says how each field is taken.
