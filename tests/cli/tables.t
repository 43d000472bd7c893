# The built-in tables.

$ tokmark models
> model              params  active layers hidden   heads       f32      bf16       fp8     nvfp4   KV/token  runs
> smollm2-135m        135 M       =     30    576     9/3   513 MiB   257 MiB   155 MiB   111 MiB   22.5 KiB  yes
> qwen2.5-0.5b        494 M       =     24    896    14/2  1.84 GiB   942 MiB   601 MiB   452 MiB   12.0 KiB  yes
> qwen3-0.6b          596 M       =     28   1024    16/8  2.22 GiB  1.11 GiB   717 MiB   533 MiB    112 KiB  yes
> tinyllama-1.1b     1.10 B       =     22   2048    32/4  4.10 GiB  2.05 GiB  1.15 GiB   770 MiB   22.0 KiB  yes
> llama-3.2-1b       1.24 B       =     16   2048    32/8  4.60 GiB  2.30 GiB  1.40 GiB  1023 MiB   32.0 KiB  yes
> mistral-7b-v0.1    7.24 B       =     32   4096    32/8  27.0 GiB  13.5 GiB  6.99 GiB  4.15 GiB    128 KiB  yes
> mistral-7b-v0.3    7.25 B       =     32   4096    32/8  27.0 GiB  13.5 GiB  7.00 GiB  4.16 GiB    128 KiB  yes
> qwen2.5-7b         7.62 B       =     28   3584    28/4  28.4 GiB  14.2 GiB  8.11 GiB  5.45 GiB   56.0 KiB  yes
> llama-3.1-8b       8.03 B       =     32   4096    32/8  29.9 GiB  15.0 GiB  8.46 GiB  5.61 GiB    128 KiB  yes
> qwen3-8b           8.19 B       =     36   4096    32/8  30.5 GiB  15.3 GiB  8.79 GiB  5.96 GiB    144 KiB  yes
> qwen3-32b          32.8 B       =     64   5120    64/8   122 GiB  61.0 GiB  32.0 GiB  19.2 GiB    256 KiB  yes
> llama-2-70b        69.0 B       =     80   8192    64/8   257 GiB   128 GiB  64.7 GiB  36.8 GiB    320 KiB  yes
> llama-3.1-70b      70.6 B       =     80   8192    64/8   263 GiB   131 GiB  67.7 GiB  39.8 GiB    320 KiB  yes
> llama-3.3-70b      70.6 B       =     80   8192    64/8   263 GiB   131 GiB  67.7 GiB  39.8 GiB    320 KiB  yes
> qwen2.5-72b        72.7 B       =     80   8192    64/8   271 GiB   135 GiB  70.0 GiB  41.4 GiB    320 KiB  yes
> llama-3.1-405b      406 B       =    126  16384   128/8  1.48 TiB   756 GiB   382 GiB   218 GiB    504 KiB  yes
> gpt-oss-20b        20.9 B  4.19 B     24   2880    64/8  77.9 GiB  39.0 GiB  20.6 GiB  12.5 GiB   48.0 KiB  no
> qwen3-30b-a3b      30.5 B  3.35 B     48   2048    32/4   114 GiB  56.9 GiB  29.0 GiB  16.8 GiB   96.0 KiB  no
> mixtral-8x7b       46.7 B  12.9 B     32   4096    32/8   174 GiB  87.0 GiB  43.7 GiB  24.8 GiB    128 KiB  no
> gpt-oss-120b        117 B  5.71 B     36   2880    64/8   435 GiB   218 GiB   110 GiB  62.8 GiB   72.0 KiB  no
> qwen3-235b-a22b     235 B  22.2 B     94   4096    64/4   876 GiB   438 GiB   220 GiB   125 GiB    188 KiB  no
> glm-4.5             353 B  33.6 B     92   5120    96/8  1.28 TiB   657 GiB   330 GiB   187 GiB    368 KiB  no
> deepseek-v3         671 B  37.6 B     61   7168 128/MLA  2.44 TiB  1.22 TiB   627 GiB   354 GiB   68.6 KiB  no
> deepseek-r1         671 B  37.6 B     61   7168 128/MLA  2.44 TiB  1.22 TiB   627 GiB   354 GiB   68.6 KiB  no
> kimi-k2-instruct   1026 B  32.9 B     61   7168  64/MLA  3.73 TiB  1.87 TiB   958 GiB   541 GiB   68.6 KiB  no
>
> active: parameters used for one token, = all. KV/token: cache bytes of a token in bf16. `tokmark models NAME` shows one in full.
$ tokmark claims
> 433 reported figures. The default of `tokmark target` is gmi-taiwan-gb300.
>
> family              rows  tokens/s/GPU              what
> press                  5  289.4 to 279,070          press and keynote figures
> mlperf-5.1            72  25.35 to 18,370           MLPerf Inference v5.1, closed division
> mlperf-6.0            13  5340 to 20,050            MLPerf Inference v6.0, closed division, as the press and submitters give it
> mlperf-unverified      2  12,014 to 15,291          MLPerf workloads run outside a round
> tensorrt-llm-0.17     85  22.02 to 31,938           NVIDIA TensorRT-LLM 0.17 performance overview
> tensorrt-llm-1.0     141  43.12 to 39,827           NVIDIA TensorRT-LLM 1.0 performance overview
> tensorrt-llm-dev      88  120.0 to 56,528           NVIDIA TensorRT-LLM performance overview after 1.0
> vendor                20  23.20 to 60,000           other vendors and projects
> statement              7  -                         ratios and sizes
>
> Rows: --family F, --gpu G, --model M, --all; one with all it says: tokmark claims ID; --format csv or json.
> Rates a GPU are derived where the source states a system's; of MLPerf they are no primary metric.
$ tokmark models stray
? 2
! tokmark: model "stray": unknown: must be one that `tokmark models` lists, or a path with a '/' or .json in it
$ tokmark claims stray
? 2
! tokmark: claim stray: not known; see tokmark claims
