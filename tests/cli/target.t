# How many of a device make a reported figure. The result files are made up: tests/data/results/target-*.json.
$ cp $DATA/results/target-*.json .
$ tokmark target target-cpu.json
> target-cpu.json: AMD EPYC 9B14 (CPU, 2 threads), tinyllama-1.1b
>   2,000,000 tokens/s take this many of these CPUs: counting output tokens, 8,125 in decode alone, 48,438 in whole requests; counting total tokens, 24,219 in whole requests.
>   One makes 0.143 x to 0.851 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than tinyllama-1.1b makes more, a larger one less.
>   These are CPUs: a count of them is an illustration, not a plan.
>
>   counted best point                             each   of claim     devices  95 % interval        each user
>   output  decode/b64/c128/w=bf16/kv=bf16        246.2    0.851 x       8,125  8,093 to 8,166           3.846
>   output  e2e/b4/i128/o128/w=bf16/kv=bf16       41.29    0.143 x      48,438  48,245 to 48,681         11.47
>   total   e2e/b4/i128/o128/w=bf16/kv=bf16       82.58    0.285 x      24,219  24,123 to 24,341         11.47
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>
>   Points against 289.4 tokens/s a GPU
>   makes  point                                  output   of claim         total   of claim  each user
>   no     decode/b1/c128/w=bf16/kv=bf16           11.90    0.041 x             -          -      11.90
>   no     decode/b8/c128/w=bf16/kv=bf16           83.33    0.288 x             -          -      10.42  SUSPECT
>   no     decode/b64/c128/w=bf16/kv=bf16          246.2    0.851 x             -          -      3.846
>   no     e2e/b4/i128/o128/w=bf16/kv=bf16         41.29    0.143 x         82.58    0.285 x      11.47
>   0 of 4 points make it.
>
>   Not counted
>   prefill/b1/i512/w=bf16/kv=bf16   prefill counts input tokens: it is no output and no whole request
>   decode/b512/c128/w=bf16/kv=bf16  skipped: needs 14.2 GiB, 11.0 GiB are free
>   decode/b32/c128/w=bf16/kv=bf16   INVALID
>
>   Against MLPerf Inference: none for this model; the nearest dense model is llama-3.1-8b, with 7.3 times its parameters
>   Here: 41.29 output tokens/s a device in whole requests, the prompts' time included (e2e/b4/i128/o128/w=bf16/kv=bf16)
>   best row of                             GPUs  scenario             precision      tokens/s/GPU       here     points  row
>   B200                                       8  v6.0 closed Offline  fp4                  20,050   0.0021 x     0 of 4  mlperf6.0-lambda-8b-offline
>   H200-SXM-141GB                             8  v5.1 closed Offline  fp8                    8255    0.005 x     0 of 4  mlperf5.1-llama3.1-8b-offline-h200-sxm-141gb-x8
>   H200-NVL-141GB                             4  v5.1 closed Server   fp8                    6438   0.0064 x     0 of 4  mlperf5.1-llama3.1-8b-server-h200-nvl-141gb-x4
>   RTX PRO 6000 Blackwell Server Edition      8  v5.1 closed Offline  fp4                    5855   0.0071 x     0 of 4  mlperf5.1-llama3.1-8b-offline-rtx-pro-6000-blackwell-server-edition-x8
>   H100-SXM-80GB                              1  v5.1 closed Offline  fp8                    5777   0.0071 x     0 of 4  mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
>   L40S                                       1  v5.1 closed Offline  fp8                    1642    0.025 x     0 of 4  mlperf5.1-llama3.1-8b-offline-l40s-x1
>   MLPerf states rates of systems; a rate a GPU is derived from them and is no primary metric of MLPerf.
>   Its requests pass a scheduler and, but for Offline, latency limits; those here do not.
>   v6.0 rows are as press and submitters give them, not read from MLCommons' results.
>   The MLPerf name and logo are registered and unregistered trademarks of MLCommons Association in the
>   United States and other countries.
>
> The claim: gmi-taiwan-gb300, 2,000,000 tokens/s by 6,912 GB300 in 96 racks, 16 MW; said by GMI Cloud (press)
>   comes to 289.4 tokens/s a GPU, 20,833 a rack, 125.0 a kW, 8 J a token, 2.31 kW a GPU all told
>   which tokens are counted: not stated, so it is read as output tokens and as total (input + output) tokens
>   model: not stated; precision: not stated; input / output length: not stated
>   source: https://www.marketdash.io/news/52878/taiwan-gets-a-500-million-ai-factory-as-tech-giants-race-to-build-smarter-infrastructure (quote); power: Reuters, 17 November 2025, https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2
>
> These are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a
> service, not a serving benchmark.
$ tokmark target target-h100.json --interactivity 100 --price-per-hour 2.5 --overhead 1.3
> target-h100.json: NVIDIA H100 80GB HBM3, llama-3.1-8b
>   2,000,000 tokens/s take this many of these devices: counting output tokens, 124 in decode alone, 318 in whole requests; counting total tokens, 159 in whole requests.
>   One makes 21.8 x to 56.0 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than llama-3.1-8b makes more, a larger one less.
>
>   counted best point                                each   of claim     devices  95 % interval             MW   $/M tok each user
>   output  decode/b256/c1024/w=bf16/kv=bf16        16,203     56.0 x         124  123 to 125             0.101    0.0429     63.29
>   output  decode/b64/c1024/w=bf16/kv=bf16           7711     26.6 x         260  259 to 261             0.194    0.0901     120.5  100 or more
>   output  e2e/b64/i1024/o1024/w=bf16/kv=bf16        6302     21.8 x         318  317 to 319             0.289*     0.11     109.4
>   output  e2e/b64/i1024/o1024/w=bf16/kv=bf16        6302     21.8 x         318  317 to 319             0.289*     0.11     109.4  100 or more
>   total   e2e/b64/i1024/o1024/w=bf16/kv=bf16      12,603     43.6 x         159  159 to 160             0.145*   0.0551     109.4
>   total   e2e/b64/i1024/o1024/w=bf16/kv=bf16      12,603     43.6 x         159  159 to 160             0.145*   0.0551     109.4  100 or more
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>   MW: the devices' power as measured, x 1.3 for the facility (--overhead).
>   MW*: the devices' power by the datasheet, x 1.3 for the facility (--overhead).
>
>   Points against 289.4 tokens/s a GPU
>   makes  point                                     output   of claim         total   of claim  each user
>   no     decode/b1/c1024/w=bf16/kv=bf16             169.5    0.586 x             -          -      169.5
>   output decode/b8/c1024/w=bf16/kv=bf16              1290     4.46 x             -          -      161.3
>   output decode/b32/c1024/w=bf16/kv=bf16             4507     15.6 x             -          -      140.8
>   output decode/b64/c1024/w=bf16/kv=bf16             7711     26.6 x             -          -      120.5
>   output decode/b128/c1024/w=bf16/kv=bf16          11,743     40.6 x             -          -      91.74
>   output decode/b256/c1024/w=bf16/kv=bf16          16,203     56.0 x             -          -      63.29
>   total  e2e/b1/i1024/o1024/w=bf16/kv=bf16          165.2    0.571 x         330.3     1.14 x      183.5
>   both   e2e/b64/i1024/o1024/w=bf16/kv=bf16          6302     21.8 x        12,603     43.6 x      109.4
>   7 of 8 points make it.
>
>   Not counted
>   prefill/b1/i2048/w=bf16/kv=bf16     prefill counts input tokens: it is no output and no whole request
>   decode/b512/c1024/w=bf16/kv=bf16    failed: decode attention: CUDA error 700
>
>   Against MLPerf Inference, llama-3.1-8b
>   Here: 6302 output tokens/s a device in whole requests, the prompts' time included (e2e/b64/i1024/o1024/w=bf16/kv=bf16)
>   best row of                             GPUs  scenario             precision      tokens/s/GPU       here     points  row
>   B200                                       8  v6.0 closed Offline  fp4                  20,050    0.314 x     0 of 8  mlperf6.0-lambda-8b-offline
>   H200-SXM-141GB                             8  v5.1 closed Offline  fp8                    8255    0.763 x     2 of 8  mlperf5.1-llama3.1-8b-offline-h200-sxm-141gb-x8
>   H200-NVL-141GB                             4  v5.1 closed Server   fp8                    6438    0.979 x     3 of 8  mlperf5.1-llama3.1-8b-server-h200-nvl-141gb-x4
>   RTX PRO 6000 Blackwell Server Edition      8  v5.1 closed Offline  fp4                    5855     1.08 x     4 of 8  mlperf5.1-llama3.1-8b-offline-rtx-pro-6000-blackwell-server-edition-x8
>   H100-SXM-80GB                              1  v5.1 closed Offline  fp8                    5777     1.09 x     4 of 8  mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1  (this GPU)
>   L40S                                       1  v5.1 closed Offline  fp8                    1642     3.84 x     5 of 8  mlperf5.1-llama3.1-8b-offline-l40s-x1
>   MLPerf states rates of systems; a rate a GPU is derived from them and is no primary metric of MLPerf.
>   Its requests pass a scheduler and, but for Offline, latency limits; those here do not.
>   v6.0 rows are as press and submitters give them, not read from MLCommons' results.
>   The MLPerf name and logo are registered and unregistered trademarks of MLCommons Association in the
>   United States and other countries.
>
> The claim: gmi-taiwan-gb300, 2,000,000 tokens/s by 6,912 GB300 in 96 racks, 16 MW; said by GMI Cloud (press)
>   comes to 289.4 tokens/s a GPU, 20,833 a rack, 125.0 a kW, 8 J a token, 2.31 kW a GPU all told
>   which tokens are counted: not stated, so it is read as output tokens and as total (input + output) tokens
>   model: not stated; precision: not stated; input / output length: not stated
>   source: https://www.marketdash.io/news/52878/taiwan-gets-a-500-million-ai-factory-as-tech-giants-race-to-build-smarter-infrastructure (quote); power: Reuters, 17 November 2025, https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2
>
> These are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a
> service, not a serving benchmark.
$ tokmark target target-gb300.json --accounting total --tokens-per-s 1e6
> target-gb300.json: NVIDIA GB300, llama-3.1-8b
>   1,000,000 tokens/s take this many of these devices: counting total tokens, 33 in whole requests.
>   One makes 108 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than llama-3.1-8b makes more, a larger one less.
>
>   counted best point                                each   of claim     devices  95 % interval         racks      MW  each user
>   total   e2e/b64/i1024/o1024/w=bf16/kv=bf16      31,208      108 x          33  32 to 33                  1  0.0462*     270.9
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>   MW*: the devices' power by the datasheet, x 1 for the facility (--overhead).
>   A rack of these draws up to 140 kW in all, by the table of GPUs.
>
>   Points against 289.4 tokens/s a GPU
>   makes  point                                      total   of claim  each user
>   yes    e2e/b64/i1024/o1024/w=bf16/kv=bf16        31,208      108 x      270.9
>   1 of 1 points make it.
>
>   Not counted
>   decode/b1/c1024/w=bf16/kv=bf16      decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b8/c1024/w=bf16/kv=bf16      decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b32/c1024/w=bf16/kv=bf16     decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b64/c1024/w=bf16/kv=bf16     decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b128/c1024/w=bf16/kv=bf16    decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b256/c1024/w=bf16/kv=bf16    decode takes in no prompt: it has output tokens only, e2e has both
>
>   Against MLPerf Inference, llama-3.1-8b
>   Here: 15,604 output tokens/s a device in whole requests, the prompts' time included (e2e/b64/i1024/o1024/w=bf16/kv=bf16)
>   best row of                             GPUs  scenario             precision      tokens/s/GPU       here     points  row
>   B200                                       8  v6.0 closed Offline  fp4                  20,050    0.778 x     2 of 7  mlperf6.0-lambda-8b-offline
>   H200-SXM-141GB                             8  v5.1 closed Offline  fp8                    8255     1.89 x     5 of 7  mlperf5.1-llama3.1-8b-offline-h200-sxm-141gb-x8
>   H200-NVL-141GB                             4  v5.1 closed Server   fp8                    6438     2.42 x     5 of 7  mlperf5.1-llama3.1-8b-server-h200-nvl-141gb-x4
>   RTX PRO 6000 Blackwell Server Edition      8  v5.1 closed Offline  fp4                    5855     2.66 x     5 of 7  mlperf5.1-llama3.1-8b-offline-rtx-pro-6000-blackwell-server-edition-x8
>   H100-SXM-80GB                              1  v5.1 closed Offline  fp8                    5777     2.70 x     5 of 7  mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
>   L40S                                       1  v5.1 closed Offline  fp8                    1642     9.50 x     6 of 7  mlperf5.1-llama3.1-8b-offline-l40s-x1
>   MLPerf states rates of systems; a rate a GPU is derived from them and is no primary metric of MLPerf.
>   Its requests pass a scheduler and, but for Offline, latency limits; those here do not.
>   v6.0 rows are as press and submitters give them, not read from MLCommons' results.
>   The MLPerf name and logo are registered and unregistered trademarks of MLCommons Association in the
>   United States and other countries.
>
> The claim: gmi-taiwan-gb300, 2,000,000 tokens/s by 6,912 GB300 in 96 racks, 16 MW; said by GMI Cloud (press)
>   comes to 289.4 tokens/s a GPU, 20,833 a rack, 125.0 a kW, 8 J a token, 2.31 kW a GPU all told
>   which tokens are counted: not stated; read as asked for by --accounting
>   model: not stated; precision: not stated; input / output length: not stated
>   asked for here: 1,000,000 tokens/s, which is 3,456 GPUs at the claim's rate
>   source: https://www.marketdash.io/news/52878/taiwan-gets-a-500-million-ai-factory-as-tech-giants-race-to-build-smarter-infrastructure (quote); power: Reuters, 17 November 2025, https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2
>
> These are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a
> service, not a serving benchmark.
# interactivity that no point reaches
$ tokmark target target-cpu.json --interactivity 12 | head -12
> target-cpu.json: AMD EPYC 9B14 (CPU, 2 threads), tinyllama-1.1b
>   2,000,000 tokens/s take this many of these CPUs: counting output tokens, 8,125 in decode alone, 48,438 in whole requests; counting total tokens, 24,219 in whole requests.
>   One makes 0.143 x to 0.851 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than tinyllama-1.1b makes more, a larger one less.
>   These are CPUs: a count of them is an illustration, not a plan.
>
>   counted best point                             each   of claim     devices  95 % interval        each user
>   output  decode/b64/c128/w=bf16/kv=bf16        246.2    0.851 x       8,125  8,093 to 8,166           3.846
>   output  -  no decode point reaches 12 tokens/s/user; the most is 11.9
>   output  e2e/b4/i128/o128/w=bf16/kv=bf16       41.29    0.143 x      48,438  48,245 to 48,681         11.47
>   output  -  no e2e point reaches 12 tokens/s/user; the most is 11.47
>   total   e2e/b4/i128/o128/w=bf16/kv=bf16       82.58    0.285 x      24,219  24,123 to 24,341         11.47
# a claim with an accounting, a model and lengths of its own
$ tokmark target target-h100.json --claim mlperf5.1-deepseek-r1-offline-gb300-x72 | tail -9
>
> The claim: mlperf5.1-deepseek-r1-offline-gb300-x72, 420,659 tokens/s by 72 GB300; said by NVIDIA
>   comes to 5842 tokens/s a GPU
>   which tokens are counted: output
>   model: deepseek-r1; precision: fp4; input / output length: not stated / 3654 in the mean
>   source: mlcommons/inference_results_v5.1@965182b summary_results.json (row ID 5.1-0072; closed/NVIDIA/results/GB300-NVL72_GB300-288GB_aarch64x72_TRT/deepseek-r1/Offline)
>
> These are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a
> service, not a serving benchmark.
# a claim of input tokens is held against prefill
$ tokmark target target-h100.json --claim sglang-96h100-prefill | head -20
> target-h100.json: NVIDIA H100 80GB HBM3, llama-3.1-8b
>   52,300 tokens/s take this many of these devices: counting input tokens, 2 in prefill alone.
>   One makes 6.02 x the claim's 6538 tokens/s a GPU.
>   The claim is of DeepSeek-V3, these points are of llama-3.1-8b: not the same work.
>
>   counted best point                             each   of claim     devices  95 % interval             MW  each user
>   input   prefill/b1/i2048/w=bf16/kv=bf16      39,385     6.02 x           2  2 to 2                0.0014*         -
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>   MW*: the devices' power by the datasheet, x 1 for the facility (--overhead).
>
>   Points against 6538 tokens/s a GPU
>   makes  point                                      input   of claim  each user
>   yes    prefill/b1/i2048/w=bf16/kv=bf16           39,385     6.02 x          -
>   1 of 1 points make it.
>
>   Not counted
>   decode/b1/c1024/w=bf16/kv=bf16      decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b8/c1024/w=bf16/kv=bf16      decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b32/c1024/w=bf16/kv=bf16     decode takes in no prompt: it has output tokens only, e2e has both
>   decode/b64/c1024/w=bf16/kv=bf16     decode takes in no prompt: it has output tokens only, e2e has both
# several results: a block each, and which makes most
$ tokmark target target-h100.json target-gb300.json target-cpu.json | grep -A1 -e '^target' -e '^Of'
> target-h100.json: NVIDIA H100 80GB HBM3, llama-3.1-8b
>   2,000,000 tokens/s take this many of these devices: counting output tokens, 124 in decode alone, 318 in whole requests; counting total tokens, 159 in whole requests.
> --
> target-gb300.json: NVIDIA GB300, llama-3.1-8b
>   2,000,000 tokens/s take this many of these devices: counting output tokens, 52 in decode alone, 129 in whole requests; counting total tokens, 65 in whole requests.
> --
> target-cpu.json: AMD EPYC 9B14 (CPU, 2 threads), tinyllama-1.1b
>   2,000,000 tokens/s take this many of these CPUs: counting output tokens, 8,125 in decode alone, 48,438 in whole requests; counting total tokens, 24,219 in whole requests.
> --
> Of 3 results, target-gb300.json makes most a device: 15,604 output tokens/s (e2e); 2.48 x that of target-h100.json; 378 x that of target-cpu.json. The models differ: this compares no devices.
>
# no point that counts
$ tokmark target target-simulated.json
? 1
> target-simulated.json: Simulated GPU, llama-3.1-8b
>   The run did not end: the points below are those it had.
>   No answer: no point of this file can be held against 2,000,000 tokens/s.
>
>   counted best point        each   of claim     devices  95 % interval        each user
>   output  -  no decode point counts: simulated: it has no time of its own
>   output  -  no e2e point in the file
>   total   -  no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>
>   Not counted
>   decode/b1/c1024/w=bf16/kv=bf16  simulated: it has no time of its own
>
> The claim: gmi-taiwan-gb300, 2,000,000 tokens/s by 6,912 GB300 in 96 racks, 16 MW; said by GMI Cloud (press)
>   comes to 289.4 tokens/s a GPU, 20,833 a rack, 125.0 a kW, 8 J a token, 2.31 kW a GPU all told
>   which tokens are counted: not stated, so it is read as output tokens and as total (input + output) tokens
>   model: not stated; precision: not stated; input / output length: not stated
>   source: https://www.marketdash.io/news/52878/taiwan-gets-a-500-million-ai-factory-as-tech-giants-race-to-build-smarter-infrastructure (quote); power: Reuters, 17 November 2025, https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2
>
> These are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a
> service, not a serving benchmark.
! tokmark: target-simulated.json: no point can be held against 2000000 output tokens/s
$ tokmark target target-simulated.json target-h100.json | grep -A1 -e '^target' -e '^Of'
> target-simulated.json: Simulated GPU, llama-3.1-8b
>   The run did not end: the points below are those it had.
> --
> target-h100.json: NVIDIA H100 80GB HBM3, llama-3.1-8b
>   2,000,000 tokens/s take this many of these devices: counting output tokens, 124 in decode alone, 318 in whole requests; counting total tokens, 159 in whole requests.
> --
> Of 2 results 1 can be used: nothing to compare.
>
! tokmark: target-simulated.json: no point can be held against 2000000 output tokens/s
# JSON
$ tokmark target target-gb300.json --format json | head -60
> {
>   "schema": "tokmark-target",
>   "schema_version": "1.0.0",
>   "target": {
>     "tokens_per_s": 2000000,
>     "tokens_per_s_per_gpu": 289.35185185185185,
>     "overhead": 1,
>     "price_per_hour_usd": null
>   },
>   "claim": {
>     "id": "gmi-taiwan-gb300",
>     "family": "press",
>     "who": "GMI Cloud (press)",
>     "gpu_id": "gb300-nvl72",
>     "gpu": "GB300",
>     "gpu_count": 6912,
>     "model_id": null,
>     "scenario": "aggregate claim, no workload given",
>     "precision": null,
>     "tokens_per_s": 2000000,
>     "tokens_per_s_per_gpu": 289.35185185185185,
>     "power_w": 16000000,
>     "accounting": null,
>     "source": "https://www.marketdash.io/news/52878/taiwan-gets-a-500-million-ai-factory-as-tech-giants-race-to-build-smarter-infrastructure (quote); power: Reuters, 17 November 2025, https://985theriver.com/2025/11/17/gmi-cloud-to-build-500-million-ai-data-centre-in-taiwan-with-nvidia-chips-2"
>   },
>   "results": [
>     {
>       "file": "target-gb300.json",
>       "run_id": "0123456789abcdef0123456789abcdef",
>       "complete": true,
>       "model": "llama-3.1-8b",
>       "device": {
>         "name": "NVIDIA GB300",
>         "gpu_id": "gb300-nvl72",
>         "is_cpu": false
>       },
>       "usable": true,
>       "answers": [
>         {
>           "accounting": "output",
>           "phase": "decode",
>           "interactivity_tokens_per_s_per_user": null,
>           "key": "step/llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16",
>           "verdict": "VALID",
>           "tokens_per_s_per_device": 38577.45629897528,
>           "ci_low_tokens_per_s_per_device": 38384.569017480404,
>           "ci_high_tokens_per_s_per_device": 38731.76612417118,
>           "factor_of_claim_per_gpu": 133.32368896925857,
>           "devices": 52,
>           "devices_low": 52,
>           "devices_high": 53,
>           "racks": 1,
>           "power_w": 72800,
>           "power_source": "datasheet",
>           "usd_per_million_tokens": null,
>           "reason": null
>         },
>         {
>           "accounting": "output",
>           "phase": "e2e",
$ for f in cpu h100 gb300 simulated; do tokmark target target-$f.json --format json 2>&1 | grep -v ^tokmark: | python3 -m json.tool > /dev/null && echo valid; done
> valid
> valid
> valid
> valid
# what a file says does not reach the terminal's controls
$ sed 's/AMD EPYC 9B14/EPYC\\u001b[31m\\u0007/' target-cpu.json > hostile.json; tokmark target hostile.json | head -1 | cat -v
> hostile.json: EPYC?[31m? (CPU, 2 threads), tinyllama-1.1b
$ sed 's/tinyllama-1.1b/tiny\\u0000llama/' target-cpu.json > hostile.json; tokmark target hostile.json
? 2
! tokmark: hostile.json:87:19: \u0000 in a string
# what is wrong is named
$ tokmark target
? 2
! tokmark: an argument is missing: usage: tokmark target RESULT... [--claim ID] [--tokens-per-s N] [options]
$ tokmark target missing.json
? 2
! tokmark: missing.json: cannot be opened: No such file or directory
$ tokmark target .
? 2
! tokmark: .: is a folder: must be a JSON file
$ tokmark target target-cpu.json missing.json
? 2
! tokmark: missing.json: cannot be opened: No such file or directory
$ : > empty.json; tokmark target empty.json
? 2
! tokmark: empty.json: is empty: must be a JSON document
$ echo '{}' > other.json; tokmark target other.json
? 2
! tokmark: other.json: schema: missing: must be a string
$ head -c 3000 target-cpu.json > cut.json; tokmark target cut.json
? 2
! tokmark: cut.json:122:12: expected a value, found 'n'
$ tokmark target target-cpu.json --tokens-per-s 0
? 2
! tokmark: --tokens-per-s 0: must be 0.001..1e+15
$ tokmark target target-cpu.json --tokens-per-s nan
? 2
! tokmark: --tokens-per-s nan: must be a number, 0.001..1e+15
$ tokmark target target-cpu.json --tokens-per-s -1
? 2
! tokmark: --tokens-per-s -1: must be 0.001..1e+15
$ tokmark target target-cpu.json --tokens-per-s 1e16
? 2
! tokmark: --tokens-per-s 1e16: must be 0.001..1e+15
$ tokmark target target-cpu.json --overhead 0.9
? 2
! tokmark: --overhead 0.9: must be 1..100
$ tokmark target target-cpu.json --overhead 101
? 2
! tokmark: --overhead 101: must be 1..100
$ tokmark target target-cpu.json --interactivity -1
? 2
! tokmark: --interactivity -1: must be 0..1000000000
$ tokmark target target-cpu.json --price-per-hour x
? 2
! tokmark: --price-per-hour x: must be a number, 0..1000000000
$ tokmark target target-cpu.json --accounting input
? 2
! tokmark: --accounting input: must be output or total
$ tokmark target target-cpu.json --accounting total --claim mlperf5.1-deepseek-r1-offline-gb300-x72
? 2
! tokmark: --accounting total: mlperf5.1-deepseek-r1-offline-gb300-x72 counts output tokens, and no other rate compares with it
$ tokmark target target-cpu.json --claim gmi-taiwan-gb30
? 2
! tokmark: --claim gmi-taiwan-gb30: not known; did you mean gmi-taiwan-gb300?
$ tokmark target target-cpu.json --claim nothing-like-it-at-all
? 2
! tokmark: --claim nothing-like-it-at-all: not known; see tokmark claims
$ tokmark target target-cpu.json --claim nv-gigawatt-dozens
? 2
! tokmark: --claim nv-gigawatt-dozens: states no rate (factory plan)
$ tokmark target target-cpu.json --claim vllm-gb200-decode
? 2
! tokmark: --claim vllm-gb200-decode: states a rate a GPU only; give --tokens-per-s too
$ tokmark target target-cpu.json --claim vllm-gb200-decode --tokens-per-s 1e6 | tail -7
>   which tokens are counted: output
>   model: DeepSeek-R1/V3; precision: fp4/fp8; input / output length: 2000 / 2000
>   asked for here: 1,000,000 tokens/s, which is 100 GPUs at the claim's rate
>   source: vllm-project/vllm-project.github.io@c3a01c4 _posts/2026-02-03-dsr1-gb200-part1.md
>
> These are rates that kernels reach with no scheduler, queue or network in the way: a bound from above for a
> service, not a serving benchmark.
$ tokmark target target-cpu.json --format csv
? 2
! tokmark: --format csv: must be table or json
$ tokmark target target-cpu.json --bogus
? 2
! tokmark: --bogus: unknown option; see --help
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
