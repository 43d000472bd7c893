# Hostile result files, through show and target: one line, exit 2.

$ cp "$DATA/results/cpu-sweep.json" good.json
$ for c in show target; do tokmark $c missing.json || echo exit $?; done
> exit 2
> exit 2
! tokmark: missing.json: cannot be opened: No such file or directory
! tokmark: missing.json: cannot be opened: No such file or directory
$ for c in show target; do tokmark $c || echo exit $?; done
> exit 2
> exit 2
! tokmark: an argument is missing: usage: tokmark show FILE... [options]
! tokmark: an argument is missing: usage: tokmark target RESULT... [--claim ID] [--tokens-per-s N] [options]
$ : > empty.json; for c in show target; do tokmark $c empty.json || echo exit $?; done
> exit 2
> exit 2
! tokmark: empty.json: is empty: must be a JSON document
! tokmark: empty.json: is empty: must be a JSON document
$ for c in show target; do tokmark $c . || echo exit $?; done
> exit 2
> exit 2
! tokmark: .: is a folder: must be a JSON file
! tokmark: .: is a folder: must be a JSON file
$ head -c 2000 good.json > truncated.json; for c in show target; do tokmark $c truncated.json || echo exit $?; done
> exit 2
> exit 2
! tokmark: truncated.json:75:26: expected a value, found 'n'
! tokmark: truncated.json:75:26: expected a value, found 'n'
$ for k in binary zeros deep deep-object non-utf8 long-string many-keys twice trailing; do make_input $k > bad.json; tokmark show bad.json || echo exit $?; tokmark target bad.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: bad.json:1:1: expected a value, found byte 0xf5
! tokmark: bad.json:1:1: expected a value, found byte 0xf5
! tokmark: bad.json:1:1: expected a value, found a NUL byte
! tokmark: bad.json:1:1: expected a value, found a NUL byte
! tokmark: bad.json:1:65: nested deeper than 64 levels
! tokmark: bad.json:1:65: nested deeper than 64 levels
! tokmark: bad.json:1:321: nested deeper than 64 levels
! tokmark: bad.json:1:321: nested deeper than 64 levels
! tokmark: bad.json:1:17: byte 0xff is not UTF-8
! tokmark: bad.json:1:17: byte 0xff is not UTF-8
! tokmark: bad.json: schema: missing: must be a string
! tokmark: bad.json: schema: missing: must be a string
! tokmark: bad.json: schema: missing: must be a string
! tokmark: bad.json: schema: missing: must be a string
! tokmark: bad.json: this key stands twice: hidden_size
! tokmark: bad.json: this key stands twice: hidden_size
! tokmark: bad.json:1:4: expected the end of the file, found '{'
! tokmark: bad.json:1:4: expected the end of the file, found '{'
$ truncate -s 300M huge.json; tokmark show huge.json; echo exit $?; rm huge.json
> exit 2
! tokmark: huge.json: 314572800 bytes: must be at most 268435456
$ echo '{}' > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: schema: missing: must be a string
$ echo '[]' > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: must be an object
$ sed 's/"tokmark-result"/"another"/' good.json > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: schema another: this build reads tokmark-result
$ sed 's/"schema_version": "1/"schema_version": "2/' good.json > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: schema_version 2.3.0: this build reads 1.x
$ sed 's/"schema_version": "1.3.0"/"schema_version": "x"/' good.json > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: schema_version: "x": must be MAJOR.MINOR.PATCH
$ sed 's/"schema_version": "1.3.0"/"schema_version": "1.9.3"/' good.json > newer.json; tokmark show newer.json --format csv > /dev/null && echo read
> read
$ sed '0,/"complete": true/s//"complete": "yes"/' good.json > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: complete: "yes": must be true or false
$ sed '0,/"type": "step"/s//"type": "stop"/' good.json > bad.json; tokmark show bad.json
? 2
! tokmark: bad.json: points[0].type: "stop": must be one of step, op, comm, scale

# A good file before a bad one: nothing half-printed is taken for an answer.
$ tokmark show good.json missing.json > /dev/null
? 2
! tokmark: missing.json: cannot be opened: No such file or directory
$ tokmark target good.json --tokens-per-s 0
? 2
! tokmark: --tokens-per-s 0: must be 0.001..1e+15
$ tokmark target good.json --tokens-per-s -5
? 2
! tokmark: --tokens-per-s -5: must be 0.001..1e+15
$ tokmark target good.json --tokens-per-s nan
? 2
! tokmark: --tokens-per-s nan: must be a number, 0.001..1e+15
$ tokmark target good.json --claim no-such-claim
? 2
! tokmark: --claim no-such-claim: not known; see tokmark claims
$ tokmark target good.json --overhead 0.5
? 2
! tokmark: --overhead 0.5: must be 1..100
$ tokmark target good.json --price-per-hour -1
? 2
! tokmark: --price-per-hour -1: must be 0..1000000000
$ tokmark target good.json --interactivity -1
? 2
! tokmark: --interactivity -1: must be 0..1000000000
$ tokmark show good.json --format xml
? 2
! tokmark: --format xml: must be table, md, csv, json, llama-bench, vllm, nccl-tests or inferencex
