"""Collectives: threads, MPI processes and simulated GPUs; files against the schema; ranks that die or stop."""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import time

from run_cli import NEEDS, PROGRAM, SIMGPU, Skip
from test_behaviour import validate

MPIRUN = "OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 mpirun --oversubscribe"


def need_mpi():
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False)
    if "mpi: yes" not in done.stdout:
        raise Skip("this build has no MPI")
    if shutil.which("mpirun") is None:
        raise Skip("no mpirun here")


def check(path, ranks, transport, points=None):
    """The file is valid, each point right on every element, each rank in the straggler table."""
    validate(path)
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["complete"]
    assert points is None or len(result["points"]) == points, len(result["points"])
    for point in result["points"]:
        comm = point["comm"]
        assert point["status"] == "ok" and comm["wrong"] == 0, point
        assert point["workload"]["ranks"] == ranks and len(comm["ranks"]) == ranks
        assert [row["rank"] for row in comm["ranks"]] == list(range(ranks))
        assert comm["transport"].startswith(transport), comm["transport"]
        assert point["throughput"] is None
        assert sum(row["times_slowest"] for row in comm["ranks"]) == len(point["samples_ns"])
        if point["provenance"] == "measured":
            assert comm["algbw_bytes_per_s"] > 0 and point["verdict"]["value"] in ("VALID", "SUSPECT")
            assert point["stats"]["p90_ns"] >= point["stats"]["median_ns"]
        else:
            assert comm["algbw_bytes_per_s"] is None and comm["busbw_bytes_per_s"] is None
    return result


def test_comm_threads(box):
    for ranks in (1, 2, 3, 4, 8):
        code, out, err = box.run(f"tokmark comm --device cpu --ranks {ranks} --bytes 1K,4000,16K --dtype f32,bf16 --time 0.001 "
                                 "-o c.json --force")
        assert code == 0, (ranks, code, out, err)
        result = check(box.work / "c.json", ranks, "threads: shared memory", 60)
        assert len(result["comm_fits"]) == 20
        for fit in result["comm_fits"]:
            assert fit["sizes"] == 3 and fit["residual"] is not None, fit
    by_key = {point["key"]: point for point in result["points"]}
    point = by_key["comm/all-reduce/bf16/16384B/n8/in-place"]
    ratio = point["comm"]["busbw_bytes_per_s"] / point["comm"]["algbw_bytes_per_s"]
    assert abs(ratio - 2 * 7 / 8) < 1e-9
    assert point["comm"]["count"] == 8192 and by_key["comm/all-gather/bf16/16384B/n8"]["comm"]["count"] == 1024


def test_comm_file_is_shown_again(box):
    code, out, err = box.run("tokmark comm --device cpu --op broadcast --bytes 1K,2K --time 0.001 -o c.json")
    assert code == 0, (out, err)
    code, shown, err = box.run("tokmark show c.json")
    assert code == 0 and err == "", err
    rows = [line for line in out.splitlines() if line.startswith("broadcast")]
    assert len(rows) == 6 and all(row in shown for row in rows), (rows, shown)
    for kind in ("csv", "md", "json"):
        code, out, err = box.run(f"tokmark show c.json --format {kind}")
        assert code == 0 and out, (kind, err)


def test_comm_without_mpi_refuses_several_tasks(box):
    done = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=False)
    if "mpi: yes" in done.stdout:
        raise Skip("this build has MPI")
    code, out, err = box.run("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=0 tokmark comm --device cpu")
    assert (code, out) == (2, "") and "this build has no MPI" in err and len(err.splitlines()) == 1, err
    code, out, err = box.run("OMPI_COMM_WORLD_SIZE=2 OMPI_COMM_WORLD_RANK=1 tokmark comm --device cpu")
    assert (code, out, err) == (2, "", ""), err


def gpus(box, count, line):
    there, why = NEEDS["simgpu"]
    if not there() or not (SIMGPU / "libnccl.so.2").exists():
        raise Skip(why if not there() else "no stand-in for NCCL: no nccl.h")
    return box.run(f"SIMGPU_DEVICES={count} LD_LIBRARY_PATH={SIMGPU} {line}")


def test_comm_simulated_gpus_in_a_process(box):
    for count in (1, 2, 3, 8):
        code, out, err = gpus(box, count, "tokmark comm --device cuda --bytes 1K,200000 --dtype f32,bf16 -o g.json --force")
        assert code == 0, (count, code, out[-500:], err)
        result = check(box.work / "g.json", count, "nccl: NCCL 2.", 80)
        assert {point["comm"]["mode"] for point in result["points"]} == {"eager", "graph"}
        assert result["comm_fits"] is None
        assert [row["device"] for row in result["points"][0]["comm"]["ranks"]] == list(range(count))
    code, out, err = gpus(box, 2, "tokmark comm --device cuda --ranks 3")
    assert (code, out) == (2, "") and err.endswith(": it has 2 devices\n") and len(err.splitlines()) == 1, err


def test_comm_simulated_gpu_that_cannot_be_opened(box):
    code, out, err = gpus(box, 2, "SIMGPU_FAIL_MALLOC=1 tokmark comm --device cuda --bytes 1K")
    assert code == 1 and "rank 0 on " in err and "out of memory" in err, (code, out, err)


def test_comm_simulated_gpus_across_processes(box):
    need_mpi()
    code, out, err = gpus(box, 4, f"{MPIRUN} -np 4 tokmark comm --device cuda --bytes 1K,200000 -o g.json")
    assert code == 0, (code, out[-500:], err)
    check(box.work / "g.json", 4, "nccl: NCCL 2.", 40)


def test_comm_mpi(box):
    need_mpi()
    for ranks in (2, 3, 4, 8):
        code, out, err = box.run(f"{MPIRUN} -np {ranks} tokmark comm --device cpu --bytes 1K,36000 --dtype f32,bf16 --time 0.001 "
                                 "-o c.json --force")
        assert code == 0, (ranks, code, out, err)
        check(box.work / "c.json", ranks, "mpi: Open MPI" if "Open MPI" in out else "mpi: ", 40)
        assert out.count("ranks  ") == 1


def test_comm_mpi_variables_that_differ(box):
    need_mpi()
    same = "tokmark comm --device cpu --op broadcast --bytes 64 --time 0.001 -o e.json"
    code, out, err = box.run(f"{MPIRUN} -np 1 -x NCCL_ALGO=Ring -x NCCL_DEBUG=WARN {same} : -np 1 -x NCCL_ALGO=Tree {same}")
    assert code == 0, (out, err)
    validate(box.work / "e.json")
    environment = json.loads((box.work / "e.json").read_text(encoding="utf-8"))["environment"]
    nccl = {name: value for name, value in environment.items() if "NCCL_" in name}
    assert nccl == {"NCCL_ALGO": "Ring", "NCCL_DEBUG": "WARN", "rank1:NCCL_ALGO": "Tree", "rank1:NCCL_DEBUG": ""}, nccl


def tokmark_lines(err):
    return [line for line in err.splitlines() if line.startswith("tokmark: ")]


def test_comm_mpi_one_line_of_bad_input(box):
    need_mpi()
    same = "tokmark comm --device cpu --bytes"
    for line, says in (
        (f"-np 3 {same} 6", "--bytes 6: must be a multiple of 4, the size of f32"),
        (f"-np 3 {same} 0", "--bytes 0: must be 1..1099511627776"),
        (f"-np 3 {same} 4 --op sum", "--op sum: must be "),
        (f"-np 2 {same} 4 --ranks 2", "--ranks 2: "),
        (f"-np 2 {same} 4K : -np 1 {same} 8K", "has other arguments than rank 0 on "),
        (f"-np 2 {same} 4K : -np 1 {same} x", "rank 2 on "),
        ("-np 3 tokmark run --device cpu --tp 2", "--tp 2 x --pp 1 x --dp 1: must be 3 together, as many as there are"),
        ("-np 3 tokmark verify --device cpu", "verify: started as 3 tasks "),
    ):
        code, out, err = box.run(f"{MPIRUN} {line}")
        lines = tokmark_lines(err)
        assert code == 2 and len(lines) == 1 and says in lines[0], (line, code, err)


def ranks_below(pid):
    """The ranks that this mpirun has started: rank → pid."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
            if parent != pid or (entry / "comm").read_text() != "tokmark\n":  # before its exec it is a part of mpirun
                continue
            for variable in (entry / "environ").read_bytes().split(b"\0"):
                if variable.startswith(b"OMPI_COMM_WORLD_RANK="):
                    found[int(variable.split(b"=")[1])] = int(entry.name)
        except (OSError, ValueError, IndexError):
            continue
    return found


LAUNCHER_HANGS = -1000  # no rank is left, and mpirun (Open MPI 4.1) does not notice


COMM = ("comm", "--device", "cpu", "--bytes", "1K..64K", "--time", "2", "--timeout", "2")


def hurt(box, number, rank, after_s, seed, command=COMM):
    """Sends a signal to one rank of three at a moment; how the run ended."""
    path = box.work / f"k{seed}.json"
    environment = dict(os.environ, OMPI_ALLOW_RUN_AS_ROOT="1", OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1", HOME=str(box.work))
    with subprocess.Popen(["mpirun", "--oversubscribe", "-np", "3", str(PROGRAM), *command, "-o", str(path)],
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment, cwd=box.work) as run:
        end = time.monotonic() + 100  # a file is there once the ceilings are: slow where ranks outnumber cores
        while len(ranks_below(run.pid)) < 3 and time.monotonic() < end:
            time.sleep(0.02)
        while after_s > 1 and not path.exists() and time.monotonic() < end:
            time.sleep(0.02)
        time.sleep(after_s)
        ranks = ranks_below(run.pid)
        assert len(ranks) == 3, "the ranks did not start"
        os.kill(ranks[rank], number)
        began = time.monotonic()
        try:
            _, err = run.communicate(timeout=15)
        except subprocess.TimeoutExpired:
            alive = ranks_below(run.pid)
            for pid in alive.values():
                os.kill(pid, signal.SIGKILL)
            run.kill()
            if not alive:
                return LAUNCHER_HANGS, "", 0, path
            raise AssertionError(f"hangs: signal {number} to rank {rank} after {after_s:.2f} s; alive: {alive}") from None
        took = time.monotonic() - began
    return run.returncode, err, took, path


def test_comm_mpi_ranks_that_die_or_stop(box):
    need_mpi()
    dice = random.Random(6)
    for seed, (number, rank) in enumerate(((signal.SIGKILL, 0), (signal.SIGKILL, 2), (signal.SIGSTOP, 0), (signal.SIGSTOP, 1))):
        code, err, took, path = hurt(box, number, rank, 1.0 + dice.random(), seed)
        lines = tokmark_lines(err)
        assert code != 0 and took < 15, (number, rank, code, took, err)
        assert len(lines) == 1 and f"rank {rank} on " in lines[0], (number, rank, err)
        assert ("died" if number == signal.SIGKILL else "nothing heard of it") in lines[0], lines
        if number == signal.SIGSTOP:
            assert code == 1, code
        assert path.exists()
        validate(path)
        result = json.loads(path.read_text(encoding="utf-8"))
        assert not result["complete"] and result["points"], "the finished points are kept"


def test_comm_mpi_ranks_that_die_while_they_start(box):
    """Before they have met the launcher may be the first to notice: no line then, but an end."""
    need_mpi()
    for seed, (number, rank, after) in enumerate(((signal.SIGKILL, 1, 0.0), (signal.SIGKILL, 0, 0.15))):
        code, err, took, _ = hurt(box, number, rank, after, 10 + seed)
        if code == LAUNCHER_HANGS:
            continue
        assert code != 0 and took < 20, (number, rank, code, took, err)
        assert len(tokmark_lines(err)) <= 1, err
