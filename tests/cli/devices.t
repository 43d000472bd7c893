# What is here. The CPU's own lines differ from machine to machine; the null device's do not.

$ tokmark devices --no-ceilings | sed -n '/^null/,$p'
> null: scripted times and faults (TOKMARK_NULL_SCRIPT), to test the harness: no device at all
>   null:0  null device
>     path       scripted, 1 thread, 1 core, 1 socket, 1 NUMA node
>     memory     1.00 GiB, 1.00 GiB free, last-level cache 16.0 KiB
>     types      weights f32, bf16; KV cache f32, bf16; activations f32
$ TOKMARK_NULL_SCRIPT='gpu; name=NVIDIA H100 80GB HBM3; memory_gib=80; clock_ghz=1.755' tokmark devices --no-ceilings | sed -n '/^null/,$p'
> null: scripted times and faults (TOKMARK_NULL_SCRIPT), to test the harness: no device at all
>   null:0  NVIDIA H100 80GB HBM3
>     gpu        ECC on, MIG off
>     memory     80.0 GiB, 80.0 GiB free, last-level cache 16.0 KiB
>     clock      up to 1.75 GHz, now 1.75 GHz
>     types      weights f32, bf16; KV cache f32, bf16; activations bf16
>     preflight  nothing seen; NVML does not tell all of it here
$ tokmark devices --no-ceilings | grep -c '^cpu:'
> 1
$ tokmark devices --no-ceilings --format json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["schema"], [(b["name"], len(b["devices"]), b["devices"][0]["ceilings"]) for b in d["backends"] if b["name"] != "cuda"])'
> tokmark-devices [('cpu', 1, None), ('null', 1, None)]
$ tokmark devices --format json | python3 -c 'import json, sys; d = json.load(sys.stdin); n = d["backends"][-1]["devices"][0]; print(n["name"], n["ceilings"]["read_bytes_per_s"], n["ceilings"]["flops_per_s"]); c = d["backends"][-2]["devices"][0]["ceilings"]; assert 1e8 < c["read_bytes_per_s"] < 1e14 and 1e8 < c["flops_per_s"]["f32"] < 1e16, c'
> null device 100000000000 {'f32': 1000000000000, 'bf16': 2000000000000}
$ tokmark devices --ceilings --no-ceilings
? 2
! tokmark: --ceilings and --no-ceilings: must be one of them
$ tokmark devices --format xml
? 2
! tokmark: --format xml: must be table or json
$ tokmark devices cpu
? 2
! tokmark: cpu: unexpected argument: usage: tokmark devices [options]
