# Results in other benchmarks' formats. How each field is derived: docs/formats.md; the arithmetic: tests/unit/test_out_formats.c.

$ cp "$DATA/results/cpu-sweep.json" cpu.json; cp "$DATA/results/all-types.json" all.json; cp "$DATA/results/empty.json" none.json
$ tokmark show cpu.json --format llama-bench | sed 's/"build_commit": "[^"]*"/"build_commit": "<git>"/'
> {"build_commit": "<git>","build_number": 0,"cpu_info": "AMD EPYC 9B14","gpu_info": "","backends": "cpu","model_filename": "tinyllama-1.1b","model_type": "tinyllama-1.1b bf16","model_size": 2200096768,"model_n_params": 1100048384,"n_batch": 2048,"n_ubatch": 2048,"n_threads": 2,"cpu_mask": "0x0","cpu_strict": false,"poll": 0,"type_k": "bf16","type_v": "bf16","n_gpu_layers": 0,"n_cpu_moe": 0,"split_mode": "none","main_gpu": 0,"no_kv_offload": false,"flash_attn": -1,"devices": "auto","tensor_split": "0.00","tensor_buft_overrides": "none","use_mmap": false,"load_mode": "none","embeddings": false,"no_op_offload": 0,"no_host": false,"n_prompt": 0,"n_gen": 1,"n_depth": 128,"test_time": "<time>","avg_ns": 101337830,"stddev_ns": 187863,"avg_ts": 9.868013266051058,"stddev_ts": 0.01828750228032912,"samples_ns": [101356952,101216490,101622559,101152818,101529136,101390939,101141095,101506038,101124446],"samples_ts": [9.866121467425343,9.879813110886444,9.840334786886086,9.886032018687725,9.849389440288352,9.862814245504683,9.887177907259161,9.851630722331096,9.888805695190642],"tokmark_provenance": "measured","tokmark_verdict": "VALID","tokmark_key": "step/tinyllama-1.1b/decode/b1/c128/w=bf16/kv=bf16"}
> {"build_commit": "<git>","build_number": 0,"cpu_info": "AMD EPYC 9B14","gpu_info": "","backends": "cpu","model_filename": "tinyllama-1.1b","model_type": "tinyllama-1.1b bf16","model_size": 2200096768,"model_n_params": 1100048384,"n_batch": 2048,"n_ubatch": 2048,"n_threads": 2,"cpu_mask": "0x0","cpu_strict": false,"poll": 0,"type_k": "bf16","type_v": "bf16","n_gpu_layers": 0,"n_cpu_moe": 0,"split_mode": "none","main_gpu": 0,"no_kv_offload": false,"flash_attn": -1,"devices": "auto","tensor_split": "0.00","tensor_buft_overrides": "none","use_mmap": false,"load_mode": "none","embeddings": false,"no_op_offload": 0,"no_host": false,"n_prompt": 512,"n_gen": 0,"n_depth": 0,"test_time": "<time>","avg_ns": 8111479887,"stddev_ns": 14062356,"avg_ts": 63.12057600018286,"stddev_ts": 0.10945487841951917,"samples_ns": [8097008882,8129099340,8122910758,8093396981,8114828610,8111634749],"samples_ts": [63.233226918917936,62.98360723440243,63.0315924000208,63.261446485569344,63.0943701471472,63.11921281503944],"tokmark_provenance": "measured","tokmark_verdict": "VALID","tokmark_key": "step/tinyllama-1.1b/prefill/b1/i512/w=bf16/kv=bf16"}
> {"build_commit": "<git>","build_number": 0,"cpu_info": "AMD EPYC 9B14","gpu_info": "","backends": "cpu","model_filename": "tinyllama-1.1b","model_type": "tinyllama-1.1b bf16","model_size": 2200096768,"model_n_params": 1100048384,"n_batch": 2048,"n_ubatch": 2048,"n_threads": 2,"cpu_mask": "0x0","cpu_strict": false,"poll": 0,"type_k": "bf16","type_v": "bf16","n_gpu_layers": 0,"n_cpu_moe": 0,"split_mode": "none","main_gpu": 0,"no_kv_offload": false,"flash_attn": -1,"devices": "auto","tensor_split": "0.00","tensor_buft_overrides": "none","use_mmap": false,"load_mode": "none","embeddings": false,"no_op_offload": 0,"no_host": false,"n_prompt": 128,"n_gen": 0,"n_depth": 0,"test_time": "<time>","avg_ns": 2000000000,"stddev_ns": null,"avg_ts": 64,"stddev_ts": null,"samples_ns": [],"samples_ts": [],"tokmark_provenance": "composed","tokmark_verdict": "VALID","tokmark_key": "step/tinyllama-1.1b/e2e/b1/i128/o1/w=bf16/kv=bf16"}
! tokmark: --format llama-bench: 5 of 8 points left out: 1 INVALID, 1 skipped, 1 failed, 2 with no test there (batch above 1, op, comm)
$ tokmark show cpu.json --format vllm
> [
>   {
>     "date": "20261122-021150",
>     "backend": "tokmark",
>     "model_id": "tinyllama-1.1b",
>     "num_prompts": 4,
>     "request_rate": "inf",
>     "max_concurrency": 4,
>     "duration": 21.2334,
>     "completed": 4,
>     "failed": 0,
>     "total_input_tokens": 512,
>     "total_output_tokens": 512,
>     "request_throughput": 0.188382454058229,
>     "output_throughput": 24.112954119453317,
>     "total_token_throughput": 48.225908238906634,
>     "mean_ttft_ms": 8000,
>     "median_ttft_ms": 8000,
>     "mean_tpot_ms": 104.2,
>     "median_tpot_ms": 104.2,
>     "mean_e2el_ms": 21233.4,
>     "median_e2el_ms": 21233.4,
>     "tokmark_provenance": "composed",
>     "tokmark_verdict": "VALID",
>     "tokmark_key": "step/tinyllama-1.1b/e2e/b4/i128/o128/w=bf16/kv=bf16"
>   },
>   {
>     "date": "20261122-021150",
>     "backend": "tokmark",
>     "model_id": "tinyllama-1.1b",
>     "num_prompts": 1,
>     "request_rate": "inf",
>     "max_concurrency": 1,
>     "duration": 2,
>     "completed": 1,
>     "failed": 0,
>     "total_input_tokens": 128,
>     "total_output_tokens": 1,
>     "request_throughput": 0.5,
>     "output_throughput": 0.5,
>     "total_token_throughput": 64.5,
>     "mean_ttft_ms": 2000,
>     "median_ttft_ms": 2000,
>     "mean_e2el_ms": 2000,
>     "median_e2el_ms": 2000,
>     "tokmark_provenance": "composed",
>     "tokmark_verdict": "VALID",
>     "tokmark_key": "step/tinyllama-1.1b/e2e/b1/i128/o1/w=bf16/kv=bf16"
>   }
> ]
! tokmark: --format vllm: 6 of 8 points left out: 1 INVALID, 1 skipped, 1 failed, 3 other than e2e
$ tokmark show cpu.json all.json --format inferencex
> [
>   {
>     "hw": "amd-epyc-9b14-2t",
>     "conc": 4,
>     "image": null,
>     "model": "tinyllama-1.1b",
>     "infmax_model_prefix": null,
>     "framework": "tokmark",
>     "precision": "bf16",
>     "spec_decoding": "none",
>     "disagg": false,
>     "isl": 128,
>     "osl": 128,
>     "is_multinode": false,
>     "tp": 1,
>     "pp": 1,
>     "dp": 1,
>     "ep": 1,
>     "dp_attention": "false",
>     "tput_per_gpu": 48.225908238906634,
>     "output_tput_per_gpu": 24.112954119453317,
>     "input_tput_per_gpu": 24.112954119453317,
>     "mean_ttft": 8,
>     "median_ttft": 8,
>     "mean_tpot": 0.1042,
>     "median_tpot": 0.1042,
>     "mean_intvty": 9.596928982725528,
>     "median_intvty": 9.596928982725528,
>     "mean_e2el": 21.2334,
>     "median_e2el": 21.2334,
>     "tokmark_provenance": "composed",
>     "tokmark_verdict": "VALID",
>     "tokmark_key": "step/tinyllama-1.1b/e2e/b4/i128/o128/w=bf16/kv=bf16"
>   },
>   {
>     "hw": "amd-epyc-9b14-2t",
>     "conc": 1,
>     "image": null,
>     "model": "tinyllama-1.1b",
>     "infmax_model_prefix": null,
>     "framework": "tokmark",
>     "precision": "bf16",
>     "spec_decoding": "none",
>     "disagg": false,
>     "isl": 128,
>     "osl": 1,
>     "is_multinode": false,
>     "tp": 1,
>     "pp": 1,
>     "dp": 1,
>     "ep": 1,
>     "dp_attention": "false",
>     "tput_per_gpu": 64.5,
>     "output_tput_per_gpu": 0.5,
>     "input_tput_per_gpu": 64,
>     "mean_ttft": 2,
>     "median_ttft": 2,
>     "mean_e2el": 2,
>     "median_e2el": 2,
>     "tokmark_provenance": "composed",
>     "tokmark_verdict": "VALID",
>     "tokmark_key": "step/tinyllama-1.1b/e2e/b1/i128/o1/w=bf16/kv=bf16"
>   }
> ]
! tokmark: --format inferencex: 15 of 17 points left out: 1 INVALID, 2 skipped, 1 failed, 1 simulated, 10 other than e2e
$ tokmark show all.json --format nccl-tests
> # tokmark 0.1.0, provenance measured, 2 ranks
> # Collective test starting: all_reduce_perf
> #
> # Using devices
> #  Rank  0 device  0 NVIDIA H100 80GB HBM3
> #  Rank  1 device  1 NVIDIA H100 80GB HBM3
> #
> #                                                              out-of-place                       in-place
> #       size         count      type   redop    root     time   algbw   busbw  #wrong     time   algbw   busbw  #wrong
> #        (B)    (elements)                               (us)  (GB/s)  (GB/s)             (us)  (GB/s)  (GB/s)
>     67108864      33554432  bfloat16     sum      -1      N/A     N/A     N/A     N/A   210.17  319.30  319.30     N/A
> # Avg bus bandwidth    : 319.302
> #
! tokmark: --format nccl-tests: 8 of 9 points left out: 1 skipped, 1 simulated, 6 other than collectives
$ tokmark show none.json --format llama-bench
$ tokmark show none.json --format vllm
> []
$ tokmark show none.json --format nccl-tests
$ tokmark show cpu.json --format vllm -o v.json; head -2 v.json
> [
>   {
! tokmark: --format vllm: 6 of 8 points left out: 1 INVALID, 1 skipped, 1 failed, 3 other than e2e
$ tokmark show cpu.json missing.json --format vllm
? 2
! tokmark: missing.json: cannot be opened: No such file or directory
