# Result files again: as a table, Markdown, CSV and JSON. What the figures mean is checked in tests/unit/test_out.c.

$ cp "$DATA/results/cpu-sweep.json" cpu.json; cp "$DATA/results/all-types.json" all.json; cp "$DATA/results/empty.json" none.json
$ tokmark show cpu.json
> cpu.json
> run of <time> on <host> by tokmark <version> (<git>)
>
> device     cpu: AMD EPYC 9B14, 2 threads on CPUs 0-1, avx512, pages transparent-huge, 7.76 GiB
> ceilings   read 22.4 GB/s, copy 20.2 GB/s, f32 142 GFLOP/s; moved by at most 3.1 %
> model      tinyllama-1.1b, 1.10 G parameters, 2.05 GiB of weights, 22.0 KiB of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode      1 c128        bf16            9.866 output       9.866 TPOT 101 ms   memory    91.3 %  0.19 % VALID
> decode      8 c128        bf16            58.57 output       7.321 TPOT 137 ms   compute   86.3 %  5.49 % SUSPECT
>         unsteady, drift
> decode     16 c128        bf16                -                  - -             compute        -       - INVALID
>         over_limit
> decode     32 c128        bf16        FAILED: sample 3 took -5 ns: the clock went backwards
> decode  65536 c1024       bf16        skipped: needs 1409.2 GiB, 5.6 GiB are free
> prefill     1 i512        bf16            63.11 input            - TTFT 8.11 s   compute   86.1 %  0.22 % VALID
> e2e         4 i128/o128   bf16            24.11 output       9.597 TPOT 104 ms   memory    88.5 %  0.50 % VALID
>         TTFT 8.00 s, e2e 21.2 s, composed of measured steps, composition error +0.42 %; executed outright: 21.4 s
>         (+0.80 %)
> e2e         1 i128/o1     bf16           0.5000 output           - -             compute   88.0 %  2.00 % VALID
>         TTFT 2.00 s, e2e 2.00 s, composed of measured steps
> ------------------------------------------------------------------------------------------------------------------------
> 8 points: 4 VALID, 1 SUSPECT, 1 INVALID, 1 failed, 1 skipped
>   unsteady             the 95 % interval of the median is wider than +-5 %, or there is none
>   drift                a measured ceiling moved by more than 3 % between rounds
>   over_limit           faster than the datasheet allows; where there is none, than 105 % of the measured ceiling (then
>                        SUSPECT)
>
> step/tinyllama-1.1b/decode/b1/c128/w=bf16/kv=bf16
> each operation timed by itself, which adds time; the pass as a whole takes 101 ms
> operation                kind        count       time    of sum      limit  of limit      GFLOP/s       GB/s
> gate_up_proj             gemm           22    47.5 ms    52.7 %    46.6 ms    98.1 %        21.37      21.37
> down_proj                gemm           22    24.9 ms    27.6 %    22.7 ms    91.2 %        20.38      20.38
> qkv_proj                 gemm           22    11.2 ms    12.4 %    10.6 ms    94.6 %        20.60      20.60
> lm_head                  gemm            1    6.10 ms    6.76 %    5.90 ms    96.7 %        21.49      21.49
> attention                attention      22     410 us    0.45 %     130 us    31.7 %        56.70      7.088
> rmsnorm                  rmsnorm        45    96.0 us    0.11 %          -         -            -          -
> sum                                    134    90.2 ms   100.0 %    85.9 ms    95.3 %        21.15      20.92
>
> headline   58.57 output tokens/s (+-5.49 %) on 1 device, 7.321 a user: tinyllama-1.1b decode, batch 8, c128, bf16;
>            86.3 % of the measured limit, bound by compute; SUSPECT (unsteady, drift)
$ tokmark show all.json
> all.json
> run of <time> on <host> by tokmark <version> (<git>)
> not complete: the run was interrupted, or is still going on
>
> device     2 x cuda: NVIDIA H100 80GB HBM3, 132 SMs, driver 570.86.10, 79.6 GiB
> gemm       cublaslt; cuBLASLt 13.1.0
> ceilings   read 3.05 TB/s, copy 2.90 TB/s, bf16 810 TFLOP/s, fp8 1.55 PFLOP/s
> datasheet  read 3.35 TB/s, bf16 990 TFLOP/s, fp8 1.98 PFLOP/s
> model      deepseek-r1, 671 G parameters (37.6 G active), 625 GiB of weights, 68.6 KiB of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> decode    128 c1024       fp8            11,426 output       89.26 TPOT 11.2 ms  memory    84.8 %  0.26 % VALID
>         extrapolated: 8 of 61 layers held, cycled
> decode     64 c1024       fp8/bf16         5863 output       91.61 TPOT 10.9 ms  memory    84.0 d  0.26 % SUSPECT
>         throttled, shared_device
> gemm/m128/n4096/k7168/w=fp8                         41.4 us   181 TFLOP/s    708 GB/s cache          -  0.33 % VALID
> comm/all-reduce/67108864/n2/bf16              -                  - 210 us        comm      90.4 d  0.24 % VALID
> decode    128 c1024       fp8            11,541 output       90.17 TPOT 11.1 ms  memory    85.7 %  0.14 % VALID
> prefill     1 i16         fp8                 -                  - -             -              -       - -
>         simulated
> decode    512 c4096       nvfp4/fp8   2,000,000 output        3906 -             memory    90.0 d       - -
>         predicted
> e2e         1 i1024/o1024 mxfp4/bf16       4500 total            - -             -              -       - -
>         reported
> prefill     4 i2048       fp8/bf16    skipped: MoE layers: not yet supported
> ------------------------------------------------------------------------------------------------------------------------
> 9 points: 4 VALID, 1 SUSPECT, 3 without a verdict, 1 skipped
>   throttled            the device lowered its clocks for power or heat
>   shared_device        other processes used the device
>   bound cache          the working set is below 4 x the last-level cache: the share would mean nothing
>   of limit, d          by the datasheet: no ceilings were measured
>
> headline   11,541 output tokens/s (+-0.14 %) on 2 devices, 5771 a device, 90.17 a user: deepseek-r1 decode, batch 128,
>            c1024, fp8; 85.7 % of the measured limit, bound by memory; VALID; the run is not complete
$ tokmark show none.json
> none.json
> run of <time> on <host> by tokmark <version> (<git>)
> not complete: the run was interrupted, or is still going on
>
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> ------------------------------------------------------------------------------------------------------------------------
> 0 points
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (0 points)
$ tokmark show cpu.json --format md
> ## cpu.json
>
> run of <time> on <host> by tokmark <version> (<git>)
>
> - **device**: cpu: AMD EPYC 9B14, 2 threads on CPUs 0-1, avx512, pages transparent-huge, 7.76 GiB
> - **ceilings**: read 22.4 GB/s, copy 20.2 GB/s, f32 142 GFLOP/s; moved by at most 3.1 %
> - **model**: tinyllama-1.1b, 1.10 G parameters, 2.05 GiB of weights, 22.0 KiB of KV cache a token
> - **accounting**: decode and e2e count output tokens, prefill counts input tokens
> - **scope**: kernels only: no scheduler, queue or network; not a serving benchmark
>
> | phase | batch | input | output | context | weights | KV | tokens/s | counted | tokens/s/user | TPOT | TTFT | bound | of measured limit | of datasheet limit | +-95 % | verdict | remarks |
> |---|---:|---:|---:|---:|---|---|---:|---|---:|---:|---:|---|---:|---:|---:|---|---|
> | decode | 1 |  |  | 128 | bf16 | bf16 | 9.866 | output | 9.866 | 101 ms | - | memory | 91.3 % | - | 0.19 % | VALID |  |
> | decode | 8 |  |  | 128 | bf16 | bf16 | 58.57 | output | 7.321 | 137 ms | - | compute | 86.3 % | - | 5.49 % | SUSPECT | unsteady, drift |
> | decode | 16 |  |  | 128 | bf16 | bf16 | - |  | - | - | - | compute | - | - | - | INVALID | over\_limit |
> | decode | 32 |  |  | 128 | bf16 | bf16 | - |  | - | - | - | - | - | - | - | failed | sample 3 took -5 ns: the clock went backwards |
> | decode | 65536 |  |  | 1024 | bf16 | bf16 | - |  | - | - | - | - | - | - | - | skipped | needs 1409.2 GiB, 5.6 GiB are free |
> | prefill | 1 | 512 |  |  | bf16 | bf16 | 63.11 | input | - | - | 8.11 s | compute | 86.1 % | - | 0.22 % | VALID |  |
> | e2e | 4 | 128 | 128 |  | bf16 | bf16 | 24.11 | output | 9.597 | 104 ms | 8.00 s | memory | 88.5 % | - | 0.50 % | VALID | TTFT 8.00 s, e2e 21.2 s, composed of measured steps, composition error +0.42 %; executed outright: 21.4 s (+0.80 %) |
> | e2e | 1 | 128 | 1 |  | bf16 | bf16 | 0.5000 | output | - | - | 2.00 s | compute | 88.0 % | - | 2.00 % | VALID | TTFT 2.00 s, e2e 2.00 s, composed of measured steps |
>
> 8 points: 4 VALID, 1 SUSPECT, 1 INVALID, 1 failed, 1 skipped
>
> - unsteady: the 95 % interval of the median is wider than ±5 %, or there is none
> - drift: a measured ceiling moved by more than 3 % between rounds
> - over\_limit: faster than the datasheet allows; where there is none, than 105 % of the measured ceiling (then SUSPECT)
>
> **headline**: 58.57 output tokens/s (+-5.49 %) on 1 device, 7.321 a user: tinyllama-1.1b decode, batch 8, c128, bf16; 86.3 % of the measured limit, bound by compute; SUSPECT (unsteady, drift)
$ tokmark show all.json --format=md
> ## all.json
>
> run of <time> on <host> by tokmark <version> (<git>)
>
> not complete: the run was interrupted, or is still going on
>
> - **device**: 2 x cuda: NVIDIA H100 80GB HBM3, 132 SMs, driver 570.86.10, 79.6 GiB
> - **gemm**: cublaslt; cuBLASLt 13.1.0
> - **ceilings**: read 3.05 TB/s, copy 2.90 TB/s, bf16 810 TFLOP/s, fp8 1.55 PFLOP/s
> - **datasheet**: read 3.35 TB/s, bf16 990 TFLOP/s, fp8 1.98 PFLOP/s
> - **model**: deepseek-r1, 671 G parameters (37.6 G active), 625 GiB of weights, 68.6 KiB of KV cache a token
> - **accounting**: decode and e2e count output tokens, prefill counts input tokens
> - **scope**: kernels only: no scheduler, queue or network; not a serving benchmark
>
> | phase | batch | input | output | context | weights | KV | tokens/s | counted | tokens/s/user | TPOT | TTFT | bound | of measured limit | of datasheet limit | +-95 % | verdict | remarks |
> |---|---:|---:|---:|---:|---|---|---:|---|---:|---:|---:|---|---:|---:|---:|---|---|
> | decode | 128 |  |  | 1024 | fp8 | fp8 | 11,426 | output | 89.26 | 11.2 ms | - | memory | 84.8 % | 81.2 % | 0.26 % | VALID | extrapolated: 8 of 61 layers held, cycled |
> | decode | 64 |  |  | 1024 | fp8 | bf16 | 5863 | output | 91.61 | 10.9 ms | - | memory | - | 84.0 % | 0.26 % | SUSPECT | throttled, shared\_device |
> | op/gemm/m128/n4096/k7168/w=fp8 |  |  |  |  |  |  | - |  | - | - | - | cache | - | - | 0.33 % | VALID |  |
> | comm/all-reduce/67108864/n2/bf16 |  |  |  |  |  |  | - |  | - | - | - | comm | - | 90.4 % | 0.24 % | VALID |  |
> | decode | 128 |  |  | 1024 | fp8 | fp8 | 11,541 | output | 90.17 | 11.1 ms | - | memory | 85.7 % | 82.1 % | 0.14 % | VALID |  |
> | prefill | 1 | 16 |  |  | fp8 | fp8 | - |  | - | - | - | - | - | - | - | - | simulated |
> | decode | 512 |  |  | 4096 | nvfp4 | fp8 | 2,000,000 | output | 3906 | - | - | memory | - | 90.0 % | - | - | predicted |
> | e2e | 1 | 1024 | 1024 |  | mxfp4 | bf16 | 4500 | total | - | - | - | - | - | - | - | - | reported |
> | prefill | 4 | 2048 |  |  | fp8 | bf16 | - |  | - | - | - | - | - | - | - | skipped | MoE layers: not yet supported |
>
> 9 points: 4 VALID, 1 SUSPECT, 3 without a verdict, 1 skipped
>
> - throttled: the device lowered its clocks for power or heat
> - shared\_device: other processes used the device
>
> **headline**: 11,541 output tokens/s (+-0.14 %) on 2 devices, 5771 a device, 90.17 a user: deepseek-r1 decode, batch 128, c1024, fp8; 85.7 % of the measured limit, bound by memory; VALID; the run is not complete
$ tokmark show cpu.json --format csv | head -2
> run_id,start_utc,complete,git_revision,hostname,device,backend,isa,threads,type,key,workload_model,workload_phase,workload_batch,workload_input_len,workload_output_len,workload_context,workload_prefill_chunk,workload_layers_held,workload_weight_dtype,workload_kv_dtype,workload_layout_tp,workload_layout_pp,workload_layout_dp,workload_layout_rank,workload_layout_microbatches,workload_op,workload_m,workload_n,workload_k,workload_rows,workload_hidden,workload_seqs,workload_q_len,workload_past,workload_heads_q,workload_heads_kv,workload_head_dim,workload_window,workload_collective,workload_dtype,workload_bytes,workload_ranks,workload_in_place,provenance,status,reason,verdict_value,verdict_codes,throughput_accounting,throughput_devices,throughput_input_tokens_per_s,throughput_output_tokens_per_s,throughput_total_tokens_per_s,throughput_output_tokens_per_s_per_device,throughput_output_tokens_per_s_per_user,throughput_ci_low_tokens_per_s,throughput_ci_high_tokens_per_s,latency_ttft_ns,latency_tpot_ns,latency_e2e_ns,latency_composition_error,latency_outright_e2e_ns,stats_count,stats_median_ns,stats_mean_ns,stats_min_ns,stats_max_ns,stats_p25_ns,stats_p75_ns,stats_p90_ns,stats_p99_ns,stats_ci_low_ns,stats_ci_high_ns,stats_ci_level,stats_relative_iqr,stats_outliers,limit_flops,limit_bytes,limit_comm_bytes,limit_time_ns,limit_ops_sum_ns,limit_bound,limit_share_datasheet,limit_share_measured,limit_share_held,energy_joules,energy_bracket_s,energy_mean_power_w,energy_joules_per_output_token,energy_source,verify_ops_checked,verify_ops_failed,verify_elements_checked,verify_worst_ratio,verify_worst_op,verify_replay_matched,verify_replay_checked,comm_count,comm_redop,comm_root,comm_mode,comm_transport,comm_algbw_bytes_per_s,comm_busbw_bytes_per_s,comm_wire_estimated,comm_wrong,scale_scaling,scale_ranks,scale_base_ranks,scale_speedup,scale_efficiency,scale_efficiency_ci_low,scale_efficiency_ci_high,scale_ideal_ns,scale_alone_mean_ns,scale_alone_max_ns,scale_lost_shapes,scale_lost_stragglers,scale_lost_communication,bytes_needed,warmup_samples,steps_per_sample
> <run>,<time>,true,<git>,<host>,AMD EPYC 9B14,cpu,avx512,2,step,step/tinyllama-1.1b/decode/b1/c128/w=bf16/kv=bf16,tinyllama-1.1b,decode,1,0,0,128,2048,0,bf16,bf16,1,1,1,0,1,,,,,,,,,,,,,,,,,,,measured,ok,,VALID,,output,1,,9.866121467425343,,9.866121467425343,9.866121467425343,9.849389440288352,9.887177907259161,,101356952,,,,9,101356952,101337830.30555555,101124446.25,101622558.75,101152818.25,101506037.75,101547820.55,101615084.93,101141095,101529136,0.96875,0.0034849064916632456,0,2092089344,2071934976,0,92497097.14285715,94347039.0857143,memory,,0.9125875957956703,,,,,,,245,0,31360,0.125,gemm down_proj m=1 n=2048 k=5632,true,32001,,,,,,,,,,,,,,,,,,,,,,,2242091008,4,4

# JSON comes out as it went in, and a file in another order or of a later version in the order and version of this build.
$ tokmark show cpu.json --format json | cmp - cpu.json && tokmark show all.json --format json | cmp - all.json && echo same
> same
$ python3 -c 'import json; d = json.load(open("cpu.json")); d["schema_version"] = "1.4.0"; d["new"] = 1; json.dump(dict(reversed(d.items())), open("other.json", "w"))'; tokmark show other.json --format json | cmp - cpu.json && echo same
> same

# Several files, one after another; CSV has one header, JSON takes one file.
$ tokmark show none.json none.json
> none.json
> run of <time> on <host> by tokmark <version> (<git>)
> not complete: the run was interrupted, or is still going on
>
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> ------------------------------------------------------------------------------------------------------------------------
> 0 points
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (0 points)
>
> none.json
> run of <time> on <host> by tokmark <version> (<git>)
> not complete: the run was interrupted, or is still going on
>
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> phase   batch lengths     dtype        tokens/s counted tok/s/user TPOT or TTFT  bound   of limit  +-95 % verdict
> ------------------------------------------------------------------------------------------------------------------------
> ------------------------------------------------------------------------------------------------------------------------
> 0 points
>
> headline   no output tokens/s: no decode or e2e point is VALID or SUSPECT (0 points)
$ tokmark show cpu.json all.json none.json --format csv | cut -d, -f1,5,10 | uniq
> run_id,hostname,type
> 0123456789abcdef0123456789abcdef,bench-01,step
> fedcba9876543210fedcba9876543210,h100-node,step
> fedcba9876543210fedcba9876543210,h100-node,op
> fedcba9876543210fedcba9876543210,h100-node,comm
> fedcba9876543210fedcba9876543210,h100-node,scale
> fedcba9876543210fedcba9876543210,h100-node,step
$ tokmark show cpu.json all.json --format json
? 2
! tokmark: --format json: takes one FILE, 2 were given
$ tokmark show none.json --format json -o none.json
? 2
! tokmark: --output none.json: exists; --force overwrites it
$ tokmark show none.json --format json -o none.json --force && cmp none.json "$DATA/results/empty.json" && echo same
> same
$ tokmark show cpu.json --format csv -o new.csv; wc -l < new.csv
> 9
$ tokmark show cpu.json -o no/such/folder/x; ls -A
> all.json
> cpu.json
> new.csv
> none.json
> other.json
! tokmark: --output no/such/folder/x: No such file or directory
