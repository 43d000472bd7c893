"""Golden runs that a transcript can't play: signals at a moment, disks that fill, files held against the schema."""
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

from run_cli import ROOT, TIMEOUT_S, Skip

SMALL = ["--phase", "decode", "--batch", "1,2", "--context", "32", "--dtype", "f32"]


def tiny(box):
    code, out, err = box.run("make_input tiny > tiny.json")
    assert code == 0, out + err


def point_count(path):
    try:
        return len(json.loads(path.read_text(encoding="utf-8"))["points"])
    except FileNotFoundError:
        return 0


def start_long_run(box, seconds=3):
    """A run on the CPU that goes on until it is stopped; returns when its first point stands in the file."""
    tiny(box)
    process = box.popen(["tokmark", "run", "--device", "cpu", "--model", "./tiny.json", "--phase", "decode", "--batch", "1..8",
                         "--context", "1..32", "--dtype", "f32", "--time", str(seconds), "-o", "r.json"],
                        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    result = box.work / "r.json"
    deadline = time.monotonic() + TIMEOUT_S
    while point_count(result) == 0:
        if process.poll() is not None or time.monotonic() > deadline:
            process.kill()
            out, err = process.communicate()
            raise AssertionError(f"no point was written: {out.decode()}{err.decode()}")
        time.sleep(0.02)
    return process, result


def check_partial(box, result):
    """The file is whole, says that it is not complete, and is read; nothing else was left."""
    document = json.loads(result.read_text(encoding="utf-8"))
    assert document["complete"] is False
    assert len(document["points"]) >= 1
    code, out, err = box.run("tokmark show r.json")
    assert code == 0 and "not complete" in out, out + err
    validate(result)
    left = sorted(entry.name for entry in box.work.iterdir())
    return left


def validate(*files):
    python = next((p for p in (sys.executable, "/usr/bin/python3", "python3")
                   if subprocess.run([p, "-c", "import jsonschema"], capture_output=True, check=False).returncode == 0), None)
    if python is None:
        raise Skip("no python3 with jsonschema: make deps")
    done = subprocess.run([python, ROOT / "tests/validate_results.py", *files], capture_output=True, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr).decode()


def test_interrupt_keeps_what_was_measured(box):
    process, result = start_long_run(box)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, (process.returncode, err)
    assert err.decode().count("\n") == 1, err
    assert check_partial(box, result) == ["r.json", "tiny.json"]


def test_termination_is_an_interrupt(box):
    process, result = start_long_run(box)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=TIMEOUT_S)
    assert process.returncode == 130, process.returncode
    assert check_partial(box, result) == ["r.json", "tiny.json"]


def test_kill_leaves_the_last_whole_file(box):
    process, result = start_long_run(box)
    process.kill()
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    check_partial(box, result)


def test_stdout_is_no_place_to_measure_by(box):
    """The table goes line by line into a pipe that is read late: the run is not held up for ever, and ends."""
    tiny(box)
    code, out, err = box.run("tokmark run --device null --model ./tiny.json " + " ".join(SMALL) + " | (sleep 1; cat)")
    assert code == 0 and "tokens/s" in out, out + err
    assert err == "", "progress is for terminals"


def test_a_small_disk_fills(box):
    """A file system with no room for the file: said in one line, exit 1, the old file as it was."""
    tiny(box)
    disk = box.work / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", disk], capture_output=True, check=False)
    if mounted.returncode != 0:
        raise Skip("a tmpfs can't be mounted here: " + mounted.stderr.decode().strip())
    try:
        (disk / "r.json").write_text("precious", encoding="utf-8")
        (disk / "filler").write_bytes(bytes(8 << 10))
        code, out, err = box.run("tokmark run --device null --model ./tiny.json " + " ".join(SMALL) + " -o disk/r.json --force")
        assert code == 1, (code, out, err)
        assert err.count("\n") == 1 and "No space left" in err and "disk/r.json" in err, err
        assert (disk / "r.json").read_text(encoding="utf-8") == "precious"
        assert sorted(entry.name for entry in disk.iterdir()) == ["filler", "r.json"]
    finally:
        subprocess.run(["umount", disk], check=True)


def test_a_folder_without_permission(box):
    tiny(box)
    if os.geteuid() == 0:
        raise Skip("root may write anywhere")
    (box.work / "locked").mkdir(mode=0o500)
    code, _, err = box.run("tokmark run --device null --model ./tiny.json " + " ".join(SMALL) + " -o locked/r.json")
    assert code == 2 and err.count("\n") == 1 and "Permission denied" in err, (code, err)


def test_every_file_is_valid_against_the_schema(box):
    """Runs of every kind of point and device, read again by our own reader and held against the JSON Schema."""
    tiny(box)
    runs = {
        "plain": ("", "--phase decode,prefill,e2e --batch 1,4 --context 16 --input-len 8 --output-len 5"),
        "gpu": ("gpu; name=NVIDIA H100 80GB HBM3; memory_gib=80; clock_ghz=1.7; power_w=600", "--phase decode --batch 1"),
        "simulated": ("simulated", "--phase decode --batch 1"),
        "failed": ("device_fault_at=/b4/", "--phase decode --batch 1,4 --context 16"),
        "invalid": ("wrong_at=/b4/", "--phase decode --batch 1,4 --context 16"),
        "skipped": ("memory_gib=0.00001", "--phase decode --batch 1 --context 16"),
        "no-ceilings": ("no_ceilings", "--phase decode --batch 1 --context 16"),
        "per-op": ("", "--phase decode --batch 1 --context 16 --per-op"),
        "stopped": ("interrupt_run=20", "--phase decode --batch 1,2,4 --context 16"),
    }
    files = []
    for name, (script, options) in runs.items():
        code, out, err = box.run(f"TOKMARK_NULL_SCRIPT='{script}' tokmark run --device null --model ./tiny.json --time 0.1 {options} "
                                 f"-o {name}.json")
        expected = {"failed": 1, "invalid": 1, "skipped": (0, 1), "stopped": 130}.get(name, 0)
        assert code == expected or (isinstance(expected, tuple) and code in expected), (name, code, out, err)
        files.append(box.work / f"{name}.json")
        code, out, err = box.run(f"tokmark show {name}.json --format json > again.json && cmp {name}.json again.json")
        assert code == 0, (name, out, err)
    validate(*files)


def test_committed_results_are_valid(box):
    files = sorted(pathlib.Path(ROOT).glob("results/*/*.json"))
    if not files:
        raise Skip("no result is committed yet")
    validate(*files)
    for file in files:
        code, out, err = box.run(f"tokmark show {file} > /dev/null && tokmark target {file} > /dev/null")
        assert code == 0, (file, out, err)
