#!/usr/bin/env python3
"""Writes the pairs that `tokmark compare` is shown on: made up, from target-h100.json and samples with a seeded noise.

base.json and same.json are one program; slower.json has one point 8 % slower; ambiguous.json's rounds do not agree; missing.json
lacks a point and has another INVALID; simulated.json has no throughput; repeats/ holds five more runs like base.json; other.json is
another device."""
import copy
import json
import math
import pathlib
import random
import statistics

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = json.loads((HERE.parent / "results/target-h100.json").read_text())
KEEP = ("b1/c1024", "b32/c1024", "b256/c1024")
ROUNDS, SAMPLES = 4, 3  # samples of each round


def quantile(values, p):
    at = (len(values) - 1) * p
    low = math.floor(at)
    return values[low] if low + 1 == len(values) else values[low] + (at - low) * (values[low + 1] - values[low])


def stats_of(samples):
    values = sorted(samples)
    q25, q75 = quantile(values, 0.25), quantile(values, 0.75)
    fence = 1.5 * (q75 - q25)
    median = statistics.median(values)
    # Ranks 2 and 9 of twelve (0-based) hold the median at 3938 / 4096.
    return {"count": len(values), "median_ns": median, "mean_ns": statistics.fmean(values), "min_ns": values[0], "max_ns": values[-1],
            "p25_ns": q25, "p75_ns": q75, "p90_ns": quantile(values, 0.9), "p99_ns": quantile(values, 0.99), "ci_low_ns": values[2],
            "ci_high_ns": values[9], "ci_level": 3938 / 4096, "relative_iqr": (q75 - q25) / median,
            "outliers": sum(v < q25 - fence or v > q75 + fence for v in values)}


def set_samples(point, median_ns, rng, round_spread):
    samples, rounds = [], []
    for r in range(ROUNDS):
        centre = median_ns * math.exp(rng.gauss(0, round_spread))
        for _ in range(SAMPLES):
            samples.append(round(centre * math.exp(rng.gauss(0, 0.002))))
            rounds.append(r)
    stats = stats_of(samples)
    batch = point["workload"]["batch"]
    rate = batch / stats["median_ns"] * 1e9
    point.update(samples_ns=samples, wall_ns=samples, sample_rounds=rounds, stats=stats)
    point["latency"]["tpot_ns"] = stats["median_ns"]
    point["throughput"].update(output_tokens_per_s=rate, output_tokens_per_s_per_device=rate, output_tokens_per_s_per_user=rate / batch,
                               ci_low_tokens_per_s=batch / stats["ci_high_ns"] * 1e9, ci_high_tokens_per_s=batch / stats["ci_low_ns"] * 1e9)


def run(name, seed, slow=None, spread=0.003, change=None):
    rng = random.Random(seed)
    result = copy.deepcopy(SOURCE)
    result["run_id"] = f"{rng.getrandbits(128):032x}"
    result["points"] = [p for p in result["points"] if any(k in p["key"] for k in KEEP)]
    for i, point in enumerate(result["points"]):
        set_samples(point, point["stats"]["median_ns"] * (1.08 if i == slow else 1), rng, spread)
    if change:
        change(result)
    path = HERE / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, separators=(",", ":")) + "\n")


def lose_points(result):
    del result["points"][0]
    result["points"][1].update(verdict={"value": "INVALID", "codes": ["over_limit"]}, throughput=None)


def simulate(result):
    for point in result["points"]:
        point.update(provenance="simulated", throughput=None, verdict={"value": None, "codes": []})


def other_device(result):
    result["devices"][0]["info"]["name"] = "NVIDIA B200"
    result["devices"][0]["info"]["driver_version"] = "580.65"


run("base.json", 1)
run("same.json", 2)
run("slower.json", 3, slow=1)
run("ambiguous.json", 4, spread=0.03)
run("missing.json", 5, change=lose_points)
run("simulated.json", 6, change=simulate)
run("other.json", 7, change=other_device)
for n in range(5):
    run(f"repeats/{n + 1}.json", 10 + n)
