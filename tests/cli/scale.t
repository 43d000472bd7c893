# tokmark scale, and run --rank-only: what is refused, and scripted devices as ranks.
$ tokmark scale --ranks 0
? 2
! tokmark: --ranks 0: must be 1..65536
$ tokmark scale --device null --ranks 1,99
? 2
! tokmark: --ranks 99: must be at most 64: start more with mpirun or srun
$ tokmark scale --device null:0 --ranks 1,2
? 2
! tokmark: --device null:0: must be auto, cpu or cuda: each rank has its own
$ tokmark scale --device null --ranks 1,4 --model smollm2-135m --scaling strong
? 2
! tokmark: --tp 4: smollm2-135m has 9 heads and 3 KV heads: must be 1..3, or a multiple of 3 that divides 9
$ tokmark scale --device null --ranks 1,2 --model smollm2-135m --by pp --microbatches 0
? 2
! tokmark: --microbatches 0: must be 1..65536
$ tokmark scale --device null --ranks 1,2 --model nope
? 2
! tokmark: model "nope": unknown: must be one that `tokmark models` lists, or a path with a '/' or .json in it
$ tokmark scale --device null --ranks 1,65536 --scaling weak
? 2
! tokmark: --ranks 65536: must be at most 64: start more with mpirun or srun
$ TOKMARK_NULL_SCRIPT='gpu' tokmark scale --device null --ranks 1,2,4 --by dp --model smollm2-135m --truncate-layers 1 --batch 3 --context 5 --dtype bf16 --time 0.05 -o s.json
> device     null: null device, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s; moved by at most 0.0 %
> model      smollm2-135m+L1, 31.9 M parameters, 60.8 MiB of weights, 768 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> scaling phase     batch lengths     dtype      ranks   tokens/s speed-up efficiency  +-95 % |  shapes straggl    comm  verdict
> ------------------------------------------------------------------------------------------------------------------------
> strong  decode        3 c5          bf16           1       2913   1.00 x    100.0 %   0.0 % |   0.0 %   0.0 %   0.0 %  VALID
> weak    decode        3 c5          bf16           1       2913   1.00 x    100.0 %   0.0 % |   0.0 %   0.0 %   0.0 %  VALID
> strong  decode        3 c5          bf16           2       2941   1.01 x     50.5 %   0.0 % |  49.0 %   0.5 %   0.0 %  VALID
> weak    decode        6 c5          bf16           2       5825   2.00 x    100.0 %   0.0 % |   0.0 %   0.0 %   0.0 %  VALID
> strong  decode        3 c5          bf16           4 skipped: batch 3: fewer sequences than the 4 replicas of --dp
> weak    decode       12 c5          bf16           4     11,650   4.00 x    100.0 %   0.0 % |   0.0 %   0.0 %   0.0 %  VALID
> ------------------------------------------------------------------------------------------------------------------------
> 6 points: 5 VALID, 1 skipped
>
> speed-up and efficiency are against the fewest ranks of the series. Of a pass, lost to: shapes, what a rank's share
> takes by itself above its part of the whole (smaller matrices, work that each rank repeats); stragglers, the slowest
> share above their mean; comm, collectives and waiting for other stages.
$ tokmark show s.json | head -12
> s.json
> run of <time> on <host> by tokmark <version> (<git>)
>
> device     4 x null: null device, 1.00 GiB
> ceilings   read 100 GB/s, copy 90.0 GB/s, f32 1.00 TFLOP/s, bf16 2.00 TFLOP/s; moved by at most 0.0 %
> model      smollm2-135m+L1, 31.9 M parameters, 60.8 MiB of weights, 768 B of KV cache a token
> accounting decode and e2e count output tokens, prefill counts input tokens
> scope      kernels only: no scheduler, queue or network; not a serving benchmark
>
> scaling phase     batch lengths     dtype      ranks   tokens/s speed-up efficiency  +-95 % |  shapes straggl    comm  verdict
> ------------------------------------------------------------------------------------------------------------------------
> strong  decode        3 c5          bf16           1       2913   1.00 x    100.0 %   0.0 % |   0.0 %   0.0 %   0.0 %  VALID
$ tokmark scale --device null --ranks 1 --by dp --model smollm2-135m -o s.json
? 2
! tokmark: --output s.json: exists; --force overwrites it
# One share of a layout, alone.
$ tokmark run --device null --rank-only --model smollm2-135m
? 2
! tokmark: --rank-only: needs a layout: --tp, --pp or --dp above 1
$ tokmark run --device null --rank-only --tp 2 --model smollm2-135m
? 2
! tokmark: --rank-only: ranks of --tp 2 and --pp 1 talk to each other: it needs --comm-table FILE, a result of `tokmark comm`
$ tokmark run --device null --tp 2 --comm-table x.json --model smollm2-135m
? 2
! tokmark: --comm-table x.json: only --rank-only heeds it
$ tokmark run --device null --rank-only --tp 2 --comm-table x.json --model smollm2-135m
? 2
! tokmark: x.json: cannot be opened: No such file or directory
$ tokmark run --device null --tp 65 --model smollm2-135m
? 2
! tokmark: --tp 65 x --pp 1 x --dp 1 is 65 ranks: must be at most 64 in one process; start more with mpirun or srun
$ tokmark run --device null --tp 2 --pp 31 --dry-run --model smollm2-135m
? 2
! tokmark: --pp 31: smollm2-135m has 30 layers: must be 1..30
$ tokmark run --device null --pp 31 --model smollm2-135m --phase decode
? 2
! tokmark: --pp 31: smollm2-135m has 30 layers: must be 1..30
