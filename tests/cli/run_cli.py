#!/usr/bin/env python3
"""Golden runs of the tokmark program.

A .t file is a transcript, played by sh in a fresh folder of its own:

    # a comment
    # needs: simgpu                        what it takes, below; else the file is a skip
    $ tokmark run --batch 0
    ? 2                                   exit code, left out if 0
    ! tokmark: --batch 0: must be …       a line of stderr
    > text                                a line of stdout

What differs from run to run is replaced before comparing: the folder ($TMP), the repository ($ROOT), the version, the git
revision, the host, the time of day. `--update` (make golden) writes what was seen into the files; the diff is to be reviewed.
test_*.py files here hold what a transcript can't: signals, full disks, schema validation.

TOKMARK names the program (default build/tokmark); arguments choose cases by a part of their name. Closes with
"[CLI] N passed, N failed, N skipped".
"""
import concurrent.futures
import difflib
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SIMGPU = ROOT / "build/simgpu"
PROGRAM = pathlib.Path(os.environ.get("TOKMARK", ROOT / "build/tokmark")).resolve()
TIMEOUT_S = 300 if os.environ.get("ASAN") else 120


class Skip(Exception):
    """A case that can't run here, with the reason."""


def cuda_is_built():
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False)
    return "cuda: yes" in done.stdout


# Where a transcript says "# needs: NAME": whether it is there, and what is said if not.
NEEDS = {
    "cuda": (cuda_is_built, "this build has no CUDA"),
    "no-cuda": (lambda: not cuda_is_built(), "this build has CUDA"),
    "no-driver": (lambda: not pathlib.Path("/proc/driver/nvidia").exists(), "a driver is here"),
    "simgpu": (lambda: (SIMGPU / "libcudart.so.13").exists() and cuda_is_built(), "no simulated GPU is built, or no CUDA"),
}


class Sandbox:
    """A folder of its own for a case, with tokmark on the PATH and nothing of the caller's settings."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        tools = self.folder / ".bin"
        tools.mkdir()
        (tools / "tokmark").symlink_to(PROGRAM)
        (tools / "make_input").symlink_to(HERE / "make_input.py")
        keep = ("ASAN_OPTIONS", "UBSAN_OPTIONS", "LD_LIBRARY_PATH")
        self.env = {name: os.environ[name] for name in keep if name in os.environ}
        self.env.update(PATH=f"{tools}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", HOME=str(folder), LC_ALL="C.UTF-8",
                        ROOT=str(ROOT), SIMGPU=str(SIMGPU), DATA=str(ROOT / "tests/data"), TMP=str(folder))
        work = self.folder / "work"
        work.mkdir()
        self.work = work

    def popen(self, arguments, **how):
        return subprocess.Popen(arguments, cwd=self.work, env=self.env, stdin=subprocess.DEVNULL, **how)

    def run(self, command, timeout=TIMEOUT_S):
        """Plays a line of sh; (exit code, stdout, stderr) as text."""
        done = subprocess.run(["sh", "-c", command], cwd=self.work, env=self.env, stdin=subprocess.DEVNULL,
                              capture_output=True, timeout=timeout, check=False)
        return done.returncode, done.stdout.decode("utf-8", "backslashreplace"), done.stderr.decode("utf-8", "backslashreplace")

    def normal(self, text):
        text = text.replace(str(self.work), "$TMP").replace(str(self.folder), "$TMP").replace(str(ROOT), "$ROOT")
        text = re.sub(r"\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", "<time>", text)
        text = re.sub(r"\btokmark \d+\.\d+\.\d+ \([0-9a-z-]+\)", "tokmark <version> (<git>)", text)
        text = re.sub(r"^(run of <time> on )\S+ by", r"\1<host> by", text, flags=re.M)
        text = re.sub(r"\b[0-9a-f]{32}(,<time>,(?:true|false)),[0-9a-z-]+,[^,]*,", r"<run>\1,<git>,<host>,", text)  # CSV
        text = text.replace("must be auto, cuda, cpu or null", "must be auto, cpu or null")  # of a build with CUDA
        text = re.sub(r"^(gcc|clang) .*; (release|debug|asan|fuzz); cuda: (yes|no); mpi: (yes|no)$", "<build>", text, flags=re.M)
        return text


def read_transcript(path):
    """The file as a list: comment lines as they are, and a dict for each command."""
    parts = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("$ "):
            parts.append({"line": number, "command": line[2:], "code": 0, "out": [], "err": []})
        elif line == "" or line.startswith("#"):
            parts.append(line)
        elif not parts or not isinstance(parts[-1], dict) or line[:2] not in ("> ", "! ", "? ", ">", "!"):
            raise SystemExit(f"{path}:{number}: not a line of a transcript: {line}")
        elif line[0] == "?":
            parts[-1]["code"] = int(line[2:])
        else:
            parts[-1]["out" if line[0] == ">" else "err"].append(line[2:])
    return parts


def write_transcript(path, parts):
    lines = []
    for part in parts:
        if isinstance(part, str):
            lines.append(part)
            continue
        lines.append("$ " + part["command"])
        if part["code"] != 0:
            lines.append(f"? {part['code']}")
        lines += [("> " + line).rstrip() for line in part["out"]]
        lines += [("! " + line).rstrip() for line in part["err"]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def play_transcript(path, update):
    """Runs one file; a list of (name, problem or None) with an entry a command."""
    results = []
    parts = read_transcript(path)
    for part in parts:
        need = part[len("# needs: "):] if isinstance(part, str) and part.startswith("# needs: ") else None
        if need is not None and not NEEDS[need][0]():
            return [(path.name, Skip(NEEDS[need][1]))]
    with tempfile.TemporaryDirectory(prefix="tokmark-cli-") as folder:
        box = Sandbox(folder)
        for part in parts:
            if isinstance(part, str):
                continue
            name = f"{path.name}:{part['line']}: {part['command']}"
            try:
                code, out, err = box.run(part["command"])
            except subprocess.TimeoutExpired:
                results.append((name, f"no end within {TIMEOUT_S} s"))
                continue
            seen = {"code": code, "out": [line.rstrip() for line in box.normal(out).splitlines()],
                    "err": [line.rstrip() for line in box.normal(err).splitlines()]}
            problem = [] if code == part["code"] else [f"exit code {code}, expected {part['code']}"]
            for stream in ("out", "err"):
                if seen[stream] != part[stream]:
                    problem += list(difflib.unified_diff(part[stream], seen[stream], f"expected std{stream}",
                                                         f"seen std{stream}", lineterm="", n=1))
            # Whatever it was asked, it must not crash: 126 and up is a signal or no program, unless the case says so.
            if update and (code < 126 or code in (130, 141)):
                part.update(seen)
                problem = []
            results.append((name, "\n".join(problem) or None))
    if update:
        write_transcript(path, parts)
    return results


def play_function(function, name):
    with tempfile.TemporaryDirectory(prefix="tokmark-cli-") as folder:
        try:
            function(Sandbox(folder))
            return [(name, None)]
        except Skip as skip:
            return [(name, skip)]
        except subprocess.TimeoutExpired as late:
            return [(name, f"no end within {late.timeout} s")]
        except Exception as problem:  # pylint: disable=broad-except
            return [(name, f"{type(problem).__name__}: {problem}")]


def load_functions(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return [(f"{path.name}: {name}", value) for name, value in vars(module).items() if name.startswith("test_")]


def timed(job):
    start = time.monotonic()
    results = job[0](*job[1:])
    return results, time.monotonic() - start


def main():
    update = "--update" in sys.argv
    wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
    if not os.access(PROGRAM, os.X_OK):
        print(f"{PROGRAM}: not there: run make first")
        return 1
    if shutil.which("sh") is None:
        return 1
    sys.modules["run_cli"] = sys.modules[__name__]  # what test_*.py import from
    jobs = []
    for path in sorted(HERE.glob("*.t")):
        if not wanted or any(word in path.name for word in wanted):
            jobs.append((play_transcript, path, update))
    if not update:
        for path in sorted(HERE.glob("test_*.py")):
            for name, function in load_functions(path):
                if not wanted or any(word in name for word in wanted):
                    jobs.append((play_function, function, name))
    passed = failed = skipped = 0
    times = []
    with concurrent.futures.ThreadPoolExecutor(max_workers=os.cpu_count() or 2) as pool:
        for (results, seconds), job in zip(pool.map(timed, jobs), jobs):
            times.append((seconds, job[-1] if job[0] is play_function else job[1].name))
            for name, problem in results:
                if problem is None:
                    passed += 1
                elif isinstance(problem, Skip):
                    skipped += 1
                    print(f"skipped: {name}: {problem}")
                else:
                    failed += 1
                    print(f"FAILED: {name}\n  " + problem.replace("\n", "\n  "))
    slow = [f"{name} {seconds:.0f} s" for seconds, name in sorted(times, reverse=True)[:12] if seconds >= 5]
    if slow:
        print("slowest: " + ", ".join(slow))
    print(f"[CLI] {passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed or passed == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
