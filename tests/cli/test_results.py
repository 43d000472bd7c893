"""The JSON Schema refuses what is wrong, and committed results lie where results/README.md says."""
import json
import pathlib
import subprocess
import sys

from run_cli import ROOT, TIMEOUT_S, Skip


def test_the_schema_notices_broken_results(box):
    files = [str(ROOT / "tests/data/results" / name) for name in ("cpu-sweep.json", "all-types.json", "empty.json")]
    done = subprocess.run([sys.executable, str(ROOT / "tests/validate_results.py"), "--self-test", *files],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_imported_results_are_valid(box):
    outputs = []
    for file in sorted((ROOT / "tests/data/import").iterdir()):
        outputs.append(str(box.work / (file.name + ".result.json")))
        code, _, err = box.run(f"tokmark import '{file}' -o '{outputs[-1]}'")
        assert code == 0, f"{file}: {err}"
    assert outputs, "no sample to import"
    done = subprocess.run([sys.executable, str(ROOT / "tests/validate_results.py"), *outputs],
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_committed_results_have_their_names(box):
    files = sorted(pathlib.Path(ROOT).glob("results/*/*"))
    if not files:
        raise Skip("no result is committed yet")
    for file in files:
        result = json.loads(file.read_text(encoding="utf-8"))
        git = result["tool"]["git_revision"]
        devices = result["devices"]
        folder = devices[0]["info"]["slug"] + (f"-x{len(devices)}" if len(devices) > 1 else "")
        name = result["start_utc"].replace("-", "").replace(":", "") + f"-{git}.json"
        assert file.parent.name == folder, f"{file}: {folder} is its device"
        assert file.name == name, f"{file}: must be named {name}"
        assert result["complete"], f"{file}: is not a whole run"
        assert not git.endswith("-dirty"), f"{file}: from a tree with changes"
