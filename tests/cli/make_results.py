#!/usr/bin/env python3
"""make_results FILES POINTS FOLDER [--seed N] [--slower F] [--devices N]: result files of realistic shape, for tests of many at once.

Each is valid against harness/data/result.schema.json and spelled as tokmark itself writes. File i is the run of one of N devices (3 GPU
models and a CPU; more have a number behind the name) one minute after file i − 1, so a device comes again and again with the same keys.
Most points are decode; prefill, e2e, op, comm and scale are among them, and some are SUSPECT, INVALID, skipped or failed. Times follow
the point's limit with noise from the seed: the same arguments give the same bytes. --slower 1.1: all times 10 % longer."""
import argparse
import datetime
import json
import pathlib
import random

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SAMPLES = 8
BUS_FACTOR = {"all-reduce": lambda n: 2 * (n - 1) / n, "all-gather": lambda n: (n - 1) / n}

# name, slug, gpu_id, read B/s, bf16 FLOP/s (measured), datasheet read and FLOP/s
GPUS = [("NVIDIA H100 80GB HBM3", "nvidia-h100-80gb-hbm3", "h100-sxm", 3.05e12, 7.1e14, 3.35e12, 9.895e14),
        ("NVIDIA A100-SXM4-80GB", "nvidia-a100-sxm4-80gb", "a100-sxm-80gb", 1.82e12, 2.6e14, 2.039e12, 3.12e14),
        ("NVIDIA B200", "nvidia-b200", "b200", 7.2e12, 1.7e15, 8e12, 2.25e15)]
MODEL_WEIGHTS, MODEL_PARAMETERS, KV_BYTES = 16060522496, 8030261248, 131072


SINCE_1_1 = ("power_default_w", "clock_set_hz", "clock_default_hz", "memory_clock_hz", "memory_clock_max_hz", "clock_reasons",
             "persistence_on", "ecc_errors", "pcie_generation", "pcie_generation_max", "pcie_width", "pcie_width_max", "nvlinks",
             "other_processes", "gemm_library")


def plain(value):
    """Whole numbers without a point, as the writer spells them."""
    if isinstance(value, dict):
        return {name: plain(member) for name, member in value.items()}
    if isinstance(value, list):
        return [plain(member) for member in value]
    return int(value) if isinstance(value, float) and value == int(value) and abs(value) < 1e15 else value


def text_of(value, indent):
    """As the writer spells it, moved right by `indent`."""
    value = plain(value)
    return json.dumps(value, indent=2).replace("\n", "\n" + " " * indent)


def heads(devices):
    """For each device: the file up to its points, with %(run)s and so on, and its ceilings."""
    gpu_base = json.loads((ROOT / "tests/data/results/target-h100.json").read_text(encoding="utf-8"))
    cpu_base = json.loads((ROOT / "tests/data/results/cpu-sweep.json").read_text(encoding="utf-8"))
    out = []
    for i in range(devices):
        base = dict(cpu_base if i % 4 == 3 else gpu_base)
        device = json.loads(json.dumps(base["devices"][0]))
        info = device["info"]
        for name in SINCE_1_1:
            info.setdefault(name, None)
        again = f" #{i // 4 + 1}" if i >= 4 else ""
        if i % 4 == 3:
            read, flops, key = 2.24e10, 1.42e11, "f32"
            info["name"] += again
        else:
            name, info["slug"], info["gpu_id"], read, flops, sheet_read, sheet_flops = GPUS[i % 4]
            info["name"], key = name + again, "bf16"
            device["datasheet"] = {"read_bytes_per_s": sheet_read, "flops_per_s": {"bf16": sheet_flops}}
        device["readings"] = []
        device["drift"] = None
        device["ceilings"].update(read_bytes_per_s=read, copy_bytes_per_s=0.95 * read, flops_per_s={key: flops})
        head = {name: base[name] for name in base if name != "points"}
        head.update(run_id="%(run)s", start_utc="%(start)s", end_utc="%(end)s", complete=True, devices=[device],
                    command_line="tokmark run --model llama-3.1-8b -o r.json")
        head["model"] = dict(gpu_base["model"])
        head["model"].update(name="llama-3.1-8b", parameters=MODEL_PARAMETERS, active_parameters=MODEL_PARAMETERS,
                             weight_bytes=MODEL_WEIGHTS, kv_bytes_per_token=KV_BYTES)
        head["schema_version"] = "1.1.0"
        out.append((text_of(head, 0)[:-2] + ',\n  "points": [\n    ', read, flops))
    return out


def workloads(count):
    """(type, key, workload, input tokens, output tokens, devices) of the points of every file."""
    made, seen, i = [], set(), 0
    while len(made) < count:
        batch, i = 2 ** (i % 10), i + 1
        turn = i // 10
        context = 128 * (1 + turn // 4)
        step = {"model": "llama-3.1-8b", "phase": "decode", "batch": batch, "input_len": 0, "output_len": 0, "context": context,
                "prefill_chunk": 2048, "layers_held": 0, "weight_dtype": "bf16", "kv_dtype": "bf16",
                "layout": {"tp": 1, "pp": 1, "dp": 1, "rank": 0, "microbatches": 1}}
        kind, devices, tokens = "step", 1, (0, batch)
        if i % 25 == 7:
            kind = "comm"
            collective = ("all-reduce", "all-gather")[turn % 2]
            step = {"collective": collective, "dtype": "bf16", "bytes": 1024 << (i // 25 % 20), "ranks": 8, "in_place": True}
            key = f"comm/{collective}/bf16/{step['bytes']}B/n8"
        elif i % 25 == 17:
            kind, devices = "scale", 2 ** (i // 25 % 4)
            step["batch"], step["layout"]["tp"], step["context"] = 64, devices, 1024
            tokens = (0, 64)
            key = "scale/llama-3.1-8b/decode/b64/c1024/w=bf16/kv=bf16" + (f"/tp{devices}" if devices > 1 else "")
        elif i % 25 == 21:
            kind = "op"
            shape = {"m": batch, "n": 4096, "k": 1024 * (1 + turn)}
            step = {"op": "gemm", "weight_dtype": "bf16", "kv_dtype": None, **shape}
            step.update({name: None for name in ("rows", "hidden", "seqs", "q_len", "past", "heads_q", "heads_kv", "head_dim", "window")})
            key = f"op/gemm/m{batch}/n4096/k{shape['k']}/w=bf16"
            tokens = (0, 0)
        elif turn % 4 == 2:
            step.update(phase="prefill", context=0, input_len=context * 4)
            tokens = (batch * context * 4, 0)
            key = f"step/llama-3.1-8b/prefill/b{batch}/i{context * 4}/w=bf16/kv=bf16"
        elif turn % 4 == 3:
            step.update(phase="e2e", context=0, input_len=context, output_len=128)
            tokens = (batch * context, batch * 128)
            key = f"step/llama-3.1-8b/e2e/b{batch}/i{context}/o128/w=bf16/kv=bf16"
        else:
            step["kv_dtype"] = ("bf16", "fp8")[turn % 4]
            key = f"step/llama-3.1-8b/decode/b{batch}/c{context}/w=bf16/kv={step['kv_dtype']}"
        if key not in seen:
            seen.add(key)
            made.append((kind, key, step, *tokens, devices))
    return made


def cost(kind, step, tokens_in, tokens_out):
    """FLOPs and bytes of a pass, of the right size only."""
    if kind == "comm":
        return 0.0, None
    if kind == "op":
        return 2.0 * step["m"] * step["n"] * step["k"], 2.0 * (step["m"] * step["k"] + step["n"] * step["k"])
    passes = max(1, step["output_len"])
    length = step["context"] + step["input_len"]
    return (2.0 * MODEL_PARAMETERS * (tokens_in + tokens_out),
            float(passes * (MODEL_WEIGHTS + step["batch"] * length * KV_BYTES)))


def make_point(work, ceilings, rng, slower):
    kind, key, step, tokens_in, tokens_out, devices = work
    read, flops_s = ceilings
    flops, size = cost(kind, step, tokens_in, tokens_out)
    if kind == "comm":
        limit_ns, bound = 8000 + step["bytes"] / 4e11 * 1e9, "comm"
    else:
        compute, memory = flops / flops_s, size / read
        limit_ns, bound = max(compute, memory) / devices * 1e9, "compute" if compute > memory else "memory"
    fate = rng.random()
    median = limit_ns / (0.72 + 0.2 * rng.random()) * slower * (1 + 0.06 * (devices - 1))
    steps = max(1, int(5e6 / median))
    samples = [int(median * steps * (0.995 + 0.01 * rng.random())) for _ in range(SAMPLES)]
    ordered = sorted(sample / steps for sample in samples)
    median = (ordered[3] + ordered[4]) / 2
    point = {"type": kind, "key": key, "workload": step, "provenance": "measured", "status": "ok", "reason": None,
             "verdict": {"value": "VALID", "codes": []}, "throughput": None, "latency": None, "stats": None, "limit": None,
             "energy": None, "verify": None, "ops": None, "gemms": None, "bytes_needed": 17 << 30, "warmup_samples": 3,
             "steps_per_sample": steps, "samples_ns": "@S@", "wall_ns": "@W@", "sample_rounds": "@R@"}
    if fate < 0.02:
        point.update(status="skipped" if fate < 0.01 else "failed", verdict={"value": None, "codes": []}, steps_per_sample=0, warmup_samples=0,
                     reason="needs 181.3 GiB, 79.1 GiB are free" if fate < 0.01 else "the device reported a fault: illegal address")
        return point, []
    if fate < 0.03:
        point["verdict"] = {"value": "INVALID", "codes": ["over_limit"]}
    elif fate < 0.1:
        point["verdict"] = {"value": "SUSPECT", "codes": ["unsteady", "drift"]}
    if kind in ("step", "scale"):
        e2e, prefill = step["phase"] == "e2e", step["phase"] == "prefill"
        if e2e:
            point["provenance"] = "composed"
        rate = (tokens_in if prefill else tokens_out) / median * 1e9
        if point["verdict"]["value"] != "INVALID":
            point["throughput"] = {
                "accounting": "input" if prefill else "output", "devices": devices,
                "input_tokens_per_s": rate if prefill else None, "output_tokens_per_s": None if prefill else rate,
                "total_tokens_per_s": (tokens_in + tokens_out) / median * 1e9 if e2e else None,
                "output_tokens_per_s_per_device": None if prefill else rate / devices,
                "output_tokens_per_s_per_user": None if prefill else rate / step["batch"],
                "ci_low_tokens_per_s": rate * median / ordered[-1], "ci_high_tokens_per_s": rate * median / ordered[0]}
        point["latency"] = {"ttft_ns": median if prefill else median / 8 if e2e else None, "tpot_ns": None if prefill else median / 145 if e2e else median,
                            "e2e_ns": median if e2e else None, "composition_error": 0.0042 if e2e else None, "outright_e2e_ns": None}
        point["verify"] = {"ops_checked": 245, "ops_failed": 0, "elements_checked": 31360, "worst_ratio": 0.33, "worst_op": "attention",
                           "replay_matched": True, "replay_checked": 32001}
    point["stats"] = {"count": SAMPLES, "median_ns": median, "mean_ns": sum(ordered) / SAMPLES, "min_ns": ordered[0], "max_ns": ordered[-1],
                      "p25_ns": ordered[2], "p75_ns": ordered[5], "p90_ns": ordered[6], "p99_ns": ordered[7], "ci_low_ns": ordered[0],
                      "ci_high_ns": ordered[-1], "ci_level": 0.9921875, "relative_iqr": (ordered[5] - ordered[2]) / median, "outliers": 0}
    share = {"datasheet": 0.9 * limit_ns / median if flops_s > 1e12 and kind != "comm" else None,
             "measured": limit_ns / median, "held": None}
    point["limit"] = {"flops": flops, "bytes": size, "comm_bytes": step["bytes"] if kind == "comm" else 0, "time_ns": limit_ns,
                      "ops_sum_ns": limit_ns * 1.02, "bound": bound, "share": share}
    if kind == "step" and step["phase"] == "decode" and step["batch"] in (1, 64) and step["context"] == 128:
        parts = (("gate_up_proj", "gemm", 0.46), ("down_proj", "gemm", 0.24), ("qkv_proj", "gemm", 0.12), ("o_proj", "gemm", 0.07),
                 ("attention", "attention", 0.05), ("lm_head", "gemm", 0.05), ("rmsnorm", "rmsnorm", 0.01))
        point["ops"] = [{"label": label, "kind": op, "count": 32, "time_ns": part * median * 1.05, "limit_ns": part * limit_ns,
                         "flops": part * flops, "bytes": part * size} for label, op, part in parts]
    return point, samples


def point_text(point, samples):
    text = text_of(point, 4)
    text = text.replace('"@S@"', str(samples)).replace('"@W@"', str([sample + 4096 for sample in samples]))
    return text.replace('"@R@"', str([i * 3 // SAMPLES for i in range(len(samples))]))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", type=int)
    parser.add_argument("points", type=int)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slower", type=float, default=1.0)
    parser.add_argument("--devices", type=int, default=4)
    args = parser.parse_args()
    rng = random.Random(args.seed)
    works, starts = workloads(args.points), heads(args.devices)
    # json.dumps with an indent costs a millisecond a point, so each device has a few texts a point, and files take turns.
    texts = [[[point_text(*make_point(work, start[1:], rng, args.slower)) for _ in range(min(5, 1 + args.files // args.devices))]
              for work in works] for start in starts]
    first = datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc)
    for i in range(args.files):
        head = starts[i % args.devices][0]
        start = first + datetime.timedelta(minutes=i)
        facts = {"run": f"{rng.getrandbits(128):032x}", "start": f"{start:%Y-%m-%dT%H:%M:%SZ}",
                 "end": f"{start + datetime.timedelta(seconds=50):%Y-%m-%dT%H:%M:%SZ}"}
        folder = args.folder / f"{i // 1000:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        points = ",\n    ".join(rng.choice(choices) for choices in texts[i % args.devices])
        for name, value in facts.items():
            head = head.replace(f"%({name})s", value)
        (folder / f"{i:06d}.json").write_text(head + points + "\n  ]\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
