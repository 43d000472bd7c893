# Hostile model files: one line that names the file and what was allowed, exit 2.

$ tokmark run --device null --dry-run --model ./missing.json
$ : > empty.json; tokmark run --device null --dry-run --model ./empty.json
$ mkdir folder; tokmark run --device null --dry-run --model ./folder
$ mkdir folder.json; tokmark run --device null --dry-run --model ./folder.json
$ make_input tiny > whole.json; head -c 100 whole.json > truncated.json; tokmark run --device null --dry-run --model ./truncated.json
$ make_input binary > binary.json; tokmark run --device null --dry-run --model ./binary.json
$ make_input zeros > zeros.json; tokmark run --device null --dry-run --model ./zeros.json
$ make_input deep > deep.json; tokmark run --device null --dry-run --model ./deep.json
$ make_input deep-object > deep.json; tokmark run --device null --dry-run --model ./deep.json
$ make_input non-utf8 > bytes.json; tokmark run --device null --dry-run --model ./bytes.json
$ make_input long-string > long.json; tokmark run --device null --dry-run --model ./long.json
$ make_input long-number > long.json; tokmark run --device null --dry-run --model ./long.json
$ make_input many-keys > many.json; tokmark run --device null --dry-run --model ./many.json
$ make_input twice > twice.json; tokmark run --device null --dry-run --model ./twice.json
$ make_input trailing > trailing.json; tokmark run --device null --dry-run --model ./trailing.json
$ make_input nan > nan.json; tokmark run --device null --dry-run --model ./nan.json
$ truncate -s 300M huge.json; tokmark run --device null --dry-run --model ./huge.json; rm huge.json
$ echo '[]' > list.json; tokmark run --device null --dry-run --model ./list.json
$ echo '{}' > none.json; tokmark run --device null --dry-run --model ./none.json
$ echo '3' > number.json; tokmark run --device null --dry-run --model ./number.json
$ mkfifo pipe.json; make_input tiny > pipe.json & tokmark run --device null --dry-run --phase decode --batch 1 --context 4 --model ./pipe.json > /dev/null && echo read from a pipe

# Names.
$ tokmark run --device null --dry-run --model llama-3.1-8
$ tokmark run --device null --dry-run --model no-such-model
$ tokmark run --device null --dry-run --model ''
$ tokmark run --device null --dry-run --model mixtral-8x7b
$ tokmark run --device null --dry-run --model deepseek-v3

# Dimensions: each a change of a file that is good.
$ for v in 0 -1 1.5 1e30 9223372036854775808 99999999999 '"64"' null true; do make_input tiny hidden_size=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -1 2.5 1e30 '[]'; do make_input tiny num_hidden_layers=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -4 3 1e9; do make_input tiny num_attention_heads=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -1 3 8; do make_input tiny num_key_value_heads=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -1 2147483648 1e300; do make_input tiny vocab_size=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -1 0.5; do make_input tiny intermediate_size=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -1 3; do make_input tiny head_dim=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in -1 '"x"' 1e300; do make_input tiny rms_norm_eps=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in 0 -1 '"x"'; do make_input tiny rope_theta=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ for v in '"GPT2LMHeadModel"' 3 '[]' '["GPT2LMHeadModel"]' '[3]'; do make_input tiny architectures=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
$ make_input tiny hidden_act='"gelu"' > m.json; tokmark run --device null --dry-run --model ./m.json
$ make_input tiny rope_scaling='{"rope_type":"no-such"}' > m.json; tokmark run --device null --dry-run --model ./m.json
$ make_input tiny tie_word_embeddings='"yes"' > m.json; tokmark run --device null --dry-run --model ./m.json
