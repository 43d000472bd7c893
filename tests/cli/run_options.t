# Bad options of run: one line, exit 2, nothing written.

$ make_input tiny > tiny.json
$ tokmark run --device null --model ./tiny.json --batch 0 -o r.json
? 2
! tokmark: --batch 0: must be 1..65536
$ tokmark run --device null --model ./tiny.json --batch -1
? 2
! tokmark: --batch -1: must be 1..65536
$ tokmark run --device null --model ./tiny.json --batch 65537
? 2
! tokmark: --batch 65537: must be 1..65536
$ tokmark run --device null --model ./tiny.json --batch 9999999999
? 2
! tokmark: --batch 9999999999: must be 1..65536
$ tokmark run --device null --model ./tiny.json --batch 99999999999999999999
? 2
! tokmark: --batch 99999999999999999999: must be 1..65536
$ tokmark run --device null --model ./tiny.json --batch 1..
? 2
! tokmark: --batch 1..: must be a list like 1,2,4 or 1..64
$ tokmark run --device null --model ./tiny.json --batch ..
? 2
! tokmark: --batch ..: must be a list like 1,2,4 or 1..64
$ tokmark run --device null --model ./tiny.json --batch 1..0
? 2
! tokmark: --batch 0: must be 1..65536
$ tokmark run --device null --model ./tiny.json --batch 8..4
? 2
! tokmark: --batch 8..4: ends below its start
$ tokmark run --device null --model ./tiny.json --batch 1,,2
? 2
! tokmark: --batch 1,,2: must be a list like 1,2,4 or 1..64
$ tokmark run --device null --model ./tiny.json --batch 1,1
? 2
! tokmark: --batch: 1 is there twice
$ tokmark run --device null --model ./tiny.json --batch a
? 2
! tokmark: --batch a: must be a whole number, 1..65536
$ tokmark run --device null --model ./tiny.json --batch 1.5
? 2
! tokmark: --batch 1.5: must be a whole number, 1..65536
$ tokmark run --device null --model ./tiny.json --batch 1e3
? 2
! tokmark: --batch 1e3: must be a whole number, 1..65536
$ tokmark run --device null --model ./tiny.json --batch ' 5'
? 2
! tokmark: --batch  5: must be a whole number, 1..65536
$ tokmark run --device null --model ./tiny.json --batch 0x10
? 2
! tokmark: --batch 0x10: must be a whole number, 1..65536
$ tokmark run --device null --model ./tiny.json --batch
? 2
! tokmark: --batch: needs a value
$ tokmark run --device null --model ./tiny.json --batch=
? 2
! tokmark: --batch: needs a value
$ tokmark run --device null --model ./tiny.json --batch "$(seq -s, 1 65)"
? 2
! tokmark: --batch: more than 64 values
$ tokmark run --device null --model ./tiny.json --bach 1
? 2
! tokmark: --bach: unknown option; did you mean --batch?
$ tokmark run --device null --model ./tiny.json --no-such
? 2
! tokmark: --no-such: unknown option; see --help
$ tokmark run --device null --model ./tiny.json -z
? 2
! tokmark: -z: unknown option; see --help
$ tokmark run --device null --model ./tiny.json stray
? 2
! tokmark: stray: unexpected argument: usage: tokmark run [options]
$ tokmark run --device null --model ./tiny.json --quick --quick
? 2
! tokmark: --quick: given twice
$ tokmark run --device null --model ./tiny.json --quick=1
? 2
! tokmark: --quick: takes no value
$ tokmark run --device null --model ./tiny.json --context 0 --phase decode --dry-run | tail -1
> datasheet; a CPU has none, and its ceilings are measured in the run. Nothing was run.
$ tokmark run --device null --model ./tiny.json --context -1
? 2
! tokmark: --context -1: must be 0..16777215
$ tokmark run --device null --model ./tiny.json --context 99999999
? 2
! tokmark: --context 99999999: must be 0..16777215
$ tokmark run --device null --model ./tiny.json --input-len 0
? 2
! tokmark: --input-len 0: must be 1..16777216
$ tokmark run --device null --model ./tiny.json --output-len 0
? 2
! tokmark: --output-len 0: must be 1..16777216
$ tokmark run --device null --model ./tiny.json --prefill-chunk 0
? 2
! tokmark: --prefill-chunk 0: must be 1..16777216
$ tokmark run --device null --model ./tiny.json --time 0
? 2
! tokmark: --time 0: must be 0.001..86400
$ tokmark run --device null --model ./tiny.json --time nan
? 2
! tokmark: --time nan: must be a number, 0.001..86400
$ tokmark run --device null --model ./tiny.json --time 1e9
? 2
! tokmark: --time 1e9: must be 0.001..86400
$ tokmark run --device null --model ./tiny.json --rounds 0
? 2
! tokmark: --rounds 0: must be 3..1000
$ tokmark run --device null --model ./tiny.json --rounds 2
? 2
! tokmark: --rounds 2: must be 3..1000
$ tokmark run --device null --model ./tiny.json --layers 0
? 2
! tokmark: --layers 0: must be 1..100000
$ tokmark run --device null --model ./tiny.json --layers 99
? 2
! tokmark: --layers 99: must be 1..3
$ tokmark run --device null --model ./tiny.json --truncate-layers 0
? 2
! tokmark: --truncate-layers 0: must be 1..100000
$ tokmark run --device null --model ./tiny.json --truncate-layers 99
? 2
! tokmark: tiny cut to 99 layers: must be 1..3
$ tokmark run --device null --model ./tiny.json --threads -1
? 2
! tokmark: --threads -1: must be 1..4096
$ tokmark run --device null --model ./tiny.json --threads 99999999
? 2
! tokmark: --threads 99999999: must be 1..4096
$ tokmark run --device null --model ./tiny.json --seed -1
? 2
! tokmark: --seed -1: must be 0..9007199254740992
$ tokmark run --device null --model ./tiny.json --seed x
? 2
! tokmark: --seed x: must be a whole number, 0..9007199254740992
$ tokmark run --device null --model ./tiny.json --phase x
? 2
! tokmark: --phase x: must be decode, prefill or e2e
$ tokmark run --device null --model ./tiny.json --phase decode,decode
? 2
! tokmark: --phase: decode is there twice
$ tokmark run --device null --model ./tiny.json --phase
? 2
! tokmark: --phase: needs a value
$ tokmark run --device null --model ./tiny.json --dtype bf61
? 2
! tokmark: --dtype bf61: must be auto, f32, bf16, fp8, nvfp4, i8 or i4
$ tokmark run --device null --model ./tiny.json --dtype f64
? 2
! tokmark: --dtype f64: must be auto, f32, bf16, fp8, nvfp4, i8 or i4
$ tokmark run --device null --model ./tiny.json --kv-dtype fp8
? 2
! tokmark: --kv-dtype fp8: null device takes f32, bf16
$ tokmark run --device null --model ./tiny.json --phase decode --input-len 8
? 2
! tokmark: --input-len: only phase prefill or e2e heeds it, and --phase leaves that out
$ tokmark run --device null --model ./tiny.json --phase prefill --context 8
? 2
! tokmark: --context: only phase decode heeds it, and --phase leaves that out

# Devices.
$ tokmark run --device gpu --model ./tiny.json
? 2
! tokmark: --device gpu: must be auto, cpu or null
$ tokmark run --device cpu:7 --model ./tiny.json
? 2
! tokmark: --device cpu:7: cpu has 1 device here, numbered from 0
$ tokmark run --device cpu:0,1 --model ./tiny.json
? 2
! tokmark: --device cpu:0,1: several devices: must be one, like cpu:0
$ tokmark run --device cpu: --model ./tiny.json
? 2
! tokmark: --device cpu:: the device's number must be 0..1023
$ tokmark run --device cpu:x --model ./tiny.json
? 2
! tokmark: --device cpu:x: the device's number must be 0..1023
$ tokmark run --device cpu:-1 --model ./tiny.json
? 2
! tokmark: --device cpu:-1: the device's number must be 0..1023
$ tokmark run --device '' --model ./tiny.json
? 2
! tokmark: --device: needs a value
$ tokmark run --device a-name-that-is-much-too-long-for-any-device-of-this-or-another-machine --model ./tiny.json
? 2
! tokmark: --device a-name-that-is-much-too-long-for-any-device-of-this-or-another-m: must be auto, cpu or null

# The null device's script.
$ TOKMARK_NULL_SCRIPT='no_such=1' tokmark run --device null --model ./tiny.json --phase decode --batch 1
? 2
! tokmark: null script: no_such: unknown key; kernels/null/README.md lists them
$ TOKMARK_NULL_SCRIPT='noise=2' tokmark run --device null --model ./tiny.json --phase decode --batch 1
? 2
! tokmark: null script: noise=2: must be a number in 0..0.9

# None of these left a file.
$ ls
> tiny.json
