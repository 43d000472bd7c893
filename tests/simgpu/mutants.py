#!/usr/bin/env python3
"""Mutation testing of the CUDA kernels: are the tests able to notice that a kernel is wrong?

  mutants.py [--count N|all] [--seed S] [--op LIST] [--quick] [--device NAME] [--floor PERCENT] [--list FILE] PROGRAM SIMGPU

PROGRAM is tokmark, built with CUDA; SIMGPU the folder of the simulated GPU's libraries. Each operation's case table
(`tokmark verify`) is walked twice in the simulated GPU: once as it is, to learn which kernels it launches, what mutants they have
(mutate.h) and which launches come to each of them; and once with orders to try a seeded sample of the mutants (rt_mutants.h). A mutant
is caught by a finding of the simulated GPU, a wrong result, a crash or a hang; it survives if nothing of that happens, or if
no case comes to it. What no test could notice is argued in mutants_equivalent.txt.

Ends with 1 if the share caught is below the floor, 95 % unless told otherwise (of a sample: by more than chance explains), or, with
all mutants tried, an argued equivalent matches no survivor.
"""
import argparse
import collections
import concurrent.futures
import fnmatch
import os
import pathlib
import random
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
# Operation, device and SMs, the cheap ones first: a mutant is tried in the walks that come to it until it is caught. With few SMs small shapes take the
# kernels of large ones; B200 has kernels that no other GPU takes; in models kernels follow each other.
WALKS = [("swiglu", None, 0), ("sample", None, 0), ("rmsnorm", None, 0), ("embed", None, 0), ("gemm", None, 3), ("gemm", None, 0),
         ("rope_kv", None, 0), ("attention", None, 3), ("gemm", "B200", 0), ("model", None, 0)]
LAUNCHES_FIRST, LAUNCHES_MORE = 3, 40  # tried of those that come to a mutant: at first; if it survived them
SECONDS = 60

Mutant = collections.namedtuple("Mutant", "kernel number ptx_line file line kind before after context")


class Walk:
    """One operation's case table on one device."""

    def __init__(self, op, device, sms, args, folder):
        self.op, self.device, self.sms, self.args = op, device, sms, args
        self.path = folder / f"{op}-{device}-{sms}"
        self.mutants = {}   # kernel: [Mutant]
        self.launches = []  # (kernel, steps, before, after, reached)

    def program(self, mode):
        env = dict(os.environ, SIMGPU_DEVICE=self.device, SIMGPU_SMS=str(self.sms), SIMGPU_MUTANTS=mode, SIMGPU_SEED="1", OMP_NUM_THREADS="1",
                   LD_LIBRARY_PATH=str(self.args.simgpu))
        command = [str(self.args.program), "verify", "--device", "cuda", "--op", self.op, "--seeds", "1", "--fail-fast"]
        if self.args.quick:
            command.append("--quick")
        return subprocess.run(command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)

    def plan(self):
        path = self.path.with_suffix(".plan")
        done = self.program(f"plan:{path}")
        if done.returncode != 0:
            sys.exit(f"mutants: {self.op} on {self.device} fails without a mutant, exit {done.returncode}:\n"
                     f"{done.stdout[-2000:]}")
        with open(path, encoding="utf-8") as file:
            for text in file:
                fields = text.rstrip("\n").split("\t")
                if fields[0] == "mutant":
                    kernel, number, ptx_line, cu, line, kind, before, after, context = fields[1:]
                    self.mutants.setdefault(kernel, []).append(
                        Mutant(kernel, int(number), int(ptx_line), cu, int(line), kind, before, after, context))
                elif fields[0] == "launch":
                    reached = fields[5] if len(fields) > 5 else ""
                    self.launches.append((fields[1], int(fields[2]), fields[3], fields[4], reached))
        path.unlink()
        return self

    def reaching(self, mutant):
        """Launches, from 1, that come to the mutant's line."""
        digit, bit = mutant.number // 4, 1 << mutant.number % 4
        return [i for i, (kernel, _, _, _, reached) in enumerate(self.launches, 1)
                if kernel == mutant.kernel and digit < len(reached) and int(reached[digit], 16) & bit]

    def run(self, orders):
        """orders: [(mutant, [launch …])]; {mutant: verdict fields}."""
        path = self.path.with_suffix(".orders")
        with open(path, "w", encoding="utf-8") as file:
            print(f"jobs\t1\nseconds\t{SECONDS}\nconverge\t1", file=file)
            for launch in self.launches:
                print("launch", *launch[:4], sep="\t", file=file)
            for i, (mutant, launches) in enumerate(orders):
                print("order", i, mutant.kernel, mutant.number, *launches, sep="\t", file=file)
        done = self.program(f"run:{path}")
        verdicts, ended = {}, False
        with open(f"{path}.out", encoding="utf-8") as file:
            for text in file:
                fields = text.rstrip("\n").split("\t")
                if fields[0] == "done":
                    ended = True
                elif fields[0] == "unstable":
                    sys.exit(f"mutants: {self.op} on {self.device}: launch {fields[1]} is not what it was in the plan")
                else:
                    verdicts[orders[int(fields[0])][0]] = fields[1:]
        if not ended or done.returncode != 0:
            sys.exit(f"mutants: {self.op} on {self.device} did not end well, exit {done.returncode}:\n{done.stdout[-2000:]}")
        return verdicts


def spread(items, count, rng):
    """At most count of the items, in their order."""
    return items if len(items) <= count else sorted(rng.sample(items, count))


def short_names(kernels):
    """Kernels' names as in the source."""
    try:
        plain = subprocess.run(["c++filt"], input="\n".join(kernels), capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {k: k for k in kernels}
    return {k: re.sub(r"^void ", "", re.sub(r"\(.*", "", p)) for k, p in zip(kernels, plain.split("\n"))}


def source_line(mutant, cache={}):
    """The text of the .cu line that a mutant stands for."""
    if mutant.file not in cache:
        try:
            cache[mutant.file] = pathlib.Path(mutant.file).read_text(encoding="utf-8").split("\n")
        except OSError:
            cache[mutant.file] = []
    lines = cache[mutant.file]
    return lines[mutant.line - 1].strip() if 0 < mutant.line <= len(lines) else ""


class Equivalents:
    """mutants_equivalent.txt: FILE | SOURCE TEXT | KIND | CONTEXT | BEFORE | AFTER | WHY: patterns with * and ?."""

    def __init__(self, path):
        self.rows = []
        for number, text in enumerate(path.read_text(encoding="utf-8").split("\n"), 1):
            if not text.strip() or text.startswith("#"):
                continue
            fields = [f.strip() for f in text.split(" | ")]
            if len(fields) != 7:
                sys.exit(f"mutants: {path.name}:{number}: must have 7 fields between ' | '")
            self.rows.append((number, *fields))
        self.used = set()

    def find(self, mutant):
        place = (pathlib.Path(mutant.file).name, source_line(mutant), mutant.kind, plain(mutant.context), plain(mutant.before), plain(mutant.after))
        for number, *patterns, _ in self.rows:
            if all(fnmatch.fnmatchcase(text, pattern.replace("[", "[[]")) for text, pattern in zip(place, patterns)):
                self.used.add(number)
                return number
        return None

    def stale(self):
        return [row for row in self.rows if row[0] not in self.used]


def plain(statement):
    """Without the numbers of registers."""
    return re.sub(r"%(\w*?[a-z])\d+\b", r"%\1", statement)


def choose(walks, args, rng):
    """[(mutant, walk or None: nothing comes to it)]: a sample that takes from each kernel alike."""
    by_kernel = {}
    for walk in walks:
        for kernel, mutants in walk.mutants.items():
            by_kernel.setdefault(kernel, (mutants, []))[1].append(walk)
    everything = []
    for kernel, (mutants, where) in by_kernel.items():
        # The same kernel in another architecture's code has other mutants: those of the first walk's device count.
        where = [w for w in where if w.device == where[0].device]
        everything.append([(m, where) for m in mutants])
    total = sum(len(e) for e in everything)
    if args.count != "all" and args.count < total:
        for e in everything:
            rng.shuffle(e)
        picked = [e[i] for i in range(max(map(len, everything))) for e in everything if i < len(e)][:args.count]
    else:
        picked = [pair for e in everything for pair in e]
    return picked, everything


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", default="1000", help="mutants to try, or all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--quick", action="store_true", help="every fifth case of each table only")
    parser.add_argument("--device", default="H100")
    parser.add_argument("--op", default="", help="these operations only; gemm:3 is the walk of a device of 3 SMs alone")
    parser.add_argument("--floor", type=float, default=95, help="per cent that must be caught")
    parser.add_argument("--list", help="write what became of each mutant to this file")
    parser.add_argument("program", type=pathlib.Path)
    parser.add_argument("simgpu", type=pathlib.Path)
    args = parser.parse_args()
    args.simgpu = args.simgpu.resolve()
    if args.count != "all":
        args.count = int(args.count)
    rng = random.Random(args.seed)
    started = time.monotonic()
    equivalents = Equivalents(HERE / "mutants_equivalent.txt")
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        ops = args.op.split(",") if args.op else [op for op, _, _ in WALKS]
        walks = [Walk(op, device or args.device, sms, args, pathlib.Path(folder)) for op, device, sms in WALKS
                 if op in ops or f"{op}:{sms}" in ops]
        # The slow ones are started first; results keep the order.
        waiting = {w: pool.submit(w.plan) for w in reversed(walks)}
        walks = [waiting[w].result() for w in walks]
        picked, everything = choose(walks, args, rng)
        verdicts, where = {}, {}
        for mutant, candidates in picked:
            where[mutant] = [(walk, launches) for walk in candidates if (launches := walk.reaching(mutant))]
            verdicts[mutant] = ["survived", "not executed"]
        print(f"{sum(map(len, everything))} mutants in {len(everything)} kernels; {len(picked)} tried, seed {args.seed}"
              f"{', every fifth case' if args.quick else ''}; planned in {time.monotonic() - started:.0f} s", flush=True)
        for most in (LAUNCHES_FIRST, LAUNCHES_MORE):
            for place in range(len(walks)):
                try_mutants(place, most, where, verdicts, pool, rng)
    if args.list:
        with open(args.list, "w", encoding="utf-8") as file:
            for m, v in verdicts.items():
                print(*v, m.kernel, m.number, m.ptx_line, f"{pathlib.Path(m.file).name}:{m.line}", m.kind, m.before, m.after,
                      source_line(m), m.context, sep="\t", file=file)
    return report(verdicts, everything, equivalents, args, time.monotonic() - started)


def try_mutants(place, most, where, verdicts, pool, rng):
    """Tries the mutants that have survived so far in the walk at that place of their lists, in at most so many launches."""
    jobs = {}
    for mutant, walks in where.items():
        if verdicts[mutant][0] != "survived" or place >= len(walks):
            continue
        walk, launches = walks[place]
        if most == LAUNCHES_FIRST or len(launches) > LAUNCHES_FIRST:
            jobs.setdefault(walk, []).append((mutant, spread(launches, most, rng)))
    parts = []
    for walk, orders in jobs.items():
        # A long list goes to all cores; each walks the table for itself.
        n = os.cpu_count() if len(orders) > 60 else 1
        parts += [(walk, orders[i::n], i) for i in range(n)]
    parts.sort(key=lambda p: -len(p[1]))
    for result in pool.map(run_part, parts):
        for mutant, verdict in result.items():
            if verdict != ["survived", "same"] or verdicts[mutant] != ["survived", "tolerated"]:
                verdicts[mutant] = verdict


def run_part(part):
    walk, orders, number = part
    copy = Walk(walk.op, walk.device, walk.sms, walk.args, walk.path.parent)
    copy.path = walk.path.with_name(f"{walk.path.name}-{number}")
    copy.launches = walk.launches
    return copy.run(orders)


def report(verdicts, everything, equivalents, args, seconds):
    names = short_names(sorted({e[0][0].kernel for e in everything if e}))
    rows, causes, survivors, crashed = {}, collections.Counter(), [], []
    for mutant, (verdict, *detail) in verdicts.items():
        row = rows.setdefault(mutant.kernel, collections.Counter())
        row["run"] += 1
        if verdict == "survived" and equivalents.find(mutant) is not None:
            verdict = "equivalent"
        row[verdict] += 1
        if verdict == "caught":
            causes[" ".join(detail[:2]) if detail[0] == "finding" else {"exit": "a wrong result"}.get(detail[0], detail[0])] += 1
        elif verdict == "survived":
            survivors.append((mutant, detail[0]))
        elif verdict == "crashed":
            crashed.append(mutant)
    print(f"\n{'kernel':<58} {'mutants':>7} {'tried':>6} {'stillborn':>9} {'argued':>6} {'caught':>6} {'survived':>8} {'share':>7}")
    total = collections.Counter()
    for mutants in everything:
        if not mutants:
            continue
        kernel, row = mutants[0][0].kernel, rows.get(mutants[0][0].kernel, collections.Counter())
        total.update(row)
        print(f"{names[kernel][:58]:<58} {len(mutants):>7} {row['run']:>6} {row['stillborn']:>9} {row['equivalent']:>6} "
              f"{row['caught']:>6} {row['survived']:>8} {share(row)}")
    print(f"{'all':<58} {sum(map(len, everything)):>7} {total['run']:>6} {total['stillborn']:>9} {total['equivalent']:>6} "
          f"{total['caught']:>6} {total['survived']:>8} {share(total)}")
    print("\ncaught by: " + ", ".join(f"{c} {n}" for c, n in causes.most_common()))
    if survivors:
        print("\nsurvived:")
        for m, how in sorted(survivors):
            print(f"  {names[m.kernel]} {m.number}: {how}; PTX {m.ptx_line}, {pathlib.Path(m.file).name}:{m.line}, {m.kind}: "
                  f"{m.before}  ->  {m.after}\n      {source_line(m)}")
    failures = [f"the simulated GPU itself crashed on mutant {m.number} of {m.kernel}" for m in crashed]
    judged, whole = total["caught"] + total["survived"], sum(map(len, everything))
    if judged == 0:
        failures.append("no mutant was tried")
    else:
        # A sample may be unlucky: 2.33 standard deviations, one in a hundred; none of it when everything is tried.
        floor = args.floor / 100
        slack = 2.33 * (floor * (1 - floor) / judged * max(0.0, 1 - total["run"] / whole)) ** 0.5
        if total["caught"] / judged < floor - slack:
            failures.append(f"{100 * total['caught'] / judged:.1f} % caught: wanted {args.floor:g} %"
                            + (f", less {100 * slack:.1f} for the sample" if slack else ""))
    if args.count == "all" and not args.quick and not args.op:
        failures += [f"mutants_equivalent.txt:{row[0]} matches no survivor" for row in equivalents.stale()]
    for failure in failures:
        print(f"FAILED: {failure}")
    print(f"\n{seconds:.0f} s")
    print(f"[MUTANTS] {0 if failures else 1} passed, {len(failures)} failed")
    return 1 if failures else 0


def share(row):
    judged = row["caught"] + row["survived"]
    return f"{100 * row['caught'] / judged:6.1f}%" if judged else "      -"


if __name__ == "__main__":
    sys.exit(main())
