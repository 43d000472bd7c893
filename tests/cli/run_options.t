# Bad options of run: one line, exit 2, nothing written.

$ make_input tiny > tiny.json
$ tokmark run --device null --model ./tiny.json --batch 0 -o r.json
$ tokmark run --device null --model ./tiny.json --batch -1
$ tokmark run --device null --model ./tiny.json --batch 65537
$ tokmark run --device null --model ./tiny.json --batch 9999999999
$ tokmark run --device null --model ./tiny.json --batch 99999999999999999999
$ tokmark run --device null --model ./tiny.json --batch 1..
$ tokmark run --device null --model ./tiny.json --batch ..
$ tokmark run --device null --model ./tiny.json --batch 1..0
$ tokmark run --device null --model ./tiny.json --batch 8..4
$ tokmark run --device null --model ./tiny.json --batch 1,,2
$ tokmark run --device null --model ./tiny.json --batch 1,1
$ tokmark run --device null --model ./tiny.json --batch a
$ tokmark run --device null --model ./tiny.json --batch 1.5
$ tokmark run --device null --model ./tiny.json --batch 1e3
$ tokmark run --device null --model ./tiny.json --batch ' 5'
$ tokmark run --device null --model ./tiny.json --batch 0x10
$ tokmark run --device null --model ./tiny.json --batch
$ tokmark run --device null --model ./tiny.json --batch=
$ tokmark run --device null --model ./tiny.json --batch "$(seq -s, 1 65)"
$ tokmark run --device null --model ./tiny.json --bach 1
$ tokmark run --device null --model ./tiny.json --no-such
$ tokmark run --device null --model ./tiny.json -z
$ tokmark run --device null --model ./tiny.json stray
$ tokmark run --device null --model ./tiny.json --quick --quick
$ tokmark run --device null --model ./tiny.json --quick=1
$ tokmark run --device null --model ./tiny.json --context 0 --phase decode --dry-run | tail -1
$ tokmark run --device null --model ./tiny.json --context -1
$ tokmark run --device null --model ./tiny.json --context 99999999
$ tokmark run --device null --model ./tiny.json --input-len 0
$ tokmark run --device null --model ./tiny.json --output-len 0
$ tokmark run --device null --model ./tiny.json --prefill-chunk 0
$ tokmark run --device null --model ./tiny.json --time 0
$ tokmark run --device null --model ./tiny.json --time nan
$ tokmark run --device null --model ./tiny.json --time 1e9
$ tokmark run --device null --model ./tiny.json --rounds 0
$ tokmark run --device null --model ./tiny.json --rounds 2
$ tokmark run --device null --model ./tiny.json --layers 0
$ tokmark run --device null --model ./tiny.json --layers 99
$ tokmark run --device null --model ./tiny.json --truncate-layers 0
$ tokmark run --device null --model ./tiny.json --truncate-layers 99
$ tokmark run --device null --model ./tiny.json --threads -1
$ tokmark run --device null --model ./tiny.json --threads 99999999
$ tokmark run --device null --model ./tiny.json --seed -1
$ tokmark run --device null --model ./tiny.json --seed x
$ tokmark run --device null --model ./tiny.json --phase x
$ tokmark run --device null --model ./tiny.json --phase decode,decode
$ tokmark run --device null --model ./tiny.json --phase
$ tokmark run --device null --model ./tiny.json --dtype bf61
$ tokmark run --device null --model ./tiny.json --dtype f64
$ tokmark run --device null --model ./tiny.json --kv-dtype fp8
$ tokmark run --device null --model ./tiny.json --phase decode --input-len 8
$ tokmark run --device null --model ./tiny.json --phase prefill --context 8

# Devices.
$ tokmark run --device gpu --model ./tiny.json
$ tokmark run --device cuda --model ./tiny.json
$ tokmark run --device cuda:0,1 --model ./tiny.json
$ tokmark run --device cpu:7 --model ./tiny.json
$ tokmark run --device cpu:0,1 --model ./tiny.json
$ tokmark run --device cpu: --model ./tiny.json
$ tokmark run --device cpu:x --model ./tiny.json
$ tokmark run --device cpu:-1 --model ./tiny.json
$ tokmark run --device '' --model ./tiny.json
$ tokmark run --device a-name-that-is-much-too-long-for-any-device-of-this-or-another-machine --model ./tiny.json

# The null device's script.
$ TOKMARK_NULL_SCRIPT='no_such=1' tokmark run --device null --model ./tiny.json --phase decode --batch 1
$ TOKMARK_NULL_SCRIPT='noise=2' tokmark run --device null --model ./tiny.json --phase decode --batch 1

# None of these left a file.
$ ls
