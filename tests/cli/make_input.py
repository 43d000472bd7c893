#!/usr/bin/env python3
"""make_input KIND: bytes on stdout that a reader of JSON must refuse in one line."""
import random
import sys

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

if len(sys.argv) != 2 or sys.argv[1] not in KINDS:
    sys.exit("usage: make_input " + "|".join(KINDS))
sys.stdout.buffer.write(KINDS[sys.argv[1]]())
