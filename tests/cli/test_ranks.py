"""Models over several ranks: threads, MPI processes and simulated GPUs; files against the schema; ranks that die or stop."""
import json
import os
import random
import signal
import subprocess
import time

from run_cli import PROGRAM
from test_behaviour import validate
from test_comm import MPIRUN, gpus, hurt, need_mpi, tokmark_lines

SMALL = "--model smollm2-135m --truncate-layers 2 --context 20 --input-len 12 --dtype bf16"
# For simulated GPUs: what smollm2-135m has, at a twentieth of the work.
TINY = ("make_input tiny vocab_size=1003 hidden_size=192 intermediate_size=400 num_attention_heads=9 num_key_value_heads=3 head_dim=64 "
        "num_hidden_layers=2 tie_word_embeddings=true > tiny.json")
SMALL_GPU = SMALL.replace("smollm2-135m --truncate-layers 2", "./tiny.json")
QUICK = "--time 0.02 --quick --timeout 60"
# Each rank reads four last-level caches, several times: eight ranks on two cores with a cache of 300 MiB took 93 s. Hangs end by --timeout.
SLOW_S = 400


def check(path, tp=1, pp=1, dp=1, microbatches=None, skipped=0):
    """The file is valid; of each point that ran every rank verified its share and is in the table of ranks."""
    validate(path)
    result = json.loads(path.read_text(encoding="utf-8"))
    assert result["complete"]
    ranks = tp * pp * dp
    ran = [point for point in result["points"] if point["status"] != "skipped"]
    assert len(result["points"]) - len(ran) == skipped, [point["reason"] for point in result["points"]]
    assert len(result["devices"]) == ranks and all(device["info"]["name"] for device in result["devices"])
    for point in ran:
        layout = point["workload"]["layout"]
        assert point["status"] == "ok", point["reason"]
        assert (layout["tp"], layout["pp"], layout["dp"], layout["rank"]) == (tp, pp, dp, 0)
        assert microbatches is None or layout["microbatches"] == microbatches
        for name, value in (("tp", tp), ("pp", pp), ("dp", dp)):
            assert (f"/{name}{value}" in point["key"]) == (value > 1), point["key"]
        verify = point["verify"]
        assert verify["ops_failed"] == 0 and verify["ops_checked"] > 20 * ranks // pp // 2, verify
        assert verify["replay_matched"] and verify["replay_checked"] > 0
        assert (point["limit"]["comm_bytes"] > 0) == (tp > 1 or pp > 1)
        if ranks > 1 and point["provenance"] != "composed":
            assert [row["rank"] for row in point["ranks"]] == list(range(ranks))
        if point["provenance"] == "composed":
            assert point["throughput"]["devices"] == ranks
        elif point["provenance"] == "measured":
            assert point["throughput"]["devices"] == ranks
            if ranks > 1:
                assert sum(row["times_slowest"] for row in point["ranks"]) == len(point["samples_ns"])
                assert all(row["median_ns"] > 0 for row in point["ranks"])
        else:
            assert point["provenance"] == "simulated" and point["throughput"] is None
    return result


LAYOUTS = (
    ("--tp 2", {"tp": 2}),
    ("--tp 3", {"tp": 3}),
    ("--pp 2 --microbatches 2", {"pp": 2, "microbatches": 2}),
    ("--dp 2", {"dp": 2}),
    ("--tp 2 --pp 2 --dp 2", {"tp": 2, "pp": 2, "dp": 2}),
)


def ranks_of(layout):
    return layout.get("tp", 1) * layout.get("pp", 1) * layout.get("dp", 1)


def test_run_threads(box):
    for options, layout in LAYOUTS[-1:] if os.environ.get("ASAN") else LAYOUTS:  # under sanitizers the one that has all of them
        code, out, err = box.run(f"tokmark run --device cpu {options} {SMALL} {QUICK} --phase decode,prefill --batch 5 --per-op "
                                 "-o r.json --force")
        assert code == 0, (options, code, out, err)
        result = check(box.work / "r.json", **layout)
        labels = {op["label"] for op in result["points"][0]["ops"]}
        assert ("reduce_attn" in labels) == ("tp" in layout) and ("send_residual" in labels) == ("pp" in layout), labels
        code, shown, err = box.run("tokmark show r.json")
        assert code == 0 and f"{ranks_of(layout)} x cpu" in shown, shown


def test_run_e2e_over_ranks(box):
    code, out, err = box.run(f"tokmark run --device cpu --tp 2 {SMALL} --time 0.02 --phase e2e --batch 2 --output-len 5 -o r.json"
                             .replace("--context 20", ""))
    assert code == 0, (out, err)
    point = check(box.work / "r.json", tp=2)["points"][0]
    assert point["provenance"] == "composed" and point["latency"]["outright_e2e_ns"] > 0, point


def test_run_batch_that_is_too_small(box):
    code, out, err = box.run(f"tokmark run --device cpu --dp 2 {SMALL} {QUICK} --phase decode --batch 1,2 -o r.json".replace(
        "--input-len 12", ""))
    assert code == 0, (out, err)
    result = check(box.work / "r.json", dp=2, skipped=1)
    assert result["points"][0]["reason"] == "batch 1: fewer sequences than the 2 replicas of --dp"


def test_run_mpi(box):
    need_mpi()
    for options, layout in (("", {}),) + LAYOUTS:
        code, out, err = box.run(f"{MPIRUN} -np {ranks_of(layout)} tokmark run --device cpu {options} {SMALL} {QUICK} "
                                 "--phase decode,prefill --batch 5 -o r.json --force", timeout=SLOW_S)
        assert code == 0, (options, code, out, err)
        check(box.work / "r.json", **layout)
        assert out.count("headline ") == 1


def test_run_mpi_one_line_of_bad_input(box):
    need_mpi()
    same = "tokmark run --device cpu"
    for line, says in (
        (f"-np 3 {same}", "--tp 1 x --pp 1 x --dp 1: must be 3 together, as many as there are"),
        (f"-np 4 {same} --tp 4 --model smollm2-135m", "--tp 4: smollm2-135m has 9 heads and 3 KV heads: must be 1..3, or "),
        (f"-np 2 {same} --tp 0", "--tp 0: must be 1..65536"),
        (f"-np 2 {same} --tp 2 --rank-only", "--rank-only: measures one rank: start it once"),
        (f"-np 1 {same} --tp 2 --batch 1 : -np 1 {same} --tp 2 --batch 2", "has other arguments than rank 0 on "),
        ("-np 2 tokmark scale --device cpu --ranks 1,3", "--ranks 3: must be at most 2, as many as were started"),
        ("-np 2 tokmark scale --device cpu --ranks x", "--ranks x: "),
    ):
        code, out, err = box.run(f"{MPIRUN} {line}")
        lines = tokmark_lines(err)
        assert code == 2 and len(lines) == 1 and says in lines[0], (line, code, err)


def test_run_mpi_ranks_that_die_or_stop(box):
    need_mpi()
    command = ("run --device cpu --tp 3 --model smollm2-135m --truncate-layers 2 --context 9 --phase decode --batch 1,2,3 --time 6 "
               "--timeout 2").split()
    dice = random.Random(7)
    for seed, (number, rank) in enumerate(((signal.SIGKILL, 0), (signal.SIGSTOP, 0), (signal.SIGSTOP, 2))):
        code, err, took, path = hurt(box, number, rank, 1.0 + dice.random(), 30 + seed, command)
        lines = tokmark_lines(err)
        assert code != 0 and took < 15, (number, rank, code, took, err)
        assert len(lines) == 1 and f"rank {rank} on " in lines[0], (number, rank, err)
        if number == signal.SIGSTOP:
            assert code == 1, code
        validate(path)
        result = json.loads(path.read_text(encoding="utf-8"))
        assert not result["complete"] and len(result["points"]) == 3


def test_run_is_interrupted_on_all_ranks(box):
    path = box.work / "i.json"
    line = [str(PROGRAM), "run", "--device", "cpu", "--tp", "2", "--model", "smollm2-135m", "--truncate-layers", "2", "--context", "9",
            "--phase", "decode", "--batch", "1,2", "--time", "30", "-o", str(path)]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=box.work,
                          env=dict(os.environ)) as run:
        while not path.exists() and run.poll() is None:
            time.sleep(0.02)
        run.send_signal(signal.SIGINT)
        _, err = run.communicate(timeout=60)
    assert run.returncode == 130 and "interrupted" in err, (run.returncode, err)
    validate(path)
    assert not json.loads(path.read_text(encoding="utf-8"))["complete"]


def test_run_simulated_gpus(box):
    box.run(TINY)
    for options, layout in (("--tp 3", {"tp": 3}), ("--tp 2 --pp 2 --microbatches 2", {"tp": 2, "pp": 2, "microbatches": 2})):
        code, out, err = gpus(box, ranks_of(layout), f"tokmark run --device cuda {options} {SMALL_GPU} --phase decode,prefill --batch 3 "
                              "-o g.json --force")
        assert code == 0, (options, code, out[-500:], err)
        check(box.work / "g.json", **layout)
    code, out, err = gpus(box, 2, f"tokmark run --device cuda --tp 3 {SMALL_GPU}")
    assert (code, out) == (2, "") and err.endswith(": it has 2 devices\n") and len(err.splitlines()) == 1, err


def test_run_simulated_gpus_across_processes(box):
    need_mpi()
    box.run(TINY)
    code, out, err = gpus(box, 2, f"{MPIRUN} -np 2 tokmark run --device cuda --tp 2 {SMALL_GPU} --phase decode --batch 1 -o g.json".replace(
        "--input-len 12", ""))
    assert code == 0, (code, out[-500:], err)
    check(box.work / "g.json", tp=2)


def scaled(box, name):
    validate(box.work / name)
    result = json.loads((box.work / name).read_text(encoding="utf-8"))
    assert result["complete"] and all(point["type"] == "scale" for point in result["points"])
    return result["points"]


def check_losses(points):
    for point in points:
        scale = point["scale"]
        lost = scale["lost_shapes"] + scale["lost_stragglers"] + scale["lost_communication"]
        # Of a pass: the ideal and what is lost are the pass; the efficiency is by rates, which are of the same medians.
        assert abs(scale["efficiency"] + lost - 1) < 1e-6, scale
        assert scale["lost_stragglers"] >= 0 and scale["efficiency_ci_low"] <= scale["efficiency"] <= scale["efficiency_ci_high"]


def test_scale_threads(box):
    code, out, err = box.run(f"tokmark scale --device cpu --ranks 1,2 {SMALL} {QUICK} --batch 4 -o s.json".replace("--input-len 12", ""))
    assert code == 0, (out, err)
    points = scaled(box, "s.json")
    assert [point["key"].split("/")[1:3] for point in points] == [["strong", "n1"], ["weak", "n1"], ["strong", "n2"], ["weak", "n2"]]
    assert [point["workload"]["batch"] for point in points] == [4, 4, 4, 8]
    assert [point["workload"]["layout"]["tp"] for point in points] == [1, 1, 2, 1]
    check_losses(points)


def test_scale_mpi(box):
    need_mpi()
    code, out, err = box.run(f"{MPIRUN} -np 3 tokmark scale --device cpu --scaling strong {SMALL} {QUICK} --phase prefill --batch 2 "
                             "-o s.json".replace("--context 20", ""), timeout=SLOW_S)
    assert code == 0, (out, err)
    points = scaled(box, "s.json")
    assert [point["scale"]["ranks"] for point in points] == [1, 2]
    check_losses(points)


def test_scale_simulated_gpus(box):
    box.run(TINY)
    code, out, err = gpus(box, 2, f"tokmark scale --device cuda --scaling strong {SMALL_GPU} --batch 2 -o s.json".replace("--input-len 12", ""))
    assert code == 0, (code, out[-500:], err)
    points = scaled(box, "s.json")
    assert [point["scale"]["ranks"] for point in points] == [1, 2]
    assert all(point["scale"]["efficiency"] is None and point["scale"]["lost_shapes"] is None for point in points)


def test_rank_only(box):
    code, _, err = box.run("tokmark comm --device cpu --ranks 2 --op all-reduce,all-gather --bytes 1K..1M --time 0.002 -o c.json")
    assert code == 0, err
    options = f"{SMALL} {QUICK} --phase decode --batch 2".replace("--input-len 12", "")
    code, out, err = box.run(f"tokmark run --device cpu --tp 2 --rank-only --comm-table c.json {options} -o p.json")
    assert code == 0, (out, err)
    validate(box.work / "p.json")
    point = json.loads((box.work / "p.json").read_text(encoding="utf-8"))["points"][0]
    assert point["provenance"] == "predicted" and point["throughput"]["devices"] == 2
    assert point["workload"]["layout"]["rank"] == 1 and point["key"].endswith("/tp2")
    assert point["verify"]["ops_failed"] == 0 and point["verify"]["replay_matched"]
    # What is predicted is in the samples; what was measured stands beside it.
    assert all(time > wall for time, wall in zip(point["samples_ns"], point["wall_ns"]))
    assert "predicted" in out
    code, out, err = box.run(f"tokmark run --device cpu --tp 3 --rank-only --comm-table c.json {options}")
    assert code == 1 and "--comm-table: no all-reduce over 3 ranks in it" in out, (out, err)
