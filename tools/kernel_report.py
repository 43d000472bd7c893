#!/usr/bin/env python3
"""Registers, shared memory, spills and occupancy of every CUDA kernel in a program, and SASS instruction counts where a disassembler
is at hand.

  kernel_report.py [--launches FILE] [--archs 80,90a] [--sass] PROGRAM

PROGRAM holds PTX in its fatbin (--compress-mode=none); each is assembled by ptxas -v, so no GPU is needed. FILE is what the
simulated GPU wrote (SIMGPU_LAUNCHES): the block size and dynamic shared memory that a kernel was launched with, without which the
static values count. Exit 1 if a kernel spills, keeps a stack frame, or ptxas gave a C75xx warning (it serialised asynchronous
matrix instructions); 2 for wrong usage or a missing tool.
"""
import argparse
import collections
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

FATBIN_MAGIC, KIND_PTX = 0xBA55ED50, 1

# Limits of an SM: CUDA C++ Programming Guide, "Technical Specifications per Compute Capability". Shared memory in KiB, of which each
# block takes 1 KiB for the system; registers are given to warps in units of 256.
Sm = collections.namedtuple("Sm", "threads blocks shared_kib")
SMS = {80: Sm(2048, 32, 164), 86: Sm(1536, 16, 100), 89: Sm(1536, 24, 100), 90: Sm(2048, 32, 228),
       100: Sm(2048, 32, 228), 103: Sm(2048, 32, 228), 120: Sm(1536, 24, 100)}
REGISTERS, REGISTER_UNIT, RESERVED = 65536, 256, 1024

SASS = collections.OrderedDict(  # column: what counts into it
    [("mma", r"HMMA|QMMA|IMMA|HGMMA|QGMMA|UTCHMMA|UTCQMMA"), ("ldsm", r"LDSM"), ("ldgsts", r"LDGSTS|UBLKCP|UTMALDG"), ("ldg", r"LDG"),
     ("stg", r"STG"), ("lds", r"LDS"), ("sts", r"STS"), ("ffma", r"FFMA|FMUL|FADD"), ("mufu", r"MUFU"), ("bar", r"BAR|SYNCS"), ("local", r"LDL|STL")])


class Usage(Exception):
    pass


def fatbin_ptx(data):
    """Yields the PTX texts of a program."""
    at = data.find(struct.pack("<I", FATBIN_MAGIC))
    while at >= 0:
        header, size = struct.unpack_from("<HQ", data, at + 6)
        entry, end = at + header, at + header + size
        while entry + 64 <= min(end, len(data)):
            kind, header_size, payload = struct.unpack_from("<HxxIQ", data, entry)
            if header_size == 0:
                break
            if kind == KIND_PTX:
                text = data[entry + header_size:entry + header_size + payload].split(b"\0")[0]
                if b".target" not in text:
                    raise Usage("the program's PTX is compressed: build it with --compress-mode=none")
                yield text.decode()
            entry += header_size + payload
        at = data.find(struct.pack("<I", FATBIN_MAGIC), at + 4)


def tool(name):
    """On PATH, in the toolkit, or where pip puts NVIDIA's packages."""
    nvcc = shutil.which("nvcc")
    places = ["/usr/local/cuda/bin"] + ([str(pathlib.Path(nvcc).resolve().parent)] if nvcc else [])
    places += [str(p) for folder in sys.path for p in pathlib.Path(folder or ".").glob("nvidia/*/bin")]
    return shutil.which(name) or shutil.which(name, path=":".join(places))


def demangle(names):
    if not names or not shutil.which("c++filt"):
        return {name: name for name in names}
    plain = subprocess.run(["c++filt"], input="\n".join(names), capture_output=True, text=True, check=True).stdout.splitlines()
    short = (re.sub(r"\(anonymous namespace\)::|^void |\((int|bool)\)", "", p) for p in plain)
    return {name: re.sub(r"\(.*$", "", s) for name, s in zip(names, short)}


def assemble(ptxas, text, folder):
    """{mangled name: figures}, the object's path, and warnings of one PTX text."""
    target = re.search(r"\.target\s+sm_(\w+)", text).group(1)
    source, cubin = folder / "k.ptx", folder / "k.cubin"
    source.write_text(text)
    done = subprocess.run([ptxas, "-v", f"-arch=sm_{target}", str(source), "-o", str(cubin)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Usage(f"ptxas -arch=sm_{target}: {done.stderr.strip().splitlines()[0]}")
    kernels, name = {}, None
    for line in done.stderr.splitlines():
        if m := re.search(r"Compiling entry function '(\w+)'", line):
            name = m.group(1)
            kernels[name] = dict(registers=0, shared=0, stack=0, spill=0, threads=0)
        elif m := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            if name:
                kernels[name].update(stack=int(m.group(1)), spill=int(m.group(2)) + int(m.group(3)))
        elif m := re.search(r"Used (\d+) registers", line):
            kernels[name]["registers"] = int(m.group(1))
            if s := re.search(r"(\d+) bytes smem", line):
                kernels[name]["shared"] = int(s.group(1))
    for m in re.finditer(r"\.entry (\w+)\(.*?\)\s*((?:\.\w+ [^\n{]*\n)*)", text, re.S):
        if t := re.search(r"\.maxntid (\d+)(?:, (\d+))?(?:, (\d+))?", m.group(2)):
            kernels[m.group(1)]["threads"] = int(t.group(1)) * int(t.group(2) or 1) * int(t.group(3) or 1)
    warnings = [line for line in done.stderr.splitlines() if re.search(r"C75\d\d", line)]
    return target, kernels, cubin, warnings


def count_sass(disassembler, cubin):
    command = [disassembler, "-sass", str(cubin)] if "cuobjdump" in disassembler else [disassembler, "-c", str(cubin)]
    text = subprocess.run(command, capture_output=True, text=True, check=False).stdout
    counts, name = {}, None
    for line in text.splitlines():
        if m := re.search(r"Function : (\w+)|^\s*\.text\.(\w+):", line):
            name = m.group(1) or m.group(2)
            counts[name] = collections.Counter()
        elif name and (m := re.search(r"/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\d+ )?([A-Z][A-Z0-9]*)", line)):
            counts[name]["all"] += 1
            for column, pattern in SASS.items():
                if re.fullmatch(pattern, m.group(1)):
                    counts[name][column] += 1
    return counts


def occupancy(arch, k, threads, shared):
    sm = SMS.get(int(re.match(r"\d+", arch).group()))
    if not sm or not threads or not k["registers"]:
        return None
    warps = -(-threads // 32)
    registers = -(-k["registers"] * 32 // REGISTER_UNIT) * REGISTER_UNIT * warps
    blocks = min(sm.blocks, sm.threads // (warps * 32), REGISTERS // registers, sm.shared_kib * 1024 // (shared + RESERVED))
    return blocks, 100 * blocks * warps * 32 // sm.threads


def read_launches(path):
    """{mangled name: (most threads, most dynamic shared memory)} of lines "name threads shared …"."""
    launches = {}
    for line in pathlib.Path(path).read_text().splitlines():
        name, threads, shared = line.split()[:3]
        old = launches.get(name, (0, 0))
        launches[name] = max(old[0], int(threads)), max(old[1], int(shared))
    return launches


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--launches")
    parser.add_argument("--archs", help="of those in the program: 80,90a")
    parser.add_argument("--sass", action="store_true", help="instruction counts; needs cuobjdump or nvdisasm")
    parser.add_argument("program")
    args = parser.parse_args()
    ptxas = tool("ptxas")
    if not ptxas:
        raise Usage("no ptxas: it comes with the CUDA Toolkit")
    disassembler = tool("cuobjdump") or tool("nvdisasm")
    if args.sass and not disassembler:
        print("kernel_report.py: no cuobjdump or nvdisasm here (pip install nvidia-cuda-nvdisasm): no SASS counts", file=sys.stderr)
    launches = read_launches(args.launches) if args.launches else {}
    wanted = args.archs.split(",") if args.archs else None
    rows, bad = [], []
    with tempfile.TemporaryDirectory() as folder:
        for text in fatbin_ptx(pathlib.Path(args.program).read_bytes()):
            target = re.search(r"\.target\s+sm_(\w+)", text).group(1)
            if ".entry" not in text or (wanted and target not in wanted):
                continue
            target, kernels, cubin, warnings = assemble(ptxas, text, pathlib.Path(folder))
            bad += [f"sm_{target}: {w}" for w in warnings]
            sass = count_sass(disassembler, cubin) if args.sass and disassembler else {}
            rows += [(name, target, k, sass.get(name)) for name, k in kernels.items()]
    if not rows:
        raise Usage(f"{args.program}: no PTX for {args.archs or 'any architecture'} in it")
    plain = demangle(sorted({name for name, *_ in rows}))
    rows.sort(key=lambda r: (plain[r[0]], r[0], int(re.match(r"\d+", r[1]).group())))
    width = max(len(plain[r[0]]) for r in rows)
    print(f"{'kernel':<{width}} {'arch':>5} {'regs':>4} {'threads':>7} {'shared':>7} {'spill':>5} {'stack':>5} {'blocks/SM':>9} {'occupancy':>9}"
          + ("".join(f"{c:>7}" for c in ["sass", *SASS]) if any(r[3] for r in rows) else ""))
    for name, target, k, counts in rows:
        threads, dynamic = launches.get(name, (k["threads"], 0))
        fit = occupancy(target, k, threads, k["shared"] + dynamic)
        line = f"{plain[name]:<{width}} {target:>5} {k['registers']:>4} {threads or '-':>7} {k['shared'] + dynamic:>7} {k['spill']:>5} {k['stack']:>5} "
        line += f"{fit[0]:>9} {fit[1]:>7} %" if fit else f"{'-':>9} {'-':>9}"
        if counts is not None:
            line += f"{counts['all']:>7}" + "".join(f"{counts[c]:>7}" for c in SASS)
        print(line)
        if k["spill"] or k["stack"]:
            bad.append(f"{plain[name]} sm_{target}: {k['spill']} bytes spilled, {k['stack']} bytes of stack")
        if fit and fit[0] == 0:
            bad.append(f"{plain[name]} sm_{target}: does not fit an SM")
    never = sorted({plain[r[0]] for r in rows if launches and r[0] not in launches})
    print(f"\n{len({r[0] for r in rows})} kernels, {len(rows)} rows")
    if never:
        print(f"not launched by what was run, so threads and shared memory are static: {', '.join(never)}")
    for line in bad:
        print(f"BAD: {line}")
    return 1 if bad else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (Usage, OSError) as fault:
        print(f"kernel_report.py: {fault}", file=sys.stderr)
        sys.exit(2)
