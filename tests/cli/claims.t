# The reported figures.
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
$ tokmark claims gmi-taiwan-gb300
> gmi-taiwan-gb300
>   who            GMI Cloud (press)
>   what           LLM inference throughput
>   system         96x GB300 NVL72 (Taiwan AI Factory)
>   scenario       aggregate claim, no workload given
>   GPUs           GB300 x 6,912 (gb300-nvl72)
>   GPUs printed   7,000
>   racks          96
>   model          - (the claim names no model)
>   precision      -
>   in/out         -/-
>   rate           2,000,000 tokens/s
>   a GPU          289.4 tokens/s
>   a rack         20,833 tokens/s
>   power          16.00 MW
>   a kW           125.0 tokens/s
>   a token        8.000 J
>   counted        not stated
>   quote          "The Taiwan facility runs 7,000 Nvidia Blackwell Ultra GPUs organized into 96 GB300 NVL72 racks. That setup can pump out up to 2 million tokens per second"
>   source         https://www.marketdash.io/news/52878/taiwan-gets-a-500-million-ai-factory-as-tech-giants-race-to-build-smarter-infrastructure (quote); power: Reuters, 17 November 2025, https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2
>   note           96 racks x 72 GPUs = 6,912, so the printed 7,000 is rounded. 2,000,000 / 6,912 = 289 tokens/s a GPU; / 96 = 20,833 a rack; / 16,000 kW = 125 tokens/s a kW, 8 J a token; 16 MW / 6,912 = 2.3 kW a GPU all told. No model, lengths, precision or accounting is stated.
>   details        power: 'It will draw around 16 megawatts of power' (Reuters); also tipranks.com, cxovoice
>   confidence     claim as printed: high; meaning: none stated
>   family         press: press and keynote figures
>                  Aggregates with no workload. What counts as a token is mostly not stated.
$ tokmark claims GMI-REUTERS-VARIANT
> gmi-reuters-variant
>   who            Reuters and press after it
>   what           LLM inference throughput
>   system         96 high-density racks
>   scenario       aggregate claim
>   GPUs           GB300 x 6,912 (gb300-nvl72)
>   GPUs printed   7,000
>   racks          96
>   model          - (the claim names no model)
>   precision      -
>   in/out         -/-
>   rate           2,000,000 tokens/s
>   a GPU          289.4 tokens/s
>   a rack         20,833 tokens/s
>   power          16.00 MW
>   a kW           125.0 tokens/s
>   a token        8.000 J
>   counted        not stated
>   quote          "will house around 7,000 GPUs across 96 high-density racks and deliver nearly 2 million tokens per second, all while drawing approximately 16 megawatts of power"
>   source         https://semiconleadersasia.com/news/3/349/gmi-cloud-invests-500-million-in-taiwans-flagship-ai-data-center-deploying-7000-nvidia-blackwell-gpus.html
>   note           'nearly', where the other press report says 'up to'; Reuters' own text: https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2
>   confidence     high
>   family         press: press and keynote figures
>                  Aggregates with no workload. What counts as a token is mostly not stated.
$ tokmark claims mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
> mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
>   who            RedHat
>   what           LLM inference throughput
>   system         XE8640_4xH100_vLLM
>   scenario       MLPerf v5.1 closed Offline
>   GPUs           H100-SXM-80GB x 1 (h100-sxm5-80gb)
>   model          llama3.1-8b (llama-3.1-8b)
>   precision      fp8
>   in/out         -/-
>   rate           5777 tokens/s
>   a GPU          5777 tokens/s
>   counted        output
>   quote          "Performance_Result 5777.08 Tokens/s; Accuracy: ROUGE1: 38.7898  ROUGE2: 15.9437  ROUGEL: 24.5735  ROUGELSUM: 35.8053  GEN_LEN: 8163079"
>   source         mlcommons/inference_results_v5.1@965182b summary_results.json (row ID 5.1-0083; closed/RedHat/results/XE8640_4xH100_vLLM/llama3.1-8b/Offline)
>   details        nodes: 1; GPUs a node: 1; availability: available; software: vLLM 0.10.0, RHEL 9.6; output length: max 128 [rule, from memory]; file has GEN_LEN 8,209,590 characters
>   confidence     high
>   family         mlperf-5.1: MLPerf Inference v5.1, closed division
>                  Read from MLCommons' results repository. Rates are of a system; a rate a GPU is derived from it and is no primary metric of MLPerf. The MLPerf name and logo are registered and unregistered trademarks of MLCommons Association in the United States and other countries.
$ tokmark claims vllm-gb300-mixed
> vllm-gb300-mixed
>   who            vLLM
>   what           LLM inference throughput
>   system         2x GB300 EP2
>   scenario       mixed
>   GPUs           GB300 x 2 (gb300-nvl72)
>   model          DeepSeek-R1 (deepseek-r1)
>   precision      nvfp4
>   in/out         2048/1024
>   rate           6144 tokens/s
>   a GPU          3072 tokens/s
>   counted        total (the source: total per GPU ('TGS'))
>   quote          "3072 TGS in a mixed-context scenario (ISL=2k,OSL=1k)"
>   source         vllm-project/vllm-project.github.io@c3a01c4 _posts/2026-02-13-gb300-deepseek.md line 19
>   confidence     high
>   family         vendor: other vendors and projects
>                  Each by its own rules: read the row.
$ tokmark claims --gpu GB300 --model deepseek-r1
> GPUs         model        precision             in/out      tokens/s  tokens/s/GPU  counted     id
> GB300 x 72   deepseek-r1  fp4                  -/~3654       420,659          5842  output      mlperf5.1-deepseek-r1-offline-gb300-x72
> GB300 x 8    deepseek-r1  fp4                  -/~3643        48,047          6006  output      mlperf5.1-deepseek-r1-offline-gb300-x8
> GB300 x 72   deepseek-r1  fp4                  -/~3705       209,328          2907  output      mlperf5.1-deepseek-r1-server-gb300-x72
> GB300 x 8    deepseek-r1  fp4                  -/~3700        22,545          2818  output      mlperf5.1-deepseek-r1-server-gb300-x8
> GB300 x 288  deepseek-r1  nvfp4 presumed           -/-     2,494,310          8661  output      mlperf6.0-deepseek-r1-offline
> GB300 x 288  deepseek-r1  nvfp4 presumed           -/-     1,555,110          5400  output      mlperf6.0-deepseek-r1-server
> GB300        deepseek-r1  nvfp4 presumed           -/-       250,634             -  output      mlperf6.0-deepseek-r1-interactive
> GB300 x 72   deepseek-r1  nvfp4 presumed           -/-       580,608          8064  output      mlperf6.0-dsr1-server-pergpu
> GB300        DeepSeek-R1  nvfp4/fp8        128000/8000             -         226.2  not stated  sglang-gb300-longctx
> GB300 x 2    DeepSeek-R1  nvfp4                 2048/1        44,952        22,476  total       vllm-gb300-prefill
> GB300 x 2    DeepSeek-R1  nvfp4              2048/1024          6144          3072  total       vllm-gb300-mixed
> GB300 x 72   DeepSeek-R1  FP4 + Dynamo      32000/8000             -             -  not stated  nv-gb300-50x
> 12 rows. in/out: tokens a request, ~ where it is the mean of a data set.
$ tokmark claims --gpu "NVIDIA GB300" --model DeepSeek-R1-0528 --family mlperf
> GPUs         model        precision             in/out      tokens/s  tokens/s/GPU  counted     id
> GB300 x 72   deepseek-r1  fp4                  -/~3654       420,659          5842  output      mlperf5.1-deepseek-r1-offline-gb300-x72
> GB300 x 8    deepseek-r1  fp4                  -/~3643        48,047          6006  output      mlperf5.1-deepseek-r1-offline-gb300-x8
> GB300 x 72   deepseek-r1  fp4                  -/~3705       209,328          2907  output      mlperf5.1-deepseek-r1-server-gb300-x72
> GB300 x 8    deepseek-r1  fp4                  -/~3700        22,545          2818  output      mlperf5.1-deepseek-r1-server-gb300-x8
> GB300 x 288  deepseek-r1  nvfp4 presumed           -/-     2,494,310          8661  output      mlperf6.0-deepseek-r1-offline
> GB300 x 288  deepseek-r1  nvfp4 presumed           -/-     1,555,110          5400  output      mlperf6.0-deepseek-r1-server
> GB300        deepseek-r1  nvfp4 presumed           -/-       250,634             -  output      mlperf6.0-deepseek-r1-interactive
> GB300 x 72   deepseek-r1  nvfp4 presumed           -/-       580,608          8064  output      mlperf6.0-dsr1-server-pergpu
> 8 rows. in/out: tokens a request, ~ where it is the mean of a data set.
$ tokmark claims --gpu H800
> GPUs      model           precision        in/out      tokens/s  tokens/s/GPU  counted     id
> H800 x 8  DeepSeek-V3/R1  fp8                 -/-        73,700          9212  input       deepseek-prod-prefill
> H800 x 8  DeepSeek-V3/R1  fp8                 -/-        14,800          1850  output      deepseek-prod-decode
> 2 rows. in/out: tokens a request, ~ where it is the mean of a data set.
$ tokmark claims --model llama-3.1-8b --gpu L40S --format csv
> id,family,who,system,gpu,gpu_id,gpu_count,model,model_id,precision,input_len,output_len,output_len_mean,tokens_per_s,tokens_per_s_per_gpu,power_w,accounting,scenario,confidence,source
> mlperf5.1-llama3.1-8b-offline-l40s-x1,mlperf-5.1,RedHat,IBM_Cloud_gx3-48x240x2l40s_vLLM,L40S,l40s,1,llama3.1-8b,llama-3.1-8b,fp8,,,,1642.22,1642.22,,output,MLPerf v5.1 closed Offline,high,mlcommons/inference_results_v5.1@965182b summary_results.json (row ID 5.1-0082; closed/RedHat/results/IBM_Cloud_gx3-48x240x2l40s_vLLM/llama3.1-8b/Offline)
> mlperf5.1-llama3.1-8b-server-l40s-x1,mlperf-5.1,RedHat,IBM_Cloud_gx3-48x240x2l40s_vLLM,L40S,l40s,1,llama3.1-8b,llama-3.1-8b,fp8,,,,1207.14,1207.14,,output,MLPerf v5.1 closed Server,high,mlcommons/inference_results_v5.1@965182b summary_results.json (row ID 5.1-0082; closed/RedHat/results/IBM_Cloud_gx3-48x240x2l40s_vLLM/llama3.1-8b/Server)
> trtllm0.17-llama-3.1-8b-l40sx1-128-128,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,128,128,,9104.61,9104.61,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-128-2048,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,128,2048,,5365.81,5365.81,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-128-4096,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,128,4096,,3025.92,3025.92,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-500-2000,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,500,2000,,4273.75,4273.75,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-1000-1000,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,1000,1000,,4054.71,4054.71,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-2048-128,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,2048,128,,1066.52,1066.52,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-2048-2048,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,2048,2048,,2225.27,2225.27,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-5000-500,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,5000,500,,981.2,981.2,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
> trtllm0.17-llama-3.1-8b-l40sx1-20000-2000,tensorrt-llm-0.17,NVIDIA TensorRT-LLM docs,1x L40S TP1,L40S,l40s,1,Llama-3.1-8B,llama-3.1-8b,fp8,20000,2000,,327.97,327.97,,output,offline max load (trtllm-bench throughput),high,"NVIDIA/TensorRT-LLM docs/source/performance/perf-overview.md @258c7540 (v0.17, tokens/s)"
$ tokmark claims --family statement --format json | head -40
> {
>   "schema": "tokmark-claims",
>   "schema_version": "1.0.0",
>   "claims": [
>     {
>       "id": "nv-gb300-50x",
>       "family": "statement",
>       "who": "NVIDIA",
>       "what": "ratio claim",
>       "system": "GB300 NVL72 vs Hopper",
>       "scenario": "AI factory output ratio",
>       "precision": "FP4 + Dynamo",
>       "gpu": "GB300",
>       "gpu_id": "gb300-nvl72",
>       "gpu_unjoined": null,
>       "gpu_count": 72,
>       "gpu_count_printed": null,
>       "racks": null,
>       "model": "DeepSeek-R1",
>       "model_id": "deepseek-r1",
>       "model_unjoined": null,
>       "input_len": 32000,
>       "output_len": 8000,
>       "output_len_mean": null,
>       "tokens_per_s": null,
>       "tokens_per_s_per_gpu": null,
>       "power_w": null,
>       "accounting": null,
>       "accounting_text": "ratio",
>       "source": "https://vendordeep.com/report/nvidia-launches-blackwell-ultra-gb300",
>       "quote": "(DeepSeek-R1, ISL=32K, OSL=8K, FP4 Dynamo): 50x AI factory output over Hopper, 10x response speed, 5x per-megawatt throughput",
>       "note": null,
>       "details": null,
>       "confidence": "high as a claim"
>     },
>     {
>       "id": "nv-gtc2025-25x",
>       "family": "statement",
>       "who": "NVIDIA keynote (notes)",
>       "what": "ratio claim (40x with Dynamo: johnfurrier.substack.com 'Blackwell NVL with Dynamo: 40x')",
$ tokmark claims --all | tail -1
> 433 rows. in/out: tokens a request, ~ where it is the mean of a data set.
$ tokmark claims --format csv | wc -l
> 434
$ tokmark claims --format json | python3 -c 'import json, sys; print(len(json.load(sys.stdin)["claims"]))'
> 433
$ tokmark claims --format csv | python3 -c 'import csv, sys; rows = list(csv.reader(sys.stdin)); print(len(rows), {len(r) for r in rows})'
> 434 {20}
# a filter that is known, but has no row, is no mistake
$ tokmark claims --gpu RTX-4090
> GPUs  model  precision        in/out      tokens/s  tokens/s/GPU  counted     id
> 0 rows. in/out: tokens a request, ~ where it is the mean of a data set.
$ tokmark claims --gpu A100-80GB --family mlperf
> GPUs  model  precision        in/out      tokens/s  tokens/s/GPU  counted     id
> 0 rows. in/out: tokens a request, ~ where it is the mean of a data set.
# what is wrong is named
$ tokmark claims gmi-taiwan
? 2
! tokmark: claim gmi-taiwan: not known; did you mean gmi-taiwan-gb300?
$ tokmark claims nothing
? 2
! tokmark: claim nothing: not known; see tokmark claims
$ tokmark claims --gpu H101
? 2
! tokmark: --gpu H101: not known; did you mean H100?
$ tokmark claims --gpu ""
? 2
! tokmark: --gpu: needs a value
$ tokmark claims --gpu banana
? 2
! tokmark: --gpu banana: not known; see tokmark claims
$ tokmark claims --model Llama-3.1-8C
? 2
! tokmark: --model Llama-3.1-8C: not known; did you mean Llama-3.1-8B?
$ tokmark claims --model banana
? 2
! tokmark: --model banana: not known; see tokmark claims
$ tokmark claims --family mlprf-5.1
? 2
! tokmark: --family mlprf-5.1: not known; did you mean mlperf-5.1?
$ tokmark claims gmi-taiwan-gb300 --gpu GB300
? 2
! tokmark: claim gmi-taiwan-gb300: takes no filter and no --all beside it
$ tokmark claims gmi-taiwan-gb300 --all
? 2
! tokmark: claim gmi-taiwan-gb300: takes no filter and no --all beside it
$ tokmark claims a b
? 2
! tokmark: b: unexpected argument: usage: tokmark claims [--gpu G] [--model M] [--family F] [--all] [--format table|csv|json] [ID]
$ tokmark claims --format xml
? 2
! tokmark: --format xml: must be table, csv or json
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
