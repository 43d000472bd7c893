# Hostile result files, through show and target: one line, exit 2.

$ cp "$DATA/results/cpu-sweep.json" good.json
$ for c in show target; do tokmark $c missing.json || echo exit $?; done
$ for c in show target; do tokmark $c || echo exit $?; done
$ : > empty.json; for c in show target; do tokmark $c empty.json || echo exit $?; done
$ for c in show target; do tokmark $c . || echo exit $?; done
$ head -c 2000 good.json > truncated.json; for c in show target; do tokmark $c truncated.json || echo exit $?; done
$ for k in binary zeros deep deep-object non-utf8 long-string many-keys twice trailing; do make_input $k > bad.json; tokmark show bad.json || echo exit $?; tokmark target bad.json || echo exit $?; done
$ truncate -s 300M huge.json; tokmark show huge.json; rm huge.json
$ echo '{}' > bad.json; tokmark show bad.json
$ echo '[]' > bad.json; tokmark show bad.json
$ sed 's/"tokmark-result"/"another"/' good.json > bad.json; tokmark show bad.json
$ sed 's/"schema_version": "1/"schema_version": "2/' good.json > bad.json; tokmark show bad.json
$ sed 's/"schema_version": "1.0.0"/"schema_version": "x"/' good.json > bad.json; tokmark show bad.json
$ sed 's/"schema_version": "1.0.0"/"schema_version": "1.9.3"/' good.json > newer.json; tokmark show newer.json --format csv > /dev/null && echo read
$ sed '0,/"complete": true/s//"complete": "yes"/' good.json > bad.json; tokmark show bad.json
$ sed '0,/"type": "step"/s//"type": "stop"/' good.json > bad.json; tokmark show bad.json

# A good file before a bad one: nothing half-printed is taken for an answer.
$ tokmark show good.json missing.json > /dev/null
$ tokmark target good.json --tokens-per-s 0
$ tokmark target good.json --tokens-per-s -5
$ tokmark target good.json --tokens-per-s nan
$ tokmark target good.json --claim no-such-claim
$ tokmark target good.json --overhead 0.5
$ tokmark target good.json --price-per-hour -1
$ tokmark target good.json --interactivity -1
$ tokmark show good.json --format xml
