#!/usr/bin/env python3
"""Holds result files against harness/data/result.schema.json, and what a schema can't say: lengths that must agree.

  validate_results.py FILE...              every FILE must be valid
  validate_results.py --invalid FILE...    none may be
  validate_results.py --self-test FILE...  each FILE must be valid, and no longer so after any of the mutations below

Exit 0 if all is as it must be, 1 with a line for each fault, 2 for wrong usage or a missing python3-jsonschema.
"""
import copy
import json
import pathlib
import re
import sys

try:
    import jsonschema
except ImportError:
    print("validate_results.py: needs python3-jsonschema", file=sys.stderr)
    sys.exit(2)

SCHEMA = pathlib.Path(__file__).resolve().parent.parent / "harness/data/result.schema.json"
MAPS = {"environment", "flops_per_s", "math_dtype"}  # objects whose members are free


def faults_of(document, validator):
    faults = [f"{e.json_path}: {e.message[:300]}" for e in validator.iter_errors(document)]
    return faults or length_faults(document)


def length_faults(document):
    faults = []
    for i, point in enumerate(document["points"]):
        count = len(point["samples_ns"])
        for member in ("wall_ns", "sample_rounds"):
            if len(point[member]) != count:
                faults.append(f"$.points[{i}].{member}: {len(point[member])} elements, {count} in samples_ns")
        if count and point["stats"] and point["stats"]["count"] != count:
            faults.append(f"$.points[{i}].stats.count: {point['stats']['count']}, {count} in samples_ns")
    return faults


def refuse_constant(text):
    raise ValueError(f"{text} is no JSON")


def read(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file, parse_constant=refuse_constant)


def places(value, path="$", key=None):
    """Each object and array of a document, with its path and the name it has."""
    if isinstance(value, dict):
        yield value, path, key
        for name, member in value.items():
            yield from places(member, f"{path}.{name}", name)
    elif isinstance(value, list):
        for i, element in enumerate(value):
            yield from places(element, f"{path}[{i}]", key)


def mutations(document):
    """Broken copies of a document, each with the name of what was done to it."""
    seen = set()
    for i, (original, path, name) in enumerate(list(places(document))):
        kind = (re.sub(r"[0-9]+", "", path), tuple(original))
        if name in MAPS or kind in seen:  # one of each kind will do
            continue
        seen.add(kind)
        for member in list(original):
            broken = copy.deepcopy(document)
            del list(places(broken))[i][0][member]
            yield f"{path}: without {member}", broken
        broken = copy.deepcopy(document)
        list(places(broken))[i][0]["tokens_per_s"] = 1
        yield f"{path}: with a bare tokens_per_s", broken
    for i, point in enumerate(document["points"]):
        for what, applies, change in POINT_MUTATIONS:
            if applies(point):
                broken = copy.deepcopy(document)
                change(broken["points"][i])
                yield f"$.points[{i}]: {what}", broken


def setter(*path, value):
    def change(point):
        for name in path[:-1]:
            point = point[name]
        point[path[-1]] = value

    return change


POINT_MUTATIONS = [
    ("ok and measured, without samples",
     lambda p: p["status"] == "ok" and p["provenance"] == "measured",
     lambda p: p.update(samples_ns=[], wall_ns=[], sample_rounds=[])),
    ("one wall time too many", lambda p: True, lambda p: p["wall_ns"].append(1)),
    ("one round missing", lambda p: p["sample_rounds"], lambda p: p["sample_rounds"].pop()),
    ("a sample that is no integer", lambda p: p["samples_ns"], lambda p: p["samples_ns"].__setitem__(0, 1.5)),
    ("a negative sample", lambda p: p["samples_ns"], lambda p: p["samples_ns"].__setitem__(0, -1)),
    ("skipped, with a rate", lambda p: p["throughput"], lambda p: p.update(status="skipped", reason="why")),
    ("failed without a reason", lambda p: True, lambda p: p.update(status="failed", reason=None, throughput=None)),
    ("INVALID, with a rate", lambda p: p["throughput"], setter("verdict", "value", value="INVALID")),
    ("simulated, with a rate", lambda p: p["throughput"], setter("provenance", value="simulated")),
    ("measured without a verdict", lambda p: p["status"] == "ok" and p["provenance"] == "measured",
     setter("verdict", "value", value=None)),
    ("a rate without accounting", lambda p: p["throughput"], setter("throughput", "accounting", value=None)),
    ("a rate of unknown accounting", lambda p: p["throughput"], setter("throughput", "accounting", value="none")),
    ("a rate of no devices", lambda p: p["throughput"], setter("throughput", "devices", value=0)),
    ("accounting output without that rate",
     lambda p: p["throughput"] and p["throughput"]["accounting"] == "output",
     setter("throughput", "output_tokens_per_s", value=None)),
    ("a negative rate", lambda p: p["throughput"], setter("throughput", "total_tokens_per_s", value=-1)),
    ("an unknown verdict code", lambda p: True, setter("verdict", "codes", value=["quick"])),
    ("a verdict code twice", lambda p: True, setter("verdict", "codes", value=["drift", "drift"])),
    ("an unknown bound", lambda p: p["limit"], setter("limit", "bound", value="pcie")),
    ("another type's workload", lambda p: p["type"] == "step", setter("type", value="comm")),
    ("an op's workload as a step", lambda p: p["type"] == "op", setter("type", value="step")),
    ("an op with a rate", lambda p: p["type"] == "op", setter("throughput", value={
        "accounting": "output", "devices": 1, "input_tokens_per_s": None, "output_tokens_per_s": 1,
        "total_tokens_per_s": None, "output_tokens_per_s_per_device": 1, "output_tokens_per_s_per_user": 1,
        "ci_low_tokens_per_s": None, "ci_high_tokens_per_s": None})),
    ("batch 0", lambda p: p["type"] == "step", setter("workload", "batch", value=0)),
    ("a dtype that does not exist", lambda p: p["type"] == "step", setter("workload", "kv_dtype", value="fp7")),
    ("an empty key", lambda p: True, setter("key", value="")),
]


def self_test(path, document, validator):
    count = 0
    faults = []
    for what, broken in mutations(document):
        count += 1
        if validator.is_valid(broken) and not length_faults(broken):
            faults.append(f"passes as valid: {what}")
    print(f"{path}: {count} mutations, {len(faults)} not noticed")
    return faults


def main(arguments):
    mode = arguments.pop(0) if arguments and arguments[0].startswith("--") else ""
    if mode not in ("", "--invalid", "--self-test") or not arguments:
        print(__doc__, file=sys.stderr)
        return 2
    schema = read(SCHEMA)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    failed = False
    for path in arguments:
        try:
            document = read(path)
            faults = faults_of(document, validator)
        except (OSError, ValueError, RecursionError) as error:
            document, faults = None, [str(error)]
        if mode == "--invalid":
            faults = [] if faults else ["is valid, and must not be"]
        elif mode == "--self-test" and not faults:
            faults = self_test(path, document, validator)
        for fault in faults:
            print(f"{path}: {fault}", file=sys.stderr)
            failed = True
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
