"""Results of simulated GPUs hold against the schema, whoever runs their gemms."""
import json

from run_cli import NEEDS, SIMGPU, Skip
from test_behaviour import validate


def gpu(box, line):
    """Plays `tokmark LINE` on the simulated GPU; its stdout."""
    there, why = NEEDS["simgpu"]
    if not there():
        raise Skip(why)
    code, out, err = box.run(f"LD_LIBRARY_PATH={SIMGPU} tokmark {line}")
    assert code == 0, (code, out, err)
    return out


def test_cuda_results_say_who_ran_their_gemms(box):
    for provider, ran in (("best", "tokmark"), ("tokmark", "tokmark"), ("cublaslt", "cublaslt")):
        gpu(box, f"ops --device cuda --op gemm --m 2 --n 72 --k 40 --gemm {provider} -o {provider}.json")
        file = box.work / f"{provider}.json"
        validate(file)
        result = json.loads(file.read_text(encoding="utf-8"))
        point = result["points"][0]
        assert result["settings"]["gemm_provider"] == provider
        assert point["provenance"] == "simulated" and point["throughput"] is None and point["reason"] is None
        assert point["verify"]["ops_failed"] == 0 and point["verify"]["ops_checked"] == 1
        assert point["gemms"] == [{"label": "gemm", "m": 2, "n": 72, "k": 40, "provider": ran, "tokmark_ns": None,
                                   "vendor_ns": None}], point["gemms"]
        assert "tokmark" not in point["key"] and "cublaslt" not in point["key"]
        info = result["devices"][0]["info"]
        assert info["gemm_library"].startswith("cuBLASLt ") and info["other_processes"] == 0 and info["mig_on"] is False


def test_cuda_gemm_library_that_is_missing(box):
    """Without the stand-in's cuBLASLt: best falls back and says so, cublaslt is an error that names what was tried."""
    if not NEEDS["simgpu"][0]():
        raise Skip(NEEDS["simgpu"][1])
    folder = box.work / "without"
    folder.mkdir()
    for library in SIMGPU.glob("*.so*"):
        if "cublasLt" not in library.name:
            (folder / library.name).symlink_to(library)
    code, out, err = box.run("LD_LIBRARY_PATH=without tokmark ops --device cuda --op gemm --m 1 --n 64 --k 64")
    assert code == 0, (out, err)
    assert "gemm       tokmark; vendor's library: none: tried libcublasLt.so.13 and .12 in " in out, out
    code, out, err = box.run("LD_LIBRARY_PATH=without tokmark ops --device cuda --op gemm --m 1 --n 64 --k 64 --gemm cublaslt")
    assert code == 2 and err.startswith("tokmark: --gemm cublaslt: no cuBLASLt here: tried libcublasLt.so.13 and .12 in "), err
    assert len(err.splitlines()) == 1
