# Results against each other. The files are made up: tests/data/compare/make_compare.py.
$ cp -r $DATA/compare/*.json $DATA/compare/repeats .
$ tokmark compare base.json same.json
> base     base.json: NVIDIA H100 80GB HBM3
> new      same.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.9   1.0000  0.9859 to 1.0143    1.0006  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4517   1.0043  0.9904 to 1.0184    1.0043  SAME
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,246   1.0037  0.9898 to 1.0178    1.0034  SAME
>
> 3 points of the base: 3 SAME
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (0 of 3 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
$ tokmark compare base.json slower.json
? 10
> base     base.json: NVIDIA H100 80GB HBM3
> new      slower.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.4   0.9979  0.9832 to 1.0129    0.9980  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4182   0.9299  0.9139 to 0.9462    0.9299  SLOWER
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,257   1.0034  0.9890 to 1.0179    1.0041  SAME
>
> 3 points of the base: 2 SAME, 1 SLOWER
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (1 of 3 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
! tokmark: 1 point is slower; the first: step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16: 0.9299 of the base
$ tokmark compare base.json ambiguous.json
> base     base.json: NVIDIA H100 80GB HBM3
> new      ambiguous.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.5   0.9919  0.9476 to 1.0383    0.9982  AMBIGUOUS
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4552   1.0150  0.9892 to 1.0415    1.0121  AMBIGUOUS
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,357   1.0017  0.9566 to 1.0490    1.0103  AMBIGUOUS
>
> 3 points of the base: 3 AMBIGUOUS
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (0 of 3 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
> To tell 5 % apart in every AMBIGUOUS row takes about 2 runs a side at the spread seen.
$ tokmark compare base.json ambiguous.json --strict > /dev/null
? 11
! tokmark: 3 points are ambiguous; the first: step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16
$ tokmark compare base.json missing.json
? 13
> base     base.json: NVIDIA H100 80GB HBM3
> new      missing.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8          -        -  -                        -  MISSING  not in new
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4489   0.9994  0.9851 to 1.0139    0.9982  SAME
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191          -        -  -                        -  MISSING  INVALID over_limit
>
> 3 points of the base: 1 SAME, 2 MISSING
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (0 of 1 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
! tokmark: 2 of the base's points are missing, failed or INVALID in new; the first: step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16: not in new
$ tokmark compare base.json simulated.json
? 12
> base     base.json: NVIDIA H100 80GB HBM3
> new      simulated.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval     verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8          -        -  -                 INCOMPARABLE  new: simulated: no throughput
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497          -        -  -                 INCOMPARABLE  new: simulated: no throughput
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191          -        -  -                 INCOMPARABLE  new: simulated: no throughput
>
> 3 points of the base: 3 INCOMPARABLE
! tokmark: nothing could be compared: step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16: new: simulated: no throughput
$ tokmark compare base.json other.json
> base     base.json: NVIDIA H100 80GB HBM3
> new      other.json: NVIDIA B200
> mode     different hardware; ratio: new / base of the speed
> differs  device: NVIDIA H100 80GB HBM3 -> NVIDIA B200
>          driver: - -> 580.65
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.5   0.9978  0.9837 to 1.0122    0.9981  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4514   1.0027  0.9887 to 1.0170    1.0036  SAME
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,211   1.0019  0.9876 to 1.0165    1.0013  SAME
>
> 3 points of the base: 3 SAME
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (0 of 3 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
$ tokmark compare base.json base.json
> base     base.json: NVIDIA H100 80GB HBM3
> new      base.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.8   1.0000  1.0000 to 1.0000    1.0000  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4497   1.0000  1.0000 to 1.0000    1.0000  SAME
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,191   1.0000  1.0000 to 1.0000    1.0000  SAME
>
> 3 points of the base: 3 SAME
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (0 of 3 rows).
> Both sides are the same run, by its id: nothing is estimated.
$ tokmark compare repeats slower.json
? 10
> base     repeats: NVIDIA H100 80GB HBM3, 5 of 5 runs
> new      slower.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.5      169.4   0.9992  0.9895 to 1.0091    0.9994  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4503       4182   0.9288  0.9172 to 0.9406    0.9286  SLOWER
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,211     16,257   1.0028  0.9930 to 1.0127    1.0029  SAME
>
> 3 points of the base: 2 SAME, 1 SLOWER
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (1 of 3 rows).
! tokmark: 1 point is slower; the first: step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16: 0.9288 of the base
$ tokmark compare repeats same.json --threshold 0.1% --metric share
? 12
> base     repeats: NVIDIA H100 80GB HBM3, 5 of 5 runs
> new      same.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval     verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.5      169.9        -  -                 INCOMPARABLE  no share of a measured ceiling
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4503       4517        -  -                 INCOMPARABLE  no share of a measured ceiling
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,211     16,246        -  -                 INCOMPARABLE  no share of a measured ceiling
>
> 3 points of the base: 3 INCOMPARABLE
! tokmark: nothing could be compared: step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16: no share of a measured ceiling
$ tokmark compare base.json slower.json other.json
? 10
> base     base.json: NVIDIA H100 80GB HBM3
> new      slower.json: NVIDIA H100 80GB HBM3
> mode     identical hardware; ratio: new / base of the speed
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.4   0.9979  0.9832 to 1.0129    0.9980  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4182   0.9299  0.9139 to 0.9462    0.9299  SLOWER
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,257   1.0034  0.9890 to 1.0179    1.0041  SAME
>
> 3 points of the base: 2 SAME, 1 SLOWER
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (1 of 3 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
>
> base     base.json: NVIDIA H100 80GB HBM3
> new      other.json: NVIDIA B200
> mode     different hardware; ratio: new / base of the speed
> differs  device: NVIDIA H100 80GB HBM3 -> NVIDIA B200
>          driver: - -> 580.65
>
> point                                          counts       base        new    ratio  95 % interval       a watt  verdict
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16    output      169.8      169.5   0.9978  0.9837 to 1.0122    0.9981  SAME
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16   output       4497       4514   1.0027  0.9887 to 1.0170    1.0036  SAME
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16  output     16,191     16,211   1.0019  0.9876 to 1.0165    1.0013  SAME
>
> 3 points of the base: 3 SAME
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those
> called different, at most 5 in 100 are not (0 of 3 rows).
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is
> assumed, not measured (--run-spread). Folders of several runs measure it.
>
> Side by side: tokens/s as each point counts them, * the best of a row
>   A  base.json: NVIDIA H100 80GB HBM3
>   B  slower.json: NVIDIA H100 80GB HBM3
>   C  other.json: NVIDIA B200
> point                                                   A           B           C
> llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16   *     169.8       169.4       169.5
> llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16         4497        4182 *      4514
> llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16      16,191 *    16,257      16,211
! tokmark: 1 point is slower; the first: step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16: 0.9299 of the base
$ tokmark compare base.json slower.json --format md
? 10
> ## 3 points of the base: 2 SAME, 1 SLOWER
>
> - base: base.json: NVIDIA H100 80GB HBM3
> - new: slower.json: NVIDIA H100 80GB HBM3
> - identical hardware; ratio: new / base of the speed
>
> | verdict | point | counts | base | new | share | new share | ratio | 95 % interval | note |
> |---|---|---|--:|--:|--:|--:|--:|---|---|
> | **SLOWER** | llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16 | output | 4497 | 4182 | - | - | 0.9299 | 0.9139 to 0.9462 | - |
> | SAME | llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16 | output | 169.8 | 169.4 | - | - | 0.9979 | 0.9832 to 1.0129 | - |
> | SAME | llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16 | output | 16,191 | 16,257 | - | - | 1.0034 | 0.9890 to 1.0179 | - |
>
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those called different, at most 5 in 100 are not (1 of 3 rows).
>
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is assumed, not measured (--run-spread). Folders of several runs measure it.
! tokmark: 1 point is slower; the first: step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16: 0.9299 of the base
$ tokmark compare base.json missing.json --format csv
? 13
> base,new,base_hardware,new_hardware,key,verdict,accounting,metric,ratio,ratio_low,ratio_high,interval_level,p_value,run_spread,ratio_per_device,ratio_per_watt,base_runs,base_provenance,base_tokens_per_s,base_time_ns,base_share_measured,base_tokens_per_s_per_device,base_tokens_per_joule,new_runs,new_provenance,new_tokens_per_s,new_time_ns,new_share_measured,new_tokens_per_s_per_device,new_tokens_per_joule,note
> base.json,missing.json,NVIDIA H100 80GB HBM3,NVIDIA H100 80GB HBM3,step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16,MISSING,output,,,,,,,,,,1,measured,169.772729,5890227.5,,169.772729,0.339545459,0,,,,,,,not in new
> base.json,missing.json,NVIDIA H100 80GB HBM3,NVIDIA H100 80GB HBM3,step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16,SAME,output,rate,0.999390914,0.985067343,1.01392276,0.95,0.93396847,0.0051976317,0.998196621,0.998196621,1,measured,4497.26924,7115429,,4497.26924,8.17685317,1,measured,4489.15896,7128284,,4489.15896,8.1621072,
> base.json,missing.json,NVIDIA H100 80GB HBM3,NVIDIA H100 80GB HBM3,step/llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16,MISSING,output,,,,,,,,,,1,measured,16190.6838,15811562,,16190.6838,25.905094,0,,,,,,,INVALID over_limit
! tokmark: 2 of the base's points are missing, failed or INVALID in new; the first: step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16: not in new
$ tokmark compare base.json missing.json --format junit
? 13
> <?xml version="1.0" encoding="UTF-8"?>
> <testsuites name="tokmark compare">
>   <testsuite name="missing.json: NVIDIA H100 80GB HBM3" tests="3" failures="2" errors="0" skipped="0">
>     <testcase classname="NVIDIA H100 80GB HBM3" name="step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16">
>       <failure message="MISSING: not in new"/>
>     </testcase>
>     <testcase classname="NVIDIA H100 80GB HBM3" name="step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16"/>
>     <testcase classname="NVIDIA H100 80GB HBM3" name="step/llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16">
>       <failure message="MISSING: INVALID over_limit"/>
>     </testcase>
>   </testsuite>
> </testsuites>
! tokmark: 2 of the base's points are missing, failed or INVALID in new; the first: step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16: not in new
$ tokmark compare base.json slower.json --format json | sed -E 's/([0-9]\.[0-9]{4})[0-9]+/\1/'
> {
>   "schema": "tokmark-compare",
>   "schema_version": "1.0.0",
>   "threshold": 0.03,
>   "false_discovery_rate": 0.05,
>   "comparisons": [
>     {
>       "base": {
>         "argument": "base.json",
>         "file": "base.json",
>         "hardware": "NVIDIA H100 80GB HBM3",
>         "runs": 1,
>         "files_refused": 0
>       },
>       "new": {
>         "argument": "slower.json",
>         "file": "slower.json",
>         "hardware": "NVIDIA H100 80GB HBM3",
>         "runs": 1,
>         "files_refused": 0
>       },
>       "hardware": "identical",
>       "prior_run_spread": 0.005,
>       "differences": [],
>       "counts": {
>         "SAME": 2,
>         "FASTER": 0,
>         "SLOWER": 1,
>         "AMBIGUOUS": 0,
>         "INCOMPARABLE": 0,
>         "MISSING": 0
>       },
>       "points": [
>         {
>           "key": "step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16",
>           "verdict": "SAME",
>           "accounting": "output",
>           "metric": "rate",
>           "ratio": 0.9979,
>           "ratio_low": 0.9831,
>           "ratio_high": 1.0128,
>           "interval_level": 0.95,
>           "p_value": 0.7834,
>           "run_spread": 0.0053,
>           "ratio_per_device": 0.9980,
>           "ratio_per_watt": 0.9980,
>           "base_runs": 1,
>           "base_provenance": "measured",
>           "base_tokens_per_s": 169.7727,
>           "base_time_ns": 5890227.5,
>           "base_share_measured": null,
>           "base_tokens_per_s_per_device": 169.7727,
>           "base_tokens_per_joule": 0.3395,
>           "new_runs": 1,
>           "new_provenance": "measured",
>           "new_tokens_per_s": 169.4385,
>           "new_time_ns": 5901843.5000,
>           "new_share_measured": null,
>           "new_tokens_per_s_per_device": 169.4385,
>           "new_tokens_per_joule": 0.3388,
>           "note": null
>         },
>         {
>           "key": "step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16",
>           "verdict": "SLOWER",
>           "accounting": "output",
>           "metric": "rate",
>           "ratio": 0.9299,
>           "ratio_low": 0.9139,
>           "ratio_high": 0.9462,
>           "interval_level": 0.9833,
>           "p_value": 5.5175e-23,
>           "run_spread": 0.0051,
>           "ratio_per_device": 0.9299,
>           "ratio_per_watt": 0.9299,
>           "base_runs": 1,
>           "base_provenance": "measured",
>           "base_tokens_per_s": 4497.2692,
>           "base_time_ns": 7115429.0000,
>           "base_share_measured": null,
>           "base_tokens_per_s_per_device": 4497.2692,
>           "base_tokens_per_joule": 8.1768,
>           "new_runs": 1,
>           "new_provenance": "measured",
>           "new_tokens_per_s": 4182.0460,
>           "new_time_ns": 7651757.0000,
>           "new_share_measured": null,
>           "new_tokens_per_s_per_device": 4182.0460,
>           "new_tokens_per_joule": 7.6037,
>           "note": null
>         },
>         {
>           "key": "step/llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16",
>           "verdict": "SAME",
>           "accounting": "output",
>           "metric": "rate",
>           "ratio": 1.0033,
>           "ratio_low": 0.9889,
>           "ratio_high": 1.0179,
>           "interval_level": 0.95,
>           "p_value": 0.6489,
>           "run_spread": 0.0051,
>           "ratio_per_device": 1.0041,
>           "ratio_per_watt": 1.0041,
>           "base_runs": 1,
>           "base_provenance": "measured",
>           "base_tokens_per_s": 16190.6837,
>           "base_time_ns": 15811561.9999,
>           "base_share_measured": null,
>           "base_tokens_per_s_per_device": 16190.6837,
>           "base_tokens_per_joule": 25.9050,
>           "new_runs": 1,
>           "new_provenance": "measured",
>           "new_tokens_per_s": 16257.1882,
>           "new_time_ns": 15746880.4999,
>           "new_share_measured": null,
>           "new_tokens_per_s_per_device": 16257.1882,
>           "new_tokens_per_joule": 26.0115,
>           "note": null
>         }
>       ],
>       "only_in_new": []
>     }
>   ]
> }
! tokmark: 1 point is slower; the first: step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16: 0.9299 of the base
# What can't be read: refused where it was named, said and passed over in a folder.
$ echo '{"schema":' > repeats/broken.json
$ tokmark compare base.json repeats/broken.json
? 2
! tokmark: repeats/broken.json:2:1: the file ends where a value should stand
$ tokmark compare base.json repeats > /dev/null
! tokmark: repeats/broken.json:2:1: the file ends where a value should stand
$ mkdir empty
$ tokmark compare base.json empty
? 2
! tokmark: empty: holds no result that can be read
$ tokmark compare base.json no-such.json
? 2
! tokmark: no-such.json: cannot be opened: No such file or directory
$ tokmark compare base.json
? 2
! tokmark: an argument is missing: usage: tokmark compare BASE NEW... [options]
$ tokmark compare base.json same.json --threshold 0
? 2
! tokmark: --threshold 0: must be 0.01%..50%
$ tokmark compare base.json same.json --metric speed
? 2
! tokmark: --metric speed: must be auto, rate or share
# Text from files stays text.
$ sed 's/NVIDIA H100 80GB HBM3/<b>|x|`\\u001b[31m/; s/"run_id":"./"run_id":"e/' base.json > hostile.json
$ tokmark compare base.json hostile.json --format md
> ## 3 points of the base: 3 SAME
>
> - base: base.json: NVIDIA H100 80GB HBM3
> - new: hostile.json: &lt;b\>\|x\|\`?\[31m
> - different hardware; ratio: new / base of the speed
> - differs: device: NVIDIA H100 80GB HBM3 → &lt;b\>\|x\|\`?\[31m
>
> | verdict | point | counts | base | new | share | new share | ratio | 95 % interval | note |
> |---|---|---|--:|--:|--:|--:|--:|---|---|
> | SAME | llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16 | output | 169.8 | 169.8 | - | - | 1.0000 | 0.9859 to 1.0143 | - |
> | SAME | llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16 | output | 4497 | 4497 | - | - | 1.0000 | 0.9862 to 1.0140 | - |
> | SAME | llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16 | output | 16,191 | 16,191 | - | - | 1.0000 | 0.9861 to 1.0141 | - |
>
> SAME: the whole interval within 1 +- 3 %. FASTER, SLOWER: all of it on one side of 1, the ratio beyond that; of those called different, at most 5 in 100 are not (0 of 3 rows).
>
> One run a side: that runs of one program differ by 0.5 % (standard deviation), or by what their ceilings moved, is assumed, not measured (--run-spread). Folders of several runs measure it.
$ tokmark compare hostile.json slower.json --format junit
? 10
> <?xml version="1.0" encoding="UTF-8"?>
> <testsuites name="tokmark compare">
>   <testsuite name="slower.json: NVIDIA H100 80GB HBM3" tests="3" failures="1" errors="0" skipped="0">
>     <testcase classname="NVIDIA H100 80GB HBM3" name="step/llama-3.1-8b/decode/b1/c1024/w=bf16/kv=bf16"/>
>     <testcase classname="NVIDIA H100 80GB HBM3" name="step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16">
>       <failure message="SLOWER: ratio 0.9299, interval 0.9139 to 0.9462"/>
>     </testcase>
>     <testcase classname="NVIDIA H100 80GB HBM3" name="step/llama-3.1-8b/decode/b256/c1024/w=bf16/kv=bf16"/>
>   </testsuite>
> </testsuites>
! tokmark: 1 point is slower; the first: step/llama-3.1-8b/decode/b32/c1024/w=bf16/kv=bf16: 0.9299 of the base
# Output files are kept.
$ tokmark compare base.json same.json -o c.txt
$ tokmark compare base.json same.json -o c.txt
? 2
! tokmark: --output c.txt: exists; --force overwrites it
$ tokmark compare base.json same.json -o c.txt --force
