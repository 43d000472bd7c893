"""Faults of a simulated GPU at many moments of a run (tests/simgpu/rt.h): one clear line, no crash, no hang, and a file that is
valid and keeps what was measured."""
import json

from run_cli import NEEDS, SIMGPU, Skip
from test_behaviour import tiny, validate

RUN = "run --device cuda --model ./tiny.json --phase decode --batch 1,2 --dtype bf16 --context 8"
OPS = "ops --device cuda --op gemm --m 1,3 --n 64 --k 128"
SECONDS = 60


class Outcome:
    """How a command ended under a fault. points: of its file; None: there is no file."""

    def __init__(self, box, command, environment):
        file = box.work / "r.json"
        file.unlink(missing_ok=True)
        self.what = f"{environment} tokmark {command}"
        self.code, self.out, self.err = box.run(f"LD_LIBRARY_PATH={SIMGPU} {environment} tokmark {command} -o r.json", SECONDS)
        self.points = self.complete = None
        if not file.exists():
            return
        document = json.loads(file.read_text(encoding="utf-8"))
        self.points, self.complete = document["points"], document["complete"]
        self.check(sorted(entry.name for entry in box.work.iterdir()) in (["r.json"], ["r.json", "tiny.json"]), "left-over files")
        shown = box.run("tokmark show r.json")
        self.check(shown[0] == 0 and shown[2] == "", shown)
        self.text = file.read_bytes()

    def check(self, good, why):
        assert good, f"{self.what}: {why}: exit {self.code}, {self.statuses()}\n{self.out}{self.err}"

    def statuses(self):
        return None if self.points is None else [point["status"] for point in self.points]

    def check_failure(self, error):
        """Exit code 1 and one line that names the error; of the points, one failed by it, and what is good has samples."""
        self.check(self.code == 1, "exit code")
        self.check(self.err.startswith("tokmark: ") and self.err.count("\n") == 1 and error in self.err, "the line")
        for point in self.points or []:
            self.check(point["status"] != "ok" or len(point["samples_ns"]) == 1, "a point without a sample")
            self.check(point["status"] != "failed" or error in point["reason"], "why it failed")
            self.check(point["status"] != "skipped" or "the device failed before" in point["reason"], "why it was skipped")


class Gpu:
    """Commands under faults; every different file that they left is held against the schema at the end."""

    def __init__(self, box):
        there, why = NEEDS["simgpu"]
        if not there():
            raise Skip(why)
        tiny(box)
        self.box = box
        self.files = {}

    def play(self, command, environment=""):
        outcome = Outcome(self.box, command, environment)
        if outcome.points is not None:
            self.files[outcome.text] = None
        return outcome

    def launches(self, command):
        """The kernels that the command launches without a fault, in order."""
        log = self.box.folder / "launches"
        log.unlink(missing_ok=True)
        outcome = self.play(command, f"SIMGPU_LAUNCHES={log}")
        outcome.check(outcome.code == 0 and outcome.complete and outcome.statuses() == ["ok", "ok"], "without a fault")
        return log.read_text(encoding="utf-8").splitlines()

    def validate(self):
        assert self.files
        paths = []
        for index, text in enumerate(self.files):
            paths.append(self.box.folder / f"{index}.json")
            paths[-1].write_bytes(text)
        validate(*paths)


def fail_each_allocation(gpu, command):
    """Before the first point the run ends, and leaves no file; at one, it is that point's own. The whole range of them."""
    seen = {"none": 0, "point": 0, "library": 0}
    for n in range(1, 40):
        outcome = gpu.play(command, f"SIMGPU_FAIL_MALLOC={n}")
        if outcome.code == 0:
            outcome.check(outcome.complete and outcome.statuses() == ["ok", "ok"] and outcome.err == "", "survived")
            if "no memory for a workspace" not in outcome.out:
                break
            seen["library"] += 1
            continue
        outcome.check_failure("cudaErrorMemoryAllocation")
        if outcome.points is None:
            seen["none"] += 1
        else:
            outcome.check(outcome.complete and sorted(outcome.statuses()) == ["failed", "ok"], "the other point is good")
            outcome.check("1 of 2 " in outcome.err and "/" in outcome.err, "names the point")
            seen["point"] += 1
    assert n < 39, "no end of allocations"
    assert seen["none"] == 3 and seen["library"] == 1 and seen["point"] >= 3, seen


def test_faults_of_allocations_in_a_run(box):
    gpu = Gpu(box)
    fail_each_allocation(gpu, RUN)
    gpu.validate()


def test_faults_of_allocations_in_ops(box):
    gpu = Gpu(box)
    fail_each_allocation(gpu, OPS)
    gpu.validate()


def test_faults_of_launches_are_their_points_own(box):
    gpu = Gpu(box)
    for command in (RUN, OPS):
        count = len(gpu.launches(command))
        for n in (1, 2, count // 4, count // 2 + 3, count * 3 // 4, count - 1, count):
            outcome = gpu.play(command, f"SIMGPU_FAIL_LAUNCH={n}")
            outcome.check_failure("cudaErrorLaunchOutOfResources")
            outcome.check(outcome.complete and sorted(outcome.statuses()) == ["failed", "ok"], "the other point is good")
    gpu.validate()


def test_faults_of_the_device_end_the_run_and_keep_what_was_measured(box):
    """Lost, and a kernel that faults after its launch: charged to the point that ran."""
    gpu = Gpu(box)
    for command in (RUN, OPS):
        count = len(gpu.launches(command))
        for fault, error in (("LOSE_DEVICE", "cudaErrorDevicesUnavailable"), ("FAULT_LAUNCH", "cudaErrorIllegalAddress")):
            for n in (1, count // 4, count * 3 // 4, count - 1):
                outcome = gpu.play(command, f"SIMGPU_{fault}={n}")
                outcome.check_failure(error)
                outcome.check(outcome.complete is False, "not complete")
                first = ["failed", "skipped"] if command == RUN else ["failed"]
                outcome.check(sorted(outcome.statuses()) == (first if n < count // 2 else ["failed", "ok"]), "what was measured")
                outcome.check(error in outcome.out, "the point's row")
    gpu.validate()


def test_faults_inside_a_graph_are_the_replayed_points(box):
    """Of each point: its first pass by graph is the first row of kernels that has none of the transfers between ops checked apart."""
    gpu = Gpu(box)
    kernels = gpu.launches(RUN)
    own = ["move_elements" not in kernel and "fill_tensor" not in kernel for kernel in kernels]
    passes = [i for i in range(1, len(own) - 8) if not own[i - 1] and all(own[i:i + 8])]
    assert len(passes) == 4, "each point is timed once and replayed once"
    for index, statuses, samples in ((passes[0], ["failed", "skipped"], 0), (passes[1], ["failed", "skipped"], 1),
                                     (passes[2], ["failed", "ok"], 0), (passes[3], ["failed", "ok"], 1)):
        outcome = gpu.play(RUN, f"SIMGPU_FAULT_LAUNCH={index + 4}")
        outcome.check_failure("running a pass: cudaErrorIllegalAddress")
        outcome.check(sorted(outcome.statuses()) == statuses and outcome.complete is False, "what was measured")
        failed = [point for point in outcome.points if point["status"] == "failed"]
        outcome.check(len(failed[0]["samples_ns"]) == samples, "its samples")
    gpu.validate()


def test_run_without_nvml(box):
    gpu = Gpu(box)
    outcome = gpu.play(RUN, "SIMGPU_NVML=missing")
    outcome.check(outcome.code == 0 and outcome.err == "" and outcome.statuses() == ["ok", "ok"], "NVML is not needed")
    gpu.validate()


def test_faults_behind_the_last_launch_are_none(box):
    gpu = Gpu(box)
    count = len(gpu.launches(RUN))
    for fault in ("FAIL_LAUNCH", "LOSE_DEVICE", "FAULT_LAUNCH"):
        outcome = gpu.play(RUN, f"SIMGPU_{fault}={count + 1}")
        outcome.check(outcome.code == 0 and outcome.complete and outcome.err == "", "no fault")


def test_faults_in_verify(box):
    gpu = Gpu(box)
    command = "verify --device cuda --op rmsnorm,sample --quick --seeds 1"
    for fault, error, goes_on in (("FAIL_MALLOC", "cudaErrorMemoryAllocation", True),
                                  ("FAIL_LAUNCH", "cudaErrorLaunchOutOfResources", True),
                                  ("LOSE_DEVICE", "cudaErrorDevicesUnavailable", False),
                                  ("FAULT_LAUNCH", "cudaErrorIllegalAddress", False)):
        for n in (5, 9, 14):
            code, out, err = box.run(f"LD_LIBRARY_PATH={SIMGPU} SIMGPU_{fault}={n} tokmark {command}", SECONDS)
            assert code == 1 and err.startswith("tokmark: ") and err.count("\n") == 1, (fault, n, code, out, err)
            assert out.count("  FAIL ") == 1 and error in out, (fault, n, out)
            assert ("1 of " in err) if goes_on else (error in err), (fault, n, err)
            assert ("\nsample " in out) == goes_on, (fault, n, out)
