# What each command says of itself.

$ tokmark run --help
> Usage: tokmark run [options]
>
> Measures decode, prefill and e2e steps of a model's shape on one device, or on tp x pp x dp
> ranks: tokens/s, latency, and the share of the devices' own limit. Without points it runs suite
> std-1, the same on every machine.
>
> Options:
>       --model NAME|PATH    A built-in model (see `tokmark models`) or a Hugging Face config.json
>                            (default: the suite's)
>       --device DEVICE      auto, or a backend of `tokmark devices`, with :N for its Nth device
>                            (default auto)
>       --phase LIST         What is measured (default: all; decode, prefill or e2e)
>       --batch LIST         Sequences at a time (default: the suite's; 1..65536)
>       --input-len LIST     Prompt tokens of prefill and e2e (default: the suite's; 1..16777216,
>                            K M G allowed)
>       --output-len LIST    Generated tokens of e2e (default: the suite's; 1..16777216, K M G
>                            allowed)
>       --context LIST       Tokens in the KV cache before a decode step (default: the suite's;
>                            0..16777215, K M G allowed)
>       --prefill-chunk N    Most tokens of one prefill step (1..16777216, K M G allowed; default
>                            2048)
>       --dtype LIST         Types of the weights (auto, f32, bf16, fp8, nvfp4, i8 or i4; default
>                            auto)
>       --kv-dtype TYPE      Type of the KV cache (auto, f32, bf16 or fp8; default auto)
>       --layers N           Hold N distinct layers and cycle through them: for a model that does
>                            not fit (default: all; 1..100000)
>       --truncate-layers N  Cut the model to N layers: another model, with another key
>                            (1..100000)
>       --threads N          CPU threads (default: one a physical core that this process may use;
>                            1..4096)
>       --isa NAME           CPU kernels to use: avx512, avx2, neon or portable (default: the best
>                            there is)
>       --gemm PROVIDER      Whose kernels run a gemm on a GPU: ours, cuBLASLt's, or the faster on
>                            each shape (best, tokmark or cublaslt; default best)
>       --tp N               Tensor parallel: N ranks share each layer. A rank is a GPU, or a part
>                            of the CPUs; a process under mpirun or srun, else a thread (1..65536;
>                            default 1)
>       --pp N               Pipeline parallel: N stages of layers (1..65536; default 1)
>       --dp N               Data parallel: N replicas share the batch (1..65536; default 1)
>       --microbatches N     Parts of the batch that follow each other through the stages
>                            (default: as many as stages; 1..65536)
>       --rank-only          Measure one rank of the layout alone, the one with the largest share,
>                            and predict the collectives
>       --comm-table FILE    With --rank-only: a result of `tokmark comm` over as many ranks, from
>                            which they are predicted
>       --timeout SECONDS    A rank that is not heard, or does not come to a call, for so long
>                            ends the run (1..86400; default 300)
>       --time SECONDS       Sampling time a point may take; 6 samples are taken whatever it is
>                            (default: 3; with --quick 0.3; 0.001..86400)
>       --rounds N           Rounds over all points, each in an order of its own (3..1000; default
>                            3)
>       --per-op             Also time each operation apart (slower than the whole pass)
>       --seed N             Seed of all values and orders (0..9007199254740992; default 1)
>   -o, --output FILE        Write the result there, anew after each point
>       --force              Overwrite an existing output file
>       --quick              A first look: short warm-up, the fewest samples, no e2e run outright
>       --dry-run            Only say what would be measured, its memory and its cost
>   -h, --help               Print this help
>
> Examples:
>   tokmark run
>   tokmark run --model tinyllama-1.1b --phase decode,prefill --batch 1,8 --dtype bf16 -o r.json
>   tokmark run --model llama-3.1-8b --phase decode --batch 1..64 --context 1K,4K --dry-run
>   tokmark run --device cpu --tp 2 --model smollm2-135m --phase decode --batch 1,8
>   mpirun -np 8 tokmark run --tp 8 --model llama-3.1-8b -o r.json
>   tokmark run --tp 8 --rank-only --comm-table comm.json --model llama-3.3-70b
$ tokmark ops --help
> Usage: tokmark ops [options]
>
> Times single operations: those of a model's steps, or a gemm or an attention of your own shape.
> Each is verified first, and runs over enough copies of its weights to be read from memory, as in
> a step.
>
> Options:
>       --op LIST          Operations (default: all that the shapes have; embed, rmsnorm, gemm,
>                          rope_kv, attention, swiglu or sample)
>       --model NAME|PATH  Take the shapes of this model's steps (default without --m or --heads:
>                          the suite's model)
>       --phase LIST       Steps of the model (decode or prefill; default decode)
>       --batch LIST       Sequences of a step, or of attention (1..65536; default 1,8,64)
>       --context LIST     Tokens in the KV cache before a decode step (0..16777215, K M G
>                          allowed; default 128)
>       --input-len LIST   Prompt tokens of a prefill step (1..16777216, K M G allowed; default
>                          512)
>       --m LIST           gemm: rows of x (with --n and --k; 1..16777216, K M G allowed)
>       --n LIST           gemm: outputs (1..16777216, K M G allowed)
>       --k LIST           gemm: inputs (1..16777216, K M G allowed)
>       --heads N          attention: query heads (with --batch and --context; 1..4096)
>       --kv-heads N       attention: key and value heads (default: --heads; 1..4096)
>       --head-dim N       attention: elements of a head (2..4096; default 128)
>       --q-len N          attention: new tokens a sequence (1..1048576, K M G allowed; default 1)
>       --window N         attention: sliding window, 0 = none (0..16777216, K M G allowed;
>                          default 0)
>       --dtype LIST       Types of the weights (f32, bf16, fp8, nvfp4, i8 or i4; default bf16)
>       --kv-dtype TYPE    Type of the KV cache (f32, bf16 or fp8; default bf16)
>       --device DEVICE    auto, or a backend of `tokmark devices`, with :N for its Nth device
>                          (default auto)
>       --threads N        CPU threads (default: one a physical core that this process may use;
>                          1..4096)
>       --isa NAME         CPU kernels to use: avx512, avx2, neon or portable (default: the best
>                          there is)
>       --gemm PROVIDER    Whose kernels run a gemm on a GPU: ours, cuBLASLt's, or the faster on
>                          each shape (best, tokmark or cublaslt; default best)
>       --time SECONDS     Sampling time a shape may take; 6 samples are taken whatever it is
>                          (0.001..86400; default 0.5)
>       --seed N           Seed of all values (0..9007199254740992; default 1)
>   -o, --output FILE      Write the result there, anew after each shape
>       --force            Overwrite an existing output file
>   -h, --help             Print this help
>
> Examples:
>   tokmark ops --model tinyllama-1.1b --batch 1,8
>   tokmark ops --op gemm --m 1..64 --n 2048 --k 2048 --dtype f32,bf16
>   tokmark ops --op attention --heads 32 --kv-heads 4 --head-dim 64 --batch 1,8 --context 1K,4K
$ tokmark verify --help
> Usage: tokmark verify [options]
>
> Checks every operation of a device against float64 arithmetic, on ragged shapes: each output
> element against a limit that follows from what plain float32 code loses on the same values, NaN,
> elements left unwritten, and writes beside the result. Ends with 1 if anything is wrong.
>
> Options:
>       --device DEVICE  Device to verify (default auto)
>       --isa NAME       CPU kernels to use: avx512, avx2, neon or portable (default: the best
>                        there is)
>       --threads N      CPU threads (default: one a physical core that this process may use;
>                        1..4096)
>       --op LIST        Operations to verify; model: small whole models (default: all; embed,
>                        rmsnorm, gemm, rope_kv, attention, swiglu, sample or model)
>       --seeds N        Runs of each case, with other values (1..1000; default 2)
>       --seed N         Seed of the first run (0..9007199254740992; default 1)
>       --quick          Every fifth case only
>       --fail-fast      Stop at the first case that fails
>   -v, --verbose        A line for each case
>   -h, --help           Print this help
>
> Examples:
>   tokmark verify
>   tokmark verify --device cpu --isa portable --op gemm,attention --seeds 5
>   tokmark verify --quick -v
$ tokmark devices --help
> Usage: tokmark devices [options]
>
> Lists the devices that this build can use here, or why it can't, and measures their ceilings:
> read and copy bandwidth and the FLOP rate of each type. These are the limits that results are
> held against.
>
> Options:
>       --ceilings       Measure what each device reaches (the default)
>       --no-ceilings    Only say what is here
>       --format FORMAT  Output (table or json; default table)
>   -h, --help           Print this help
$ tokmark models --help
> Usage: tokmark models [options] [NAME | PATH]
>
> Lists the built-in models, or shows one in full: a built-in by name, or a Hugging Face
> config.json, or the folder it is in, by path. Weight bytes are with the layers' projections in
> that type and, below 16 bits, all else in bf16.
>
> Options:
>       --format FORMAT  Output (table or json; default table)
>   -h, --help           Print this help
>
> Examples:
>   tokmark models
>   tokmark models llama-3.1-8b
>   tokmark models --format json ./my-model/config.json
$ tokmark claims --help
> Usage: tokmark claims [--gpu G] [--model M] [--family F] [--all] [--format table|csv|json] [ID]
>
> Lists the reported throughput figures that results can be held against: the press, MLPerf,
> vendors' tables. Without options: how many there are of each family. With an ID: all that is
> known of one.
>
> Options:
>       --gpu G     only rows of this GPU: an id, or a spelling of it (h100-sxm5-80gb, H100)
>       --model M   only rows of this model: an id, or a spelling of it (llama-3.1-8b,
>                   Llama-3.1-8B)
>       --family F  only rows of this family, or of all whose names begin so: mlperf
>       --all       every row
>       --format F  csv and json print every row unless they are filtered (table, csv or json;
>                   default table)
>   -h, --help      Print this help
>
> Examples:
>   tokmark claims --gpu GB300
>   tokmark claims gmi-taiwan-gb300
$ tokmark target --help
> Usage: tokmark target RESULT... [--claim ID] [--tokens-per-s N] [options]
>
> Holds results against a reported figure: how many of the measured device make it, with the
> measurement's 95 % interval carried through, which points make the claim's rate a GPU, and how
> MLPerf's rows for the model compare.
>
> Options:
>       --tokens-per-s N    tokens a second wanted in all (default: the claim's; 0.001..1e+15)
>       --claim ID          reported figure to hold the results against; see tokmark claims
>                           (default gmi-taiwan-gb300)
>       --accounting A      tokens that count (default: as the claim states; both where it does
>                           not; output or total)
>       --interactivity N   also the best point that gives each user N output tokens/s or more
>                           (0..1000000000)
>       --price-per-hour P  dollars an hour for one device: gives dollars a million tokens
>                           (0..1000000000)
>       --overhead F        facility power over device power; 1 is the devices alone (1..100;
>                           default 1)
>       --format F          for people, or for programs (table or json; default table)
>   -h, --help              Print this help
>
> Exit codes: 0 an answer for every result; 1 a result has no point that counts; 2 usage, or a
> file that can't be read.
> Examples:
>   tokmark target r.json
>   tokmark target r.json --interactivity 50 --price-per-hour 2.5 --overhead 1.3
$ tokmark show --help
> Usage: tokmark show FILE... [options]
>
> Prints result files of `tokmark run` again. Files of any version 1.x are read.
>
> Options:
>       --format FORMAT  Output; json writes one file again in the order and version of this
>                        build; from llama-bench on: that tool's own (table, md, csv, json,
>                        llama-bench, vllm, nccl-tests or inferencex; default table)
>   -o, --output FILE    Write there instead of to standard output
>       --force          Overwrite an existing output file
>   -h, --help           Print this help
>
> Examples:
>   tokmark show r.json
>   tokmark show results/*/*.json --format csv -o all.csv
>   tokmark show r.json --format llama-bench > r.jsonl
> docs/formats.md says how each field of another benchmark's format is derived.
