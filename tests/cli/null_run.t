# The main job on a device whose times are scripted: the table, the file, and what is made of it. Decode of b rows takes
# 1000 + 10 b us here, so that every figure can be worked by hand: b=1 gives 1 / 0.00101 s = 990.1 tokens/s.

$ make_input tiny > tiny.json
$ tokmark run --device null --model ./tiny.json --phase decode,prefill --batch 1,8 --context 32 --input-len 16 --dtype f32 --time 0.2 -o r.json
$ tokmark show r.json
$ tokmark show r.json --format md
$ tokmark show r.json --format csv
$ tokmark show r.json --format json > again.json && cmp r.json again.json
$ tokmark target r.json
$ tokmark target r.json --tokens-per-s 2e6
$ tokmark target r.json --interactivity 100 --price-per-hour 2 --overhead 1.3

# The same script gives the same run.
$ tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2 > a; tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2 > b; cmp a b && echo same

# Nothing is measured or written.
$ tokmark run --device null --model ./tiny.json --phase decode,prefill,e2e --batch 1,8 --dry-run -o dry.json; ls dry.json

# e2e.
$ tokmark run --device null --model ./tiny.json --phase e2e --batch 2 --input-len 16 --output-len 9 --time 0.2

# One bad point is one bad row: the others stand, exit 1.
$ TOKMARK_NULL_SCRIPT='memory_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='wrong_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='replay_wrong_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='device_fault_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='unsupported_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='fast_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='zero_time_at=/b8/' tokmark run --device null --model ./tiny.json --phase decode --batch 1,8 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='memory_gib=0.00001' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2

# Disturbed figures are marked, not hidden.
$ TOKMARK_NULL_SCRIPT='throttled_at=/b1/' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='ceiling_drift=0.04' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='bimodal=0.5' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2

# A GPU by name takes its datasheet from the table; a simulated one has no throughput.
$ TOKMARK_NULL_SCRIPT='gpu; name=NVIDIA H100 80GB HBM3; memory_gib=80' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2
$ TOKMARK_NULL_SCRIPT='simulated' tokmark run --device null --model ./tiny.json --phase decode --batch 1 --context 32 --time 0.2 -o sim.json

# Ctrl-C: what was measured is kept, the file is whole and says that it is not complete.
$ TOKMARK_NULL_SCRIPT='interrupt_run=60' tokmark run --device null --model ./tiny.json --phase decode --batch 1,2,4,8 --context 32 --time 0.2 -o stopped.json
$ grep -c '"complete": false' stopped.json; tokmark show stopped.json | tail -20
