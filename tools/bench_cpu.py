#!/usr/bin/env python3
"""What share of the machine's own limit the CPU backend reaches, batch by batch.

  bench_cpu.py [--models LIST] [--dtypes LIST] [--batches LIST] [--isa LIST] [--threads LIST] [--time S] [--rounds N]
               [--llama-bench PATH --gguf MODEL:DTYPE=FILE...] PROGRAM

Every share is taken within one run: of each round the median sample, against the limit by the ceilings that were read just before and
just behind that round. What is printed is the median over the rounds, and their range. A machine with other tenants moves between
the two readings as well; a wide range says so, and no single figure of such a run means much.

With llama-bench (llama.cpp) and a model's GGUF file the two programs take turns, a repeat each, and the ratio of their rates is given
with its 95 % interval (Student's t on the logarithms of the pairs' ratios).
"""
import argparse
import json
import math
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile

# 97.5 % points of Student's t by degrees of freedom.
T_975 = (math.nan, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131)


def run(command):
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"bench_cpu: {' '.join(map(str, command))}: exit {done.returncode}:\n{done.stderr[-1000:]}")
    return done.stdout


def tokmark(args, model, dtype, isa, threads, more):
    """The result of one run, as its file has it."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "r.json"
        run([args.program, "run", "--device", "cpu", "--model", model, "--dtype", dtype, "--isa", isa, "--threads", str(threads), "--time",
             str(args.time), "--rounds", str(args.rounds), "-o", path, *more])
        return json.loads(path.read_text(encoding="utf-8"))


def ceiling(ceilings, point):
    """What bounds most of the step: of integer weights the layers' products, though the LM head and attention are float32's."""
    if point["limit"]["bound"] == "memory":
        return ceilings["read_bytes_per_s"]
    return ceilings["flops_per_s"]["i8" if point["workload"]["weight_dtype"] in ("i8", "i4") else "f32"]


def shares(device, point):
    """Of each round, by the readings around it; [] where the limit is the cache's or a reading is missing."""
    limit = point["limit"]
    if limit["bound"] not in ("memory", "compute") or not limit["time_ns"]:
        return []
    readings = {reading["round"]: reading["ceilings"] for reading in device["readings"]}
    whole = ceiling(device["ceilings"], point)
    out = []
    for number in sorted(set(point["sample_rounds"])):
        samples = [ns for ns, r in zip(point["samples_ns"], point["sample_rounds"]) if r == number]
        before, after = readings.get(number - 1), readings.get(number)
        if not samples or before is None or after is None:
            continue
        around = math.sqrt(ceiling(before, point) * ceiling(after, point))
        out.append(limit["time_ns"] * whole / around / (statistics.median(samples) / point["steps_per_sample"]))
    return out


def row_of(device, point):
    workload, found = point["workload"], shares(device, point)
    name = f"{workload['phase']} {workload['batch']}" + (f" x {workload['input_len']}" if workload["input_len"] else f", c{workload['context']}")
    rates = point["throughput"] or {}
    rate = rates.get("output_tokens_per_s") or rates.get("input_tokens_per_s")
    text = f"{name:<18} {point['limit']['bound'] or '-':<8} {rate or math.nan:>9.1f}"
    if not found:
        return text + "        -"
    return text + f" {100 * statistics.median(found):>7.1f} %  {100 * min(found):>5.1f} to {100 * max(found):.1f}"


def table(args, model, dtype, isa, threads):
    batches = ",".join(map(str, args.batches))
    print(f"\n{model} {dtype}, {isa}, {threads} thread{'s' if threads > 1 else ''}\n{'point':<18} {'bound':<8} {'tokens/s':>9} {'of limit':>9}  rounds")
    decode = tokmark(args, model, dtype, isa, threads, ["--phase", "decode", "--batch", batches])
    prefill = tokmark(args, model, dtype, isa, threads, ["--phase", "prefill", "--batch", "1", "--input-len", "512"])
    rates = []
    for result in (decode, prefill):
        for point in result["points"]:
            print(row_of(result["devices"][0], point), flush=True)
            if point["workload"]["phase"] == "decode" and point["throughput"]:
                rates.append((point["workload"]["batch"], point["throughput"]["output_tokens_per_s"]))
    falls = [f"{b} to {c}" for (b, x), (c, y) in zip(rates, rates[1:]) if y < 0.98 * x]
    if falls:
        print("falls from batch " + ", ".join(falls))


def interval(ratios):
    """Geometric mean of the pairs' ratios with its 95 % interval; of one pair no interval."""
    logs = [math.log(r) for r in ratios]
    mean = statistics.fmean(logs)
    if len(logs) < 2:
        return math.exp(mean), math.nan, math.nan
    half = T_975[min(len(logs) - 1, len(T_975) - 1)] * statistics.stdev(logs) / math.sqrt(len(logs))
    return math.exp(mean), math.exp(mean - half), math.exp(mean + half)


def llama_rate(args, path, threads, prompt, generate):
    out = json.loads(run([args.llama_bench, "-m", path, "-t", str(threads), "-p", str(prompt), "-n", str(generate), "-r", "1", "-fa", "1", "-mmp",
                          "0", "-ngl", "0", "-o", "json"]))
    return out[0]["avg_ts"]


def side_by_side(args, model, path, dtype, threads):
    """llama-bench generates from an empty cache: 128 tokens on, contexts 0 to 127; tokmark's step stands at their mean, 64."""
    pairs = {"prefill 1 x 512": [], "decode 1, c64": []}
    for _ in range(args.repeats):
        mine = tokmark(args, model, dtype, args.isa[0], threads,
                       ["--phase", "decode,prefill", "--batch", "1", "--context", "64", "--input-len", "512", "--quick"])
        for point in mine["points"]:
            rates = point["throughput"]
            prefill = point["workload"]["phase"] == "prefill"
            theirs = llama_rate(args, path, threads, 512 if prefill else 0, 0 if prefill else 128)
            pairs["prefill 1 x 512" if prefill else "decode 1, c64"].append(
                ((rates["input_tokens_per_s"] if prefill else rates["output_tokens_per_s"]), theirs))
    print(f"\n{model} {dtype} against llama-bench, {threads} threads, {args.repeats} pairs\n{'point':<18} {'tokmark':>9} {'llama':>9}  ratio")
    for name, both in pairs.items():
        ratio, low, high = interval([a / b for a, b in both])
        print(f"{name:<18} {statistics.median(a for a, _ in both):>9.1f} {statistics.median(b for _, b in both):>9.1f}  {ratio:.2f} ({low:.2f} to {high:.2f})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    numbers = lambda text: [int(word) for word in text.split(",")]
    words = lambda text: text.split(",")
    parser.add_argument("--models", type=words, default=words("smollm2-135m,qwen2.5-0.5b,tinyllama-1.1b"))
    parser.add_argument("--dtypes", type=words, default=words("bf16,f32"))
    parser.add_argument("--batches", type=numbers, default=numbers("1,2,4,8,16,32,64"))
    parser.add_argument("--isa", type=words, default=[], help="default: the best there is; llama-bench takes turns with the first")
    parser.add_argument("--threads", type=numbers, default=[], help="default: all cores, and one")
    parser.add_argument("--time", type=float, default=1.5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--llama-bench", type=pathlib.Path)
    parser.add_argument("--gguf", action="append", default=[], metavar="MODEL:DTYPE=FILE", help="a model in llama.cpp's format, and the dtype that it is in")
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("program", type=pathlib.Path)
    args = parser.parse_args()
    if bool(args.llama_bench) != bool(args.gguf):
        parser.error("--llama-bench and --gguf go together")
    if args.llama_bench and not os.access(args.llama_bench, os.X_OK):
        parser.error(f"--llama-bench {args.llama_bench}: no program there")
    files = [re.fullmatch(r"([^:=]+):(f32|bf16)=(.+)", entry) for entry in args.gguf]
    for entry, found in zip(args.gguf, files):
        if not found or not os.path.isfile(found[3]):
            parser.error(f"--gguf {entry}: must be MODEL:DTYPE=FILE with DTYPE f32 or bf16 and a file that is there")
    files = [found.groups() for found in files]
    here = json.loads(run([args.program, "devices", "--no-ceilings", "--format", "json"]))
    cpu = next(backend for backend in here["backends"] if backend["name"] == "cpu")["devices"][0]
    args.isa = args.isa or [cpu["isa"]]
    args.threads = args.threads or sorted({cpu["threads"], 1}, reverse=True)
    for isa in args.isa:
        for threads in args.threads:
            for model in args.models:
                for dtype in args.dtypes:
                    table(args, model, dtype, isa, threads)
    if args.llama_bench is None:
        print("\nllama-bench: not asked for (LLAMA_BENCH=PATH GGUF=MODEL:DTYPE=FILE)")
        return
    for model, dtype, path in files:
        side_by_side(args, model, path, dtype, args.threads[0])


if __name__ == "__main__":
    main()
