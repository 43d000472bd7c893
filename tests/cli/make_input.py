#!/usr/bin/env python3
"""make_input KIND: bytes on stdout that a reader of JSON must refuse in one line.
make_input tiny [FIELD=JSON ...]: a small model's config.json, with fields replaced, added, or taken out by an empty value."""
import json
import random
import sys

# Small enough for the naive reference, with grouped heads and an odd number of layers.
TINY = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 96, "hidden_size": 64,
        "intermediate_size": 128, "num_hidden_layers": 3, "num_attention_heads": 4, "num_key_value_heads": 2,
        "max_position_embeddings": 4096, "rms_norm_eps": 1e-5, "rope_theta": 10000.0, "tie_word_embeddings": False,
        "hidden_act": "silu", "torch_dtype": "bfloat16"}

KINDS = {
    "deep": lambda: b"[" * 100000 + b"]" * 100000,
    "deep-object": lambda: b'{"a":' * 100000 + b"1" + b"}" * 100000,
    "binary": lambda: random.Random(1).randbytes(4096),
    "zeros": lambda: bytes(4096),
    "non-utf8": lambda: b'{"model_type": "\xff\xfe\x80"}',
    "long-string": lambda: b'{"model_type": "' + b"x" * (1 << 20) + b'"}',
    "long-number": lambda: b'{"hidden_size": ' + b"9" * (1 << 20) + b"}",
    "many-keys": lambda: b"{" + b",".join(b'"k%d": %d' % (i, i) for i in range(200000)) + b"}",
    "twice": lambda: b'{"hidden_size": 64, "hidden_size": 128}',
    "trailing": lambda: b"{} {}",
    "nan": lambda: b'{"hidden_size": NaN}',
}

if sys.argv[1:2] == ["tiny"]:
    # By hand, so that a value goes into the file just as it was written.
    fields = {name: json.dumps(value) for name, value in TINY.items()}
    for change in sys.argv[2:]:
        name, _, value = change.partition("=")
        fields[name] = value
    print("{" + ",\n ".join(f'"{name}": {value}' for name, value in fields.items() if value) + "}")
elif len(sys.argv) == 2 and sys.argv[1] in KINDS:
    sys.stdout.buffer.write(KINDS[sys.argv[1]]())
else:
    sys.exit("usage: make_input tiny|" + "|".join(KINDS))
