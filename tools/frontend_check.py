#!/usr/bin/env python3
"""frontend_check.py NVRTC OUT: compiles the CUDA sources here with another front end than the toolkit's, for the simulated GPU to take.

NVRTC is a libnvrtc.so of any CUDA version; its headers are sought beside it as PyPI's wheels lay them out:
    pip install nvidia-cuda-nvrtc-cu12==12.9.86 nvidia-cuda-runtime-cu12==12.9.79 nvidia-cuda-cccl-cu12==12.9.27
PTX goes to OUT: the kernels of tests/simgpu/data, and those of kernels/cuda in OUT/kernels. `make check-frontend NVRTC=…` runs this and then
the simulated GPU's own tests on that PTX. NVRTC knows no host code, so launchers are compiled as device functions that only name the
kernels that they would launch; nothing is said of their code."""
import ctypes
import glob
import os
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
ARCHS = ("80", "86", "89", "90a", "100f", "120f")
FLOAT_MACROS = """#pragma once
#define INFINITY __int_as_float(0x7f800000)
#define NAN __int_as_float(0x7fffffff)
"""
HOST_CALLS = FLOAT_MACROS + """#define cudaFuncSetAttribute(f, a, v) ((void)(f), cudaSuccess)
#define cudaFuncGetAttributes(a, f) ((void)(f), cudaSuccess)
__device__ void *volatile kernel_sink;
template <typename C, typename K, typename... A> __device__ cudaError_t cudaLaunchKernelEx(const C *, K kernel, A...)
{
  kernel_sink = (void *)kernel;
  return cudaSuccess;
}
"""
SHIMS = {"cstdint": "#include <cuda/std/cstdint>\nusing namespace cuda::std;\n", "cstdio": "",
         "cassert": "#define assert(x) ((x) ? (void)0 : __assertfail(#x, __FILE__, __LINE__, \"\", 1))\n",
         "stdint.h": "#include <cuda/std/cstdint>\nusing namespace cuda::std;\n", "stddef.h": "#include <cuda/std/cstddef>\n",
         "stdio.h": "extern \"C\" int snprintf(char *, unsigned long, const char *, ...);\n", "stdbool.h": "", "string.h": "",
         "math.h": "", "limits.h": "", "stdlib.h": "", "host.h": HOST_CALLS}


def folders_of(library):
    wheels = pathlib.Path(library).resolve().parent.parent.parent
    folders = [*wheels.glob("*/include"), *wheels.glob("cuda_cccl/include/*"), *wheels.glob("cuda_runtime/include/cccl")]
    return [str(folder) for folder in sorted(folders)]


class Compiler:
    def __init__(self, library, shims):
        self.nvrtc = ctypes.CDLL(library)
        self.options = ["-std=c++17", "-lineinfo", "--device-int128", f"-I{shims}", f"-I{ROOT}/include", *(f"-I{f}" for f in folders_of(library))]

    def text_of(self, program, size_call, text_call):
        size = ctypes.c_size_t()
        getattr(self.nvrtc, size_call)(program, ctypes.byref(size))
        text = ctypes.create_string_buffer(size.value)
        getattr(self.nvrtc, text_call)(program, text)
        return text.value.decode()

    def compile(self, path, arch, options):
        """The PTX; exits with the log where there is none."""
        program = ctypes.c_void_p()
        self.nvrtc.nvrtcCreateProgram(ctypes.byref(program), path.read_bytes(), str(path).encode(), 0, None, None)
        words = [f"--gpu-architecture=compute_{arch}", f"-I{path.parent}", *self.options, *options]
        array = (ctypes.c_char_p * len(words))(*(word.encode() for word in words))
        if self.nvrtc.nvrtcCompileProgram(program, len(words), array) != 0:
            sys.exit(f"{path} for {arch}:\n{self.text_of(program, 'nvrtcGetProgramLogSize', 'nvrtcGetProgramLog')}")
        return self.text_of(program, "nvrtcGetPTXSize", "nvrtcGetPTX")


def main():
    if len(sys.argv) != 3:
        sys.exit("usage: frontend_check.py NVRTC OUT")
    out = pathlib.Path(sys.argv[2])
    shims = out / "shims"
    kernels = out / "kernels"
    for folder in (shims, kernels):
        folder.mkdir(parents=True, exist_ok=True)
    for name, text in SHIMS.items():
        (shims / name).write_text("#pragma once\n" + text)
    compiler = Compiler(sys.argv[1], shims)
    count = 0
    for source in sorted(glob.glob(f"{ROOT}/tests/simgpu/data/*.cu")):
        stem = pathlib.Path(source).stem
        for arch in ("80", "100") if stem.startswith("planted") else ("80", "86", "89", "90", "100", "120"):
            (out / f"{stem}_{arch}.ptx").write_text(compiler.compile(pathlib.Path(source), arch, []))
            count += 1
    for source in sorted(glob.glob(f"{ROOT}/kernels/cuda/*.cu")):
        stem = pathlib.Path(source).stem
        for arch in ARCHS:
            number = int(arch.rstrip("af"))
            if "_sm100" in stem and number not in (100,) or "_sm89" in stem and number < 89:
                continue
            options = ["-default-device", "-rdc=true", f"--pre-include={shims}/host.h"]
            (kernels / f"{stem}_{arch}.ptx").write_text(compiler.compile(pathlib.Path(source), arch, options))
            count += 1
    version = (ctypes.c_int(), ctypes.c_int())
    compiler.nvrtc.nvrtcVersion(ctypes.byref(version[0]), ctypes.byref(version[1]))
    print(f"frontend_check: {count} files of PTX by NVRTC {version[0].value}.{version[1].value} in {os.path.relpath(out)}")


main()
