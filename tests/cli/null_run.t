# The main job on a device whose times are scripted: the table, the file, and what is made of it. Decode of b rows takes
# 1000 + 10 b us here, so that every figure can be worked by hand: b=1 gives 1 / 0.00101 s = 990.1 tokens/s.

$ make_input tiny > tiny.json
$ tokmark run --device null --model ./tiny.json --phase decode,prefill --batch 1,8 --context 32 --input-len 16 --dtype f32 --time 0.2 -o r.json
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 482 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         f32/bf16        990.1 output       990.1 TPOT 1.01 ms  memory    0.48 %  0.00 % VALID
> decode      8 c32         f32/bf16         7407 output       925.9 TPOT 1.08 ms  memory    0.53 %  0.00 % VALID
> prefill     1 i16         f32/bf16       13,793 input            - TTFT 1.16 ms  memory    0.41 %  0.00 % VALID
> prefill     8 i16         f32/bf16       56,140 input            - TTFT 2.28 ms  compute   1.26 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 VALID
>
> headline   7407 output tokens/s (+-0.00 %) on 1 device, 925.9 a user: tiny decode, batch 8, c32, f32/bf16; 0.53 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 7407 tokens/s a CPU, 25.6 x, so 270 of them (270 to 270) [decode, batch 8, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
$ tokmark show r.json
> r.json
> run of <time> on <host> by tokmark <version> (<git>)
>
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s; moved by at most 0.0 %
> model      tiny, 123 k parameters, 482 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         f32/bf16        990.1 output       990.1 TPOT 1.01 ms  memory    0.48 %  0.00 % VALID
> decode      8 c32         f32/bf16         7407 output       925.9 TPOT 1.08 ms  memory    0.53 %  0.00 % VALID
> prefill     1 i16         f32/bf16       13,793 input            - TTFT 1.16 ms  memory    0.41 %  0.00 % VALID
> prefill     8 i16         f32/bf16       56,140 input            - TTFT 2.28 ms  compute   1.26 %  0.00 % VALID
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 VALID
>
> headline   7407 output tokens/s (+-0.00 %) on 1 device, 925.9 a user: tiny decode, batch 8, c32, f32/bf16; 0.53 % of the
>            measured limit, bound by memory; VALID
$ tokmark show r.json --format md
> ## r.json
>
> run of <time> on <host> by tokmark <version> (<git>)
>
> - **device**: null: null device, 1 thread, scripted, 1.00 GiB
> - **ceilings**: read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s; moved by at most 0.0 %
> - **model**: tiny, 123 k parameters, 482 KiB of weights, 384 B of KV cache a token
> - **accounting**: decode and e2e count output tokens, prefill counts input tokens
> - **scope**: kernels only: no scheduler, queue or network; not a serving benchmark
>
> | phase | batch | input | output | context | weights | KV | tokens/s | counted | tokens/s/user | TPOT | TTFT | bound | of measured limit | of datasheet limit | +-95 % | verdict | remarks |
> |---|---:|---:|---:|---:|---|---|---:|---|---:|---:|---:|---|---:|---:|---:|---|---|
> | decode | 1 |  |  | 32 | f32 | bf16 | 990.1 | output | 990.1 | 1.01 ms | - | memory | 0.48 % | - | 0.00 % | VALID |  |
> | decode | 8 |  |  | 32 | f32 | bf16 | 7407 | output | 925.9 | 1.08 ms | - | memory | 0.53 % | - | 0.00 % | VALID |  |
> | prefill | 1 | 16 |  |  | f32 | bf16 | 13,793 | input | - | - | 1.16 ms | memory | 0.41 % | - | 0.00 % | VALID |  |
> | prefill | 8 | 16 |  |  | f32 | bf16 | 56,140 | input | - | - | 2.28 ms | compute | 1.26 % | - | 0.00 % | VALID |  |
>
> 4 points: 4 VALID
>
> **headline**: 7407 output tokens/s (+-0.00 %) on 1 device, 925.9 a user: tiny decode, batch 8, c32, f32/bf16; 0.53 % of the measured limit, bound by memory; VALID
$ tokmark show r.json --format csv
> run_id,start_utc,complete,git_revision,hostname,device,backend,isa,threads,type,key,workload_model,workload_phase,workload_batch,workload_input_len,workload_output_len,workload_context,workload_prefill_chunk,workload_layers_held,workload_weight_dtype,workload_kv_dtype,workload_layout_tp,workload_layout_pp,workload_layout_dp,workload_layout_rank,workload_layout_microbatches,workload_op,workload_m,workload_n,workload_k,workload_rows,workload_hidden,workload_seqs,workload_q_len,workload_past,workload_heads_q,workload_heads_kv,workload_head_dim,workload_window,workload_collective,workload_dtype,workload_bytes,workload_ranks,workload_in_place,provenance,status,reason,verdict_value,verdict_codes,throughput_accounting,throughput_devices,throughput_input_tokens_per_s,throughput_output_tokens_per_s,throughput_total_tokens_per_s,throughput_output_tokens_per_s_per_device,throughput_output_tokens_per_s_per_user,throughput_ci_low_tokens_per_s,throughput_ci_high_tokens_per_s,latency_ttft_ns,latency_tpot_ns,latency_e2e_ns,latency_composition_error,latency_outright_e2e_ns,stats_count,stats_median_ns,stats_mean_ns,stats_min_ns,stats_max_ns,stats_p25_ns,stats_p75_ns,stats_p90_ns,stats_p99_ns,stats_ci_low_ns,stats_ci_high_ns,stats_ci_level,stats_relative_iqr,stats_outliers,limit_flops,limit_bytes,limit_comm_bytes,limit_time_ns,limit_ops_sum_ns,limit_bound,limit_share_datasheet,limit_share_measured,limit_share_held,energy_joules,energy_bracket_s,energy_mean_power_w,energy_joules_per_output_token,energy_source,verify_ops_checked,verify_ops_failed,verify_elements_checked,verify_worst_ratio,verify_worst_op,verify_replay_matched,verify_replay_checked,comm_count,comm_redop,comm_root,comm_mode,comm_transport,comm_algbw_bytes_per_s,comm_busbw_bytes_per_s,comm_wire_estimated,comm_wrong,scale_scaling,scale_ranks,scale_base_ranks,scale_speedup,scale_efficiency,scale_efficiency_ci_low,scale_efficiency_ci_high,scale_ideal_ns,scale_alone_mean_ns,scale_alone_max_ns,scale_lost_shapes,scale_lost_stragglers,scale_lost_communication,bytes_needed,warmup_samples,steps_per_sample
> <run>,<time>,true,<git>,<host>,null device,null,scripted,1,step,step/tiny/decode/b1/c32/w=f32/kv=bf16,tiny,decode,1,0,0,32,2048,0,f32,bf16,1,1,1,0,1,,,,,,,,,,,,,,,,,,,measured,ok,,VALID,,output,1,,990.0990099009902,,990.0990099009902,990.0990099009902,990.0990099009902,990.0990099009902,,1010000,,,,6,1010000,1010000,1010000,1010000,1010000,1010000,1010000,1010000,1010000,1010000,0.96875,0,0,258816,481664,0,4816.64,4816.640000000001,memory,,0.004768950495049505,,,,,,,31,0,3425,0.28371396666961457,rope_kv seqs=1 q_len=1 past=32 heads=4/2 head_dim=16,true,97,,,,,,,,,,,,,,,,,,,,,,,510024,4,52
> <run>,<time>,true,<git>,<host>,null device,null,scripted,1,step,step/tiny/decode/b8/c32/w=f32/kv=bf16,tiny,decode,8,0,0,32,2048,0,f32,bf16,1,1,1,0,1,,,,,,,,,,,,,,,,,,,measured,ok,,VALID,,output,1,,7407.407407407408,,7407.407407407408,925.925925925926,7407.407407407408,7407.407407407408,,1080000,,,,6,1080000,1080000,1080000,1080000,1080000,1080000,1080000,1080000,1080000,1080000,0.96875,0,0,2070528,572160,0,5721.6,5721.6,memory,,0.005297777777777778,,,,,,,31,0,24328,0.2709778958013203,rope_kv seqs=8 q_len=1 past=32 heads=4/2 head_dim=16,true,776,,,,,,,,,,,,,,,,,,,,,,,626560,4,49
> <run>,<time>,true,<git>,<host>,null device,null,scripted,1,step,step/tiny/prefill/b1/i16/w=f32/kv=bf16,tiny,prefill,1,16,0,0,2048,0,f32,bf16,1,1,1,0,1,,,,,,,,,,,,,,,,,,,measured,ok,,VALID,,input,1,13793.103448275862,,,,,13793.103448275862,13793.103448275862,1160000,,,,,6,1160000,1160000,1160000,1160000,1160000,1160000,1160000,1160000,1160000,1160000,0.96875,0,0,3655680,478720,0,4787.2,4839.424000000001,memory,,0.004126896551724137,,,,,,,31,0,33953,0.2739308393668484,rope_kv seqs=1 q_len=16 past=0 heads=4/2 head_dim=16,true,97,,,,,,,,,,,,,,,,,,,,,,,553476,4,46
> <run>,<time>,true,<git>,<host>,null device,null,scripted,1,step,step/tiny/prefill/b8/i16/w=f32/kv=bf16,tiny,prefill,8,16,0,0,2048,0,f32,bf16,1,1,1,0,1,,,,,,,,,,,,,,,,,,,measured,ok,,VALID,,input,1,56140.350877192985,,,,,56140.350877192985,56140.350877192985,2280000,,,,,6,2280000,2280000,2280000,2280000,2280000,2280000,2280000,2280000,2280000,2280000,0.96875,0,0,29245440,535808,0,28827.648,29663.744000000006,compute,,0.012643705263157895,,,,,,,31,0,35080,0.27945147766652106,rope_kv seqs=8 q_len=16 past=0 heads=4/2 head_dim=16,true,776,,,,,,,,,,,,,,,,,,,,,,,974176,4,24
$ tokmark show r.json --format json > again.json && cmp r.json again.json
$ tokmark target r.json
> r.json: null device (CPU, 1 thread), tiny
>   2,000,000 tokens/s take this many of these CPUs: counting output tokens, 270 in decode alone.
>   One makes 25.6 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than tiny makes more, a larger one less.
>   These are CPUs: a count of them is an illustration, not a plan.
>
>   counted best point                         each   of claim     devices  95 % interval        each user
>   output  decode/b8/c32/w=f32/kv=bf16        7407     25.6 x         270  270 to 270               925.9
>   output  -  no e2e point in the file
>   total   -  no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>
>   Points against 289.4 tokens/s a GPU
>   makes  point                               output   of claim         total   of claim  each user
>   output decode/b1/c32/w=f32/kv=bf16          990.1     3.42 x             -          -      990.1
>   output decode/b8/c32/w=f32/kv=bf16           7407     25.6 x             -          -      925.9
>   2 of 2 points make it.
>
>   Not counted
>   prefill/b1/i16/w=f32/kv=bf16  prefill counts input tokens: it is no output and no whole request
>   prefill/b8/i16/w=f32/kv=bf16  prefill counts input tokens: it is no output and no whole request
>
>   Against MLPerf Inference: none for this model; the nearest dense model is llama-3.1-8b, with 6.51e+04 times its parameters
>   Here: 7407 output tokens/s a device in decode alone, as if prompts cost nothing (decode/b8/c32/w=f32/kv=bf16)
>   best row of                             GPUs  scenario             precision      tokens/s/GPU       here     points  row
>   B200                                       8  v6.0 closed Offline  fp4                  20,050    0.369 x     0 of 2  mlperf6.0-lambda-8b-offline
>   H200-SXM-141GB                             8  v5.1 closed Offline  fp8                    8255    0.897 x     0 of 2  mlperf5.1-llama3.1-8b-offline-h200-sxm-141gb-x8
>   H200-NVL-141GB                             4  v5.1 closed Server   fp8                    6438     1.15 x     1 of 2  mlperf5.1-llama3.1-8b-server-h200-nvl-141gb-x4
>   RTX PRO 6000 Blackwell Server Edition      8  v5.1 closed Offline  fp4                    5855     1.27 x     1 of 2  mlperf5.1-llama3.1-8b-offline-rtx-pro-6000-blackwell-server-edition-x8
>   H100-SXM-80GB                              1  v5.1 closed Offline  fp8                    5777     1.28 x     1 of 2  mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
>   L40S                                       1  v5.1 closed Offline  fp8                    1642     4.51 x     1 of 2  mlperf5.1-llama3.1-8b-offline-l40s-x1
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
$ tokmark target r.json --tokens-per-s 2e6
> r.json: null device (CPU, 1 thread), tiny
>   2,000,000 tokens/s take this many of these CPUs: counting output tokens, 270 in decode alone.
>   One makes 25.6 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than tiny makes more, a larger one less.
>   These are CPUs: a count of them is an illustration, not a plan.
>
>   counted best point                         each   of claim     devices  95 % interval        each user
>   output  decode/b8/c32/w=f32/kv=bf16        7407     25.6 x         270  270 to 270               925.9
>   output  -  no e2e point in the file
>   total   -  no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>
>   Points against 289.4 tokens/s a GPU
>   makes  point                               output   of claim         total   of claim  each user
>   output decode/b1/c32/w=f32/kv=bf16          990.1     3.42 x             -          -      990.1
>   output decode/b8/c32/w=f32/kv=bf16           7407     25.6 x             -          -      925.9
>   2 of 2 points make it.
>
>   Not counted
>   prefill/b1/i16/w=f32/kv=bf16  prefill counts input tokens: it is no output and no whole request
>   prefill/b8/i16/w=f32/kv=bf16  prefill counts input tokens: it is no output and no whole request
>
>   Against MLPerf Inference: none for this model; the nearest dense model is llama-3.1-8b, with 6.51e+04 times its parameters
>   Here: 7407 output tokens/s a device in decode alone, as if prompts cost nothing (decode/b8/c32/w=f32/kv=bf16)
>   best row of                             GPUs  scenario             precision      tokens/s/GPU       here     points  row
>   B200                                       8  v6.0 closed Offline  fp4                  20,050    0.369 x     0 of 2  mlperf6.0-lambda-8b-offline
>   H200-SXM-141GB                             8  v5.1 closed Offline  fp8                    8255    0.897 x     0 of 2  mlperf5.1-llama3.1-8b-offline-h200-sxm-141gb-x8
>   H200-NVL-141GB                             4  v5.1 closed Server   fp8                    6438     1.15 x     1 of 2  mlperf5.1-llama3.1-8b-server-h200-nvl-141gb-x4
>   RTX PRO 6000 Blackwell Server Edition      8  v5.1 closed Offline  fp4                    5855     1.27 x     1 of 2  mlperf5.1-llama3.1-8b-offline-rtx-pro-6000-blackwell-server-edition-x8
>   H100-SXM-80GB                              1  v5.1 closed Offline  fp8                    5777     1.28 x     1 of 2  mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
>   L40S                                       1  v5.1 closed Offline  fp8                    1642     4.51 x     1 of 2  mlperf5.1-llama3.1-8b-offline-l40s-x1
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
$ tokmark target r.json --interactivity 100 --price-per-hour 2 --overhead 1.3
> r.json: null device (CPU, 1 thread), tiny
>   2,000,000 tokens/s take this many of these CPUs: counting output tokens, 270 in decode alone.
>   One makes 25.6 x the claim's 289.4 tokens/s a GPU.
>   The claim names no model; a smaller one than tiny makes more, a larger one less.
>   These are CPUs: a count of them is an illustration, not a plan.
>
>   counted best point                         each   of claim     devices  95 % interval         $/M tok each user
>   output  decode/b8/c32/w=f32/kv=bf16        7407     25.6 x         270  270 to 270              0.075     925.9
>   output  decode/b8/c32/w=f32/kv=bf16        7407     25.6 x         270  270 to 270              0.075     925.9  100 or more
>   output  -  no e2e point in the file
>   output  -  no e2e point in the file
>   total   -  no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   total   -  no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   each: tokens/s of one device; each user: output tokens/s of one sequence.
>
>   Points against 289.4 tokens/s a GPU
>   makes  point                               output   of claim         total   of claim  each user
>   output decode/b1/c32/w=f32/kv=bf16          990.1     3.42 x             -          -      990.1
>   output decode/b8/c32/w=f32/kv=bf16           7407     25.6 x             -          -      925.9
>   2 of 2 points make it.
>
>   Not counted
>   prefill/b1/i16/w=f32/kv=bf16  prefill counts input tokens: it is no output and no whole request
>   prefill/b8/i16/w=f32/kv=bf16  prefill counts input tokens: it is no output and no whole request
>
>   Against MLPerf Inference: none for this model; the nearest dense model is llama-3.1-8b, with 6.51e+04 times its parameters
>   Here: 7407 output tokens/s a device in decode alone, as if prompts cost nothing (decode/b8/c32/w=f32/kv=bf16)
>   best row of                             GPUs  scenario             precision      tokens/s/GPU       here     points  row
>   B200                                       8  v6.0 closed Offline  fp4                  20,050    0.369 x     0 of 2  mlperf6.0-lambda-8b-offline
>   H200-SXM-141GB                             8  v5.1 closed Offline  fp8                    8255    0.897 x     0 of 2  mlperf5.1-llama3.1-8b-offline-h200-sxm-141gb-x8
>   H200-NVL-141GB                             4  v5.1 closed Server   fp8                    6438     1.15 x     1 of 2  mlperf5.1-llama3.1-8b-server-h200-nvl-141gb-x4
>   RTX PRO 6000 Blackwell Server Edition      8  v5.1 closed Offline  fp4                    5855     1.27 x     1 of 2  mlperf5.1-llama3.1-8b-offline-rtx-pro-6000-blackwell-server-edition-x8
>   H100-SXM-80GB                              1  v5.1 closed Offline  fp8                    5777     1.28 x     1 of 2  mlperf5.1-llama3.1-8b-offline-h100-sxm-80gb-x1
>   L40S                                       1  v5.1 closed Offline  fp8                    1642     4.51 x     1 of 2  mlperf5.1-llama3.1-8b-offline-l40s-x1
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

# The same script gives the same run.
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2 > a; tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2 > b; cmp a b && echo same
> same

# Nothing is measured or written.
$ tokmark run --device null --model ./tiny.json --phase decode,prefill,e2e --batch 1,8 --dry-run -o dry.json; ls dry.json
? 2
> point                                                                        memory        FLOPs      bytes      limit
> step/tiny/decode/b1/c128/w=bf16/kv=bf16                                     293 KiB    333 kFLOP     284 kB          -
> step/tiny/decode/b8/c128/w=bf16/kv=bf16                                     659 KiB   2.66 MFLOP     632 kB          -
> step/tiny/prefill/b1/i512/w=bf16/kv=bf16                                   2.05 MiB    214 MFLOP     443 kB          -
> step/tiny/prefill/b8/i512/w=bf16/kv=bf16                                   8.25 MiB   1.71 GFLOP    2.07 MB          -
> step/tiny/e2e/b1/i128/o128/w=bf16/kv=bf16                                   754 KiB   83.0 MFLOP    39.4 MB          -
> step/tiny/e2e/b8/i128/o128/w=bf16/kv=bf16                                  4.24 MiB    664 MFLOP     105 MB          -
>
> FLOPs and compulsory bytes are those of one pass: a decode step, a whole prefill, a whole e2e batch. The limit is by the
> datasheet; a CPU has none, and its ceilings are measured in the run. Nothing was run.
! ls: cannot access 'dry.json': No such file or directory

# e2e.
$ tokmark run --device null --model ./tiny.json --phase e2e --batch 2 --input-len 16 --output-len 9 --time 0.2
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> e2e         2 i16/o9      bf16             1899 output       980.4 TPOT 1.02 ms  memory    0.25 %  0.00 % VALID
>         TTFT 1.32 ms, e2e 9.48 ms, composed of measured steps, composition error +0.00 %; executed outright: 9.48 ms
>         (+0.00 %)
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 VALID
>
> headline   1899 output tokens/s (+-0.00 %) on 1 device, 980.4 a user: tiny e2e, batch 2, i16/o9, bf16, composed; 0.25 %
>            of the measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 1899 tokens/s a CPU, 6.56 x, so 1,054 of them (1,054 to 1,054) [e2e, batch 2, 16 / 9 tokens]
>   as total tokens: 5274 tokens/s a CPU, 18.2 x, so 380 of them (380 to 380) [e2e, batch 2, 16 / 9 tokens]
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.

# One bad point is one bad row: the others stand, exit 1.
$ TOKMARK_NULL_SCRIPT='memory_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
? 1
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      8 c32         bf16        FAILED: scripted: out of memory for step/tiny/decode/b8/c32/w=bf16/kv=bf16
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 failed
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: 1 of 2 points failed or are INVALID: step/tiny/decode/b8/c32/w=bf16/kv=bf16: scripted: out of memory for step/tiny/decode/b8/c32/w=bf16/kv=bf16
$ TOKMARK_NULL_SCRIPT='wrong_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
? 1
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      8 c32         bf16        FAILED: wrong result: gemm lm_head m=8 n=96 k=64: logits[1,9]: got 8.40687084,
>                                       expected 3.70343482 within 3.6e-06
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 failed
>   verify_failed        an operation or the replay computed something else than the reference
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: 1 of 2 points failed or are INVALID: step/tiny/decode/b8/c32/w=bf16/kv=bf16: wrong result: gemm lm_head m=8 n=96 k=64: logits[1,9]: got 8.40687084, expected 3.70343482 within 3.6e-06
$ TOKMARK_NULL_SCRIPT='replay_wrong_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
? 1
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      8 c32         bf16                -                  - -             memory         -       - INVALID
>         verify_failed
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 INVALID
>   verify_failed        an operation or the replay computed something else than the reference
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: 1 of 2 points failed or are INVALID: step/tiny/decode/b8/c32/w=bf16/kv=bf16: INVALID verify_failed
$ TOKMARK_NULL_SCRIPT='device_fault_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
? 1
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %       - SUSPECT
>         unsteady
> decode      8 c32         bf16        FAILED: scripted: the device fell off the bus in run 7
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 SUSPECT, 1 failed
>   unsteady             the 95 % interval of the median is wider than +-5 %, or there is none
>
> headline   990.1 output tokens/s on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the measured
>            limit, bound by memory; SUSPECT (unsteady); the run is not complete
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them [decode, batch 1, context 32; SUSPECT]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: scripted: the device fell off the bus in run 7
$ TOKMARK_NULL_SCRIPT='unsupported_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      8 c32         bf16        skipped: embed: scripted: not supported
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 skipped
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
$ TOKMARK_NULL_SCRIPT='fast_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      8 c32         bf16       7,407,407,522 output  925,925,940 TPOT 1.08 ns  memory  3.1e+05 %  0.00 % SUSPECT
>         over_limit
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 SUSPECT
>   over_limit           faster than the datasheet allows; where there is none, than 105 % of the measured ceiling (then
>                        SUSPECT)
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
$ TOKMARK_NULL_SCRIPT='zero_time_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
? 1
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      8 c32         bf16        FAILED: the clock gave 0 ns for 1 passes: must be above 0
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 failed
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: 1 of 2 points failed or are INVALID: step/tiny/decode/b8/c32/w=bf16/kv=bf16: the clock gave 0 ns for 1 passes: must be above 0
$ TOKMARK_NULL_SCRIPT='memory_gib=0.00001' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
? 1
> device     null: null device, 1 thread, scripted, 10.5 KiB
> ceilings   not measured
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16        skipped: needs 0.3 MiB, 0.0 MiB are free
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 skipped
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (1 point: 1 skipped)
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: no decode point counts: skipped: needs 0.3 MiB, 0.0 MiB are free
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: no point was measured: all 1 were skipped; the first: needs 0.3 MiB, 0.0 MiB are free

# Disturbed figures are marked, not hidden.
$ TOKMARK_NULL_SCRIPT='throttled_at=/b1/' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % SUSPECT
>         throttled
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 SUSPECT
>   throttled            the device lowered its clocks for power or heat
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; SUSPECT (throttled)
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32; SUSPECT]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
$ TOKMARK_NULL_SCRIPT='ceiling_drift=0.04' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % SUSPECT
>         drift
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 SUSPECT
>   drift                a measured ceiling moved by more than 3 % between rounds
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; SUSPECT (drift)
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a CPU, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32; SUSPECT]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
$ TOKMARK_NULL_SCRIPT='bimodal=0.5' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            792.1 output       792.1 TPOT 1.26 ms  memory    0.20 %  20.8 % SUSPECT
>         unsteady
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 SUSPECT
>   unsteady             the 95 % interval of the median is wider than +-5 %, or there is none
>
> headline   792.1 output tokens/s (+-20.8 %) on 1 device, 792.1 a user: tiny decode, batch 1, c32, bf16; 0.20 % of the
>            measured limit, bound by memory; SUSPECT (unsteady)
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 792.1 tokens/s a CPU, 2.74 x, so 2,525 of them (2,020 to 3,030) [decode, batch 1, context 32; SUSPECT]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.

# A GPU by name takes its datasheet from the table; a simulated one has no throughput.
$ TOKMARK_NULL_SCRIPT='gpu; name=NVIDIA H100 80GB HBM3; memory_gib=80' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
> device     null: NVIDIA H100 80GB HBM3, 80.0 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> datasheet  read 3.35 TB/s, f32 67.0 TFLOP/s, bf16 989 TFLOP/s, f16 989 TFLOP/s, fp8 1.98 PFLOP/s, i8 1.98 PFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %  0.00 % VALID
> decode      1 c32         fp8/bf16    skipped: weights in fp8: NVIDIA H100 80GB HBM3 takes f32, bf16
> ------------------------------------------------------------------------------------------------------------------------
> 2 points: 1 VALID, 1 skipped
>
> headline   990.1 output tokens/s (+-0.00 %) on 1 device, 990.1 a user: tiny decode, batch 1, c32, bf16; 0.24 % of the
>            measured limit, bound by memory; VALID
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 990.1 tokens/s a device, 3.42 x, so 2,020 of them (2,020 to 2,020) [decode, batch 1, context 32]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   One device reaches it in decode from batch 1 (context 32) on, with 990.1 tokens/s for each user.
>   No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
$ TOKMARK_NULL_SCRIPT='simulated' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2 -o sim.json
> device     null: null device, 1 thread, scripted, 1.00 GiB; simulated, so no throughput
> ceilings   not measured
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16                -                  - -             -              -       - -
>         simulated
> ------------------------------------------------------------------------------------------------------------------------
> 1 point: 1 without a verdict
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (1 point: 1 without a verdict)
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: no decode point counts: simulated: it has no time of its own
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.

# Ctrl-C: what was measured is kept, the file is whole and says that it is not complete.
$ TOKMARK_NULL_SCRIPT='interrupt_run=25' tokmark run --device null --model ./tiny.json --phase decode --batch 1,2,4,8 --context 32 --time 0.2 -o stopped.json
? 130
> device     null: null device, 1 thread, scripted, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %       - SUSPECT
>         unsteady
> decode      2 c32         bf16             1961 output       980.4 TPOT 1.02 ms  memory    0.25 %       - SUSPECT
>         unsteady
> decode      4 c32         bf16             3846 output       961.5 TPOT 1.04 ms  memory    0.27 %       - SUSPECT
>         unsteady
> decode      8 c32         bf16             7407 output       925.9 TPOT 1.08 ms  memory    0.31 %       - SUSPECT
>         unsteady
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 SUSPECT
>   unsteady             the 95 % interval of the median is wider than +-5 %, or there is none
>
> headline   7407 output tokens/s on 1 device, 925.9 a user: tiny decode, batch 8, c32, bf16; 0.31 % of the measured
>            limit, bound by memory; SUSPECT (unsteady); the run is not complete
> Target: 2,000,000 tokens/s are reported for 6,912 GB300, so 289.4 a GPU; which tokens are counted is not stated.
>   as output tokens: 7407 tokens/s a CPU, 25.6 x, so 270 of them [decode, batch 8, context 32; SUSPECT]
>   as total tokens: no e2e point; decode takes in no prompt, so it has no total rate (run --phase e2e)
>   A count of CPUs is an illustration. No scheduler, queue or network stands in these rates: `tokmark target FILE` says more.
! tokmark: interrupted: stopped.json holds what was measured
$ grep -c '"complete": false' stopped.json; tokmark show stopped.json | tail -20
> 1
> model      tiny, 123 k parameters, 241 KiB of weights, 384 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c32         bf16            990.1 output       990.1 TPOT 1.01 ms  memory    0.24 %       - SUSPECT
>         unsteady
> decode      2 c32         bf16             1961 output       980.4 TPOT 1.02 ms  memory    0.25 %       - SUSPECT
>         unsteady
> decode      4 c32         bf16             3846 output       961.5 TPOT 1.04 ms  memory    0.27 %       - SUSPECT
>         unsteady
> decode      8 c32         bf16             7407 output       925.9 TPOT 1.08 ms  memory    0.31 %       - SUSPECT
>         unsteady
> ------------------------------------------------------------------------------------------------------------------------
> 4 points: 4 SUSPECT
>   unsteady             the 95 % interval of the median is wider than +-5 %, or there is none
>
> headline   7407 output tokens/s on 1 device, 925.9 a user: tiny decode, batch 8, c32, bf16; 0.31 % of the measured
>            limit, bound by memory; SUSPECT (unsteady); the run is not complete
