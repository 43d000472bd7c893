# Hostile model files: one line that names the file and what was allowed, exit 2.

$ tokmark run --device null --dry-run --model ./missing.json
? 2
! tokmark: ./missing.json: cannot be opened: No such file or directory
$ : > empty.json; tokmark run --device null --dry-run --model ./empty.json
? 2
! tokmark: ./empty.json: is empty: must be a JSON document
$ mkdir folder; tokmark run --device null --dry-run --model ./folder
? 2
! tokmark: ./folder/config.json: cannot be opened: No such file or directory
$ mkdir folder.json; tokmark run --device null --dry-run --model ./folder.json
? 2
! tokmark: ./folder.json/config.json: cannot be opened: No such file or directory
$ make_input tiny > whole.json; head -c 100 whole.json > truncated.json; tokmark run --device null --dry-run --model ./truncated.json
? 2
! tokmark: ./truncated.json:4:18: the file ends where ',' or '}' should stand
$ make_input binary > binary.json; tokmark run --device null --dry-run --model ./binary.json
? 2
! tokmark: ./binary.json:1:1: expected a value, found byte 0xf5
$ make_input zeros > zeros.json; tokmark run --device null --dry-run --model ./zeros.json
? 2
! tokmark: ./zeros.json:1:1: expected a value, found a NUL byte
$ make_input deep > deep.json; tokmark run --device null --dry-run --model ./deep.json
? 2
! tokmark: ./deep.json:1:65: nested deeper than 64 levels
$ make_input deep-object > deep.json; tokmark run --device null --dry-run --model ./deep.json
? 2
! tokmark: ./deep.json:1:321: nested deeper than 64 levels
$ make_input non-utf8 > bytes.json; tokmark run --device null --dry-run --model ./bytes.json
? 2
! tokmark: ./bytes.json:1:17: byte 0xff is not UTF-8
$ make_input long-string > long.json; tokmark run --device null --dry-run --model ./long.json
? 2
! tokmark: ./long.json: model_type: "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx…": must be a string of at most 95 bytes
$ make_input long-number > long.json; tokmark run --device null --dry-run --model ./long.json
? 2
! tokmark: ./long.json:1:17: a number of 1048576 characters: at most 63
$ make_input many-keys > many.json; tokmark run --device null --dry-run --model ./many.json
? 2
! tokmark: ./many.json: architectures: missing: must name the model's class, as ["LlamaForCausalLM"]
$ make_input twice > twice.json; tokmark run --device null --dry-run --model ./twice.json
? 2
! tokmark: ./twice.json: this key stands twice: hidden_size
$ make_input trailing > trailing.json; tokmark run --device null --dry-run --model ./trailing.json
? 2
! tokmark: ./trailing.json:1:4: expected the end of the file, found '{'
$ make_input nan > nan.json; tokmark run --device null --dry-run --model ./nan.json
? 2
! tokmark: ./nan.json:1:17: expected a value, found 'N'
$ truncate -s 300M huge.json; tokmark run --device null --dry-run --model ./huge.json; echo exit $?; rm huge.json
> exit 2
! tokmark: ./huge.json: 314572800 bytes: must be at most 268435456
$ echo '[]' > list.json; tokmark run --device null --dry-run --model ./list.json
? 2
! tokmark: ./list.json: must be an object, as a model's config.json is
$ echo '{}' > none.json; tokmark run --device null --dry-run --model ./none.json
? 2
! tokmark: ./none.json: architectures: missing: must name the model's class, as ["LlamaForCausalLM"]
$ echo '3' > number.json; tokmark run --device null --dry-run --model ./number.json
? 2
! tokmark: ./number.json: must be an object, as a model's config.json is
$ mkfifo pipe.json; make_input tiny > pipe.json & tokmark run --device null --dry-run --phase decode --batch 1 --context 4 --model ./pipe.json > /dev/null && echo read from a pipe
> read from a pipe

# Names.
$ tokmark run --device null --dry-run --model llama-3.1-8
? 2
! tokmark: model "llama-3.1-8": unknown (did you mean llama-3.1-8b?): must be one that `tokmark models` lists, or a path with a '/' or .json in it
$ tokmark run --device null --dry-run --model no-such-model
? 2
! tokmark: model "no-such-model": unknown: must be one that `tokmark models` lists, or a path with a '/' or .json in it
$ tokmark run --device null --dry-run --model ''
? 2
! tokmark: --model: needs a value
$ tokmark run --device null --dry-run --model mixtral-8x7b
? 2
! tokmark: mixtral-8x7b: MoE layers: not yet supported
$ tokmark run --device null --dry-run --model deepseek-v3
? 2
! tokmark: deepseek-v3: MLA attention and MoE layers: not yet supported

# Dimensions: each a change of a file that is good.
$ for v in 0 -1 1.5 1e30 9223372036854775808 99999999999 '"64"' null true; do make_input tiny hidden_size=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: hidden_size: 0: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: -1: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: 1.5: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: 1e+30: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: 9.223372036854776e+18: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: 99999999999: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: "64": must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: null: must be an integer 1..1048576
! tokmark: ./m.json: hidden_size: true: must be an integer 1..1048576
$ for v in 0 -1 2.5 1e30 '[]'; do make_input tiny num_hidden_layers=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: num_hidden_layers: 0: must be an integer 1..1024
! tokmark: ./m.json: num_hidden_layers: -1: must be an integer 1..1024
! tokmark: ./m.json: num_hidden_layers: 2.5: must be an integer 1..1024
! tokmark: ./m.json: num_hidden_layers: 1e+30: must be an integer 1..1024
! tokmark: ./m.json: num_hidden_layers: an array: must be an integer 1..1024
$ for v in 0 -4 3 1e9; do make_input tiny num_attention_heads=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: num_attention_heads: 0: must be an integer 1..65536
! tokmark: ./m.json: num_attention_heads: -4: must be an integer 1..65536
! tokmark: ./m.json: num_key_value_heads: 2: must divide num_attention_heads 3
! tokmark: ./m.json: num_attention_heads: 1000000000: must be an integer 1..65536
$ for v in 0 -1 3 8; do make_input tiny num_key_value_heads=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: num_key_value_heads: 0: must be an integer 1..4
! tokmark: ./m.json: num_key_value_heads: -1: must be an integer 1..4
! tokmark: ./m.json: num_key_value_heads: 3: must divide num_attention_heads 4
! tokmark: ./m.json: num_key_value_heads: 8: must be an integer 1..4
$ for v in 0 -1 2147483648 1e300; do make_input tiny vocab_size=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: vocab_size: 0: must be an integer 1..16777216
! tokmark: ./m.json: vocab_size: -1: must be an integer 1..16777216
! tokmark: ./m.json: vocab_size: 2147483648: must be an integer 1..16777216
! tokmark: ./m.json: vocab_size: 1e+300: must be an integer 1..16777216
$ for v in 0 -1 0.5; do make_input tiny intermediate_size=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: intermediate_size: 0: must be an integer 1..16777216
! tokmark: ./m.json: intermediate_size: -1: must be an integer 1..16777216
! tokmark: ./m.json: intermediate_size: 0.5: must be an integer 1..16777216
$ for v in 0 -1 3; do make_input tiny head_dim=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: head_dim: 0: must be an integer 1..16384
! tokmark: ./m.json: head_dim: -1: must be an integer 1..16384
! tokmark: ./m.json: head_dim: 3: must be even and 2..16384
$ for v in -1 '"x"' 1e300; do make_input tiny rms_norm_eps=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: rms_norm_eps: -1: must be a number 1e-30..1
! tokmark: ./m.json: rms_norm_eps: "x": must be a number 1e-30..1
! tokmark: ./m.json: rms_norm_eps: 1e+300: must be a number 1e-30..1
$ for v in 0 -1 '"x"'; do make_input tiny rope_theta=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: rope_theta: 0: must be a number 1.001..1e+18
! tokmark: ./m.json: rope_theta: -1: must be a number 1.001..1e+18
! tokmark: ./m.json: rope_theta: "x": must be a number 1.001..1e+18
$ for v in '"GPT2LMHeadModel"' 3 '[]' '["GPT2LMHeadModel"]' '[3]'; do make_input tiny architectures=$v > m.json; tokmark run --device null --dry-run --model ./m.json || echo exit $?; done
> exit 2
> exit 2
> exit 2
> exit 2
> exit 2
! tokmark: ./m.json: architectures: must be an array of one string, as ["LlamaForCausalLM"]
! tokmark: ./m.json: architectures: must be an array of one string, as ["LlamaForCausalLM"]
! tokmark: ./m.json: architectures[0]: missing: must be a string
! tokmark: ./m.json: architectures[0]: "GPT2LMHeadModel" is not supported: must be one of LlamaForCausalLM, MistralForCausalLM, Qwen2ForCausalLM, Qwen3ForCausalLM, MixtralForCausalLM, Qwen3MoeForCausalLM, GptOssForCausalLM, Glm4MoeForCausalLM, DeepseekV3ForCausalLM
! tokmark: ./m.json: architectures[0]: 3: must be a string
$ make_input tiny hidden_act='"gelu"' > m.json; tokmark run --device null --dry-run --model ./m.json
? 2
! tokmark: ./m.json: hidden_act: "gelu" is not supported: must be silu
$ make_input tiny rope_scaling='{"rope_type":"no-such"}' > m.json; tokmark run --device null --dry-run --model ./m.json
? 2
! tokmark: ./m.json: rope_scaling.rope_type: "no-such" is not supported: must be default, linear, llama3 or yarn
$ make_input tiny tie_word_embeddings='"yes"' > m.json; tokmark run --device null --dry-run --model ./m.json
? 2
! tokmark: ./m.json: tie_word_embeddings: "yes": must be true or false
