# What is here. The CPU's own lines differ from machine to machine; the null device's do not.

$ tokmark devices --no-ceilings | sed -n '/^null/,$p'
$ TOKMARK_NULL_SCRIPT='gpu; name=NVIDIA H100 80GB HBM3; memory_gib=80; clock_ghz=1.755' tokmark devices --no-ceilings | sed -n '/^null/,$p'
$ tokmark devices --no-ceilings | grep -c '^cpu:'
$ tokmark devices --no-ceilings --format json | python3 -c 'import json, sys; d = json.load(sys.stdin); print(d["schema"], [(b["name"], len(b["devices"]), b["devices"][0]["ceilings"]) for b in d["backends"]])'
$ tokmark devices --format json | python3 -c 'import json, sys; d = json.load(sys.stdin); n = d["backends"][-1]["devices"][0]; print(n["name"], n["ceilings"]["read_bytes_per_s"], n["ceilings"]["flops_per_s"]); c = d["backends"][0]["devices"][0]["ceilings"]; assert 1e8 < c["read_bytes_per_s"] < 1e14 and 1e8 < c["flops_per_s"]["f32"] < 1e16, c'
$ tokmark devices --ceilings --no-ceilings
$ tokmark devices --format xml
$ tokmark devices cpu
