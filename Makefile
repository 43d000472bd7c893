# tokmark. `make help` lists the targets. Each configuration builds in a folder of its own; build/tokmark links to the last.
# Nothing here needs a compiler before a rule does: `make deps` may have to install it first.

VERSION := 0.1.0

MODE ?= release
CUDA ?= auto
MPI ?= 0
CROSS_COMPILE ?=
PREFIX ?= /usr/local
FUZZ_TIME ?= 20
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
ifeq ($(origin AR),default)
AR := $(CROSS_COMPILE)ar
endif
NVCC ?= $(firstword $(wildcard $(if $(CUDA_HOME),$(CUDA_HOME)/bin/nvcc)) $(shell command -v nvcc 2>/dev/null) \
  $(wildcard /usr/local/cuda/bin/nvcc))

$(if $(filter-out release debug asan fuzz,$(MODE)),$(error MODE=$(MODE): must be release, debug or asan))
$(if $(filter-out auto 0 1,$(CUDA)),$(error CUDA=$(CUDA): must be auto, 0 or 1))
$(if $(filter-out 0 1,$(MPI)),$(error MPI=$(MPI): must be 0 or 1))
comma := ,

# --- features: a backend is there if its sources and its compiler are ---
CUDA_SOURCES := $(wildcard kernels/cuda/*.cu kernels/cuda/*.c)
MPI_SOURCES := $(wildcard harness/comm_mpi.c)
HAVE_CUDA := $(if $(filter-out 0,$(CUDA)),$(if $(and $(filter %/cuda_backend.c,$(CUDA_SOURCES)),$(NVCC)),yes))
HAVE_MPI := $(if $(filter 1,$(MPI)),yes)
ifeq ($(CUDA),1)
$(if $(CUDA_SOURCES),,$(error CUDA=1: this version has no CUDA backend: must be 0 or auto))
$(if $(NVCC),,$(error CUDA=1: no nvcc: set CUDA_HOME or take CUDA=0))
endif
ifeq ($(MPI),1)
$(if $(MPI_SOURCES),,$(error MPI=1: this version has no MPI: must be 0))
endif

# Architectures of the kernels: the node's own, else all that have kernels or limits of their own.
CUDA_ARCHS := 80,86,89,90a,100f,120f
ifeq ($(origin ARCHS),undefined)
ARCHS := $(or $(if $(HAVE_CUDA),$(shell tools/node_archs.sh)),$(CUDA_ARCHS))
endif
$(if $(and $(HAVE_CUDA),$(filter-out $(subst $(comma), ,$(CUDA_ARCHS)),$(subst $(comma), ,$(ARCHS)))),$(error ARCHS=$(ARCHS): must be of $(CUDA_ARCHS)))

# --- configuration ---
COMPILER := $(notdir $(lastword $(CC)))
CONFIG := $(MODE)$(if $(filter-out gcc,$(COMPILER)),-$(COMPILER))$(if $(HAVE_CUDA),-cuda)$(if $(HAVE_MPI),-mpi)
B := build/$(CONFIG)
# Kernels are the same with sanitizers and with MPI, and take long to compile.
CU := build/cu-$(COMPILER)-$(subst $(comma),-,$(ARCHS))
ARCH := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null || uname -m)))

# cJSON: where CJSON_PREFIX says, else where pkg-config says, else on the compiler's own paths.
ifneq ($(CJSON_PREFIX),)
CJSON_LIBDIR := $(patsubst %/,%,$(dir $(firstword $(wildcard $(addprefix $(CJSON_PREFIX)/,lib/libcjson.* lib64/libcjson.* lib/*/libcjson.*)))))
CJSON_CFLAGS := -I$(CJSON_PREFIX)/include
CJSON_LIBS := -L$(CJSON_LIBDIR) -Wl,-rpath,$(abspath $(CJSON_LIBDIR)) -lcjson
else
# Its include folder is <prefix>/include/cjson, sources say <cjson/cJSON.h>.
CJSON_CFLAGS := $(patsubst %/cjson,%,$(filter-out -I/usr/include/cjson,$(shell pkg-config --cflags libcjson 2>/dev/null)))
CJSON_LIBS := $(or $(strip $(shell pkg-config --libs libcjson 2>/dev/null)),-lcjson)
endif

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
# Contraction would make fill values and references differ between machines (include/tokmark/fill.h).
BASE := -std=c17 -D_GNU_SOURCE -Iinclude -iquote harness $(WARN) -g -ffp-contract=off -fno-math-errno -fopenmp
# gcc's own manual: with sanitizers, warnings that need value ranges are false alarms.
SANITIZE := $(if $(findstring clang,$(COMPILER)),,-Wno-format-truncation) -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FLAGS_release := -O3
FLAGS_debug := -O0
FLAGS_asan := $(SANITIZE)
FLAGS_fuzz := $(SANITIZE) -fsanitize=fuzzer-no-link
CFLAGS_ALL := $(BASE) $(FLAGS_$(MODE)) $(CJSON_CFLAGS) $(CFLAGS)
LDLIBS_ALL := $(CJSON_LIBS) -lm $(LDLIBS)

# SIMD files compile with their own instruction set and are reached only after a check at run time.
ifeq ($(ARCH),x86_64)
SIMD_avx512 := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c
SIMD_vnni := -mavx512vnni
SIMD_avx2 := -mavx2 -mfma -mf16c
endif

ifdef HAVE_CUDA
CUDA_DIR := $(patsubst %/bin/,%,$(dir $(NVCC)))
# PTX beside the code of each architecture: newer ones take it (of 80), and the simulated GPU reads it, so it is not compressed.
NVCCFLAGS := -std=c++17 -O3 -Iinclude -lineinfo --compress-mode=none -Xptxas --warn-on-spills -Xcompiler -Wall,-Wextra,-Wno-unused-function,-fPIC,-fno-exceptions,-fno-threadsafe-statics \
  $(foreach a,$(subst $(comma), ,$(ARCHS)),-gencode arch=compute_$(a)$(comma)code=[compute_$(a)$(comma)sm_$(a)])
CUDA_DEFINE := -DTMK_HAVE_CUDA
CUDA_FLAGS_TEXT := $(NVCC) $(NVCCFLAGS)
LDLIBS_ALL += -L$(CUDA_DIR)/lib64 -Wl,-rpath,$(CUDA_DIR)/lib64 -lcudart -ldl
endif
# MPI: what its own compiler driver would add (Open MPI, then MPICH). Without MPI=1 the tests alone have it, where it is installed.
MPICC ?= mpicc
MPI_TESTED := $(if $(HAVE_MPI)$(CROSS_COMPILE)$(filter-out release,$(MODE)),,$(if $(MPI_SOURCES),$(shell command -v $(MPICC) 2>/dev/null)))
ifneq ($(HAVE_MPI)$(MPI_TESTED),)
MPI_FLAGS := $(or $(shell $(MPICC) --showme:compile 2>/dev/null),$(filter -I% -D%,$(shell $(MPICC) -compile_info 2>/dev/null)))
MPI_LIBS := $(or $(shell $(MPICC) --showme:link 2>/dev/null),$(filter -L% -l% -Wl%,$(shell $(MPICC) -link_info 2>/dev/null)))
endif
ifdef HAVE_MPI
$(if $(MPI_LIBS),,$(error MPI=1: no $(MPICC): install Open MPI or MPICH, or set MPICC))
MPI_DEFINE := -DTMK_HAVE_MPI
LDLIBS_ALL += $(MPI_LIBS)
endif

# Chart.js for the HTML report: the distribution's package (libjs-chart.js, node-chart.js), or CHARTJS=FILE; CHARTJS= builds without.
CHARTJS ?= $(firstword $(wildcard /usr/share/javascript/chart.js/chart.min.js /usr/share/nodejs/chart.js/dist/chart.min.js))
CHARTJS_LICENCE ?= $(if $(CHARTJS),$(firstword $(wildcard /usr/share/doc/libjs-chart.js/copyright /usr/share/doc/node-chart.js/copyright)))
$(if $(and $(CHARTJS),$(if $(wildcard $(CHARTJS)),,missing)),$(error CHARTJS=$(CHARTJS): no such file))

# --- sources ---
HARNESS := $(filter-out harness/main.c harness/comm_mpi.c harness/comm_nccl.c,$(wildcard harness/*.c))
KERNELS := $(wildcard kernels/ref/*.c kernels/cpu/*.c kernels/null/*.c)
OBJS := $(patsubst %.c,$(B)/%.o,$(HARNESS) $(KERNELS) $(if $(HAVE_MPI),$(MPI_SOURCES)) $(if $(HAVE_CUDA),$(wildcard harness/comm_nccl.c)))
OBJS += $(if $(HAVE_CUDA),$(patsubst %.c,$(B)/%.o,$(filter %.c,$(CUDA_SOURCES))) $(patsubst %.cu,$(CU)/%.o,$(filter %.cu,$(CUDA_SOURCES))))
LIB := $(B)/libtokmark.a
DATA := $(wildcard harness/data/*)
TEST_SOURCES := $(wildcard tests/unit/test_*.c tests/ops/test_*.c)
TESTS := $(addprefix $(B)/tests/,$(filter-out test_%_cuda,$(basename $(notdir $(TEST_SOURCES)))))
# On a GPU by make test-gpu, on simulated ones by make test.
CUDA_CASES := $(if $(HAVE_CUDA),$(patsubst tests/ops/%.c,$(B)/tests/%,$(wildcard tests/ops/test_*_cuda.c)))
$(CUDA_CASES): EXTRA := -isystem $(CUDA_DIR)/include
FUZZ_SOURCES := $(wildcard tests/fuzz/fuzz_*.c)
FUZZ_REPLAYS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/replay_%,$(FUZZ_SOURCES))
FUZZERS := $(patsubst tests/fuzz/%.c,$(B)/fuzz/%,$(FUZZ_SOURCES))
C_FILES := $(wildcard include/tokmark/*.h harness/*.[ch] kernels/*/*.[ch] tests/*/*.[ch])

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-4s %s\n' $(1) $(2))

.DEFAULT_GOAL := all
all: $(B)/tokmark ## build/tokmark (the default)
	@ln -sfn $(CONFIG)/tokmark build/tokmark

program: $(B)/tokmark
$(B)/tokmark: $(B)/harness/main.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)

$(LIB): $(OBJS) $(B)/objects
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(OBJS)

# Stamps: rewritten only when their text changes, so that changed flags, or a source that went away, rebuild what they touch.
define stamp
@mkdir -p $(@D); printf '%s\n' '$(1)' | cmp -s - $@ || printf '%s\n' '$(1)' > $@
endef
$(B)/flags: FORCE | toolchain
	$(call stamp,$(CC) $(CFLAGS_ALL) | $(LDFLAGS) $(LDLIBS_ALL) | $(SIMD_avx512) | $(SIMD_avx2) | $(CUDA_FLAGS_TEXT))
$(B)/objects: FORCE
	$(call stamp,$(OBJS))

toolchain:
	@command -v $(firstword $(CC)) > /dev/null || { echo "tokmark: no $(firstword $(CC)): 'make deps' installs what is missing" >&2; exit 1; }

# What --version says, apart from the flags, so that a commit recompiles one file.
GIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null && { git diff --quiet HEAD 2>/dev/null || echo -dirty; } || echo unknown)
FEATURES := $(MODE); cuda: $(or $(HAVE_CUDA),no); mpi: $(or $(HAVE_MPI),no)
VERSION_TEXT := \#define TMK_VERSION "$(VERSION)"\n\#define TMK_GIT_REVISION "$(subst $() $(),,$(GIT))"\n\#define TMK_BUILD_FEATURES "$(FEATURES)"\n
$(B)/version.h: FORCE
	@mkdir -p $(@D); printf '$(VERSION_TEXT)' | cmp -s - $@ || printf '$(VERSION_TEXT)' > $@

$(B)/harness/build_info.o: EXTRA := -iquote $(B)
$(B)/harness/build_info.o: $(B)/version.h
$(B)/harness/data_embed.o: EXTRA := -DTMK_DATA_DIR='"harness/data"' -DTMK_VENDOR_DIR='"$(B)/vendor"'
$(B)/harness/data_embed.o: $(DATA) $(B)/vendor/chart.js $(B)/vendor/chart.js.licence
$(B)/vendor/chart.js $(B)/vendor/chart.js.licence: $(B)/vendor/source $(CHARTJS) $(CHARTJS_LICENCE)
	@cat $(or $(if $(findstring licence,$@),$(CHARTJS_LICENCE),$(CHARTJS)),/dev/null) > $@
$(B)/vendor/source: FORCE
	$(call stamp,$(CHARTJS) $(CHARTJS_LICENCE))
$(B)/harness/registry.o: EXTRA := $(CUDA_DEFINE) $(MPI_DEFINE)
$(B)/harness/comm_mpi.o: EXTRA := $(patsubst -I%,-isystem %,$(MPI_FLAGS))
$(B)/harness/comm_nccl.o: EXTRA := -isystem $(CUDA_DIR)/include
$(B)/kernels/cuda/%.o: EXTRA := -isystem $(CUDA_DIR)/include
# The same program with MPI, for the tests: what differs is three files.
MPI_PROGRAM := $(if $(MPI_TESTED),$(B)/mpi/tokmark)
$(B)/mpi/version.h: $(B)/version.h
	@mkdir -p $(@D); sed 's/mpi: no/mpi: yes/' $< > $@
$(B)/mpi/%.o: harness/%.c $(B)/flags $(B)/mpi/version.h
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(CFLAGS_ALL) -DTMK_HAVE_MPI $(CUDA_DEFINE) -iquote $(B)/mpi $(patsubst -I%,-isystem %,$(MPI_FLAGS)) -MMD -MP -c -o $@ $<
$(B)/mpi/tokmark: $(B)/harness/main.o $(B)/mpi/registry.o $(B)/mpi/build_info.o $(B)/mpi/comm_mpi.o $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL) $(MPI_LIBS)

$(B)/%_avx512.o: EXTRA := $(SIMD_avx512)
$(B)/%/cpu_int_avx512.o: EXTRA := $(SIMD_avx512) $(SIMD_vnni)
$(B)/%_avx2.o: EXTRA := $(SIMD_avx2)
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CFLAGS_ALL) $(EXTRA) -MMD -MP -c -o $@ $<
$(CU)/flags: FORCE | toolchain
	$(call stamp,$(lastword $(CC)) | $(CUDA_FLAGS_TEXT))
$(CU)/kernels/cuda/%.o: kernels/cuda/%.cu $(CU)/flags
	@mkdir -p $(@D)
	$(call say,NVCC,$<)
	$(Q)$(NVCC) -ccbin $(lastword $(CC)) $(NVCCFLAGS) -MMD -MP -c -o $@ $<

# --- tests: each test_*.c is a Criterion program of its own, linked against the archive. TEST_EXTRA: sources linked to
# each; RUNNER: an emulator that they run under (tools/check_aarch64.sh) ---
TEST_FLAGS = -Wno-conversion -Wno-missing-prototypes -MMD -MP -MF $@.d -MT $@
$(B)/tests/%: tests/unit/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_FLAGS) -o $@ $< $(TEST_EXTRA) $(LIB) $(LDFLAGS) -lcriterion $(LDLIBS_ALL)
$(B)/tests/%: tests/ops/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(EXTRA) $(TEST_FLAGS) -o $@ $< $(TEST_EXTRA) $(LIB) $(LDFLAGS) -lcriterion $(LDLIBS_ALL)
# The corpus and mutations of it, by a plain main(): any compiler, no libFuzzer.
$(B)/fuzz/replay_%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_FLAGS) -o $@ $< tests/fuzz/replay.c $(LIB) $(LDFLAGS) $(LDLIBS_ALL)
$(B)/fuzz/fuzz_%: tests/fuzz/fuzz_%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_FLAGS) -fsanitize=fuzzer -o $@ $< $(LIB) $(LDFLAGS) $(LDLIBS_ALL)

tests: program $(TESTS) $(FUZZ_REPLAYS)
unit: $(TESTS) ## unit and op tests alone
	@JUNIT='$(if $(JUNIT),$(JUNIT)/$(CONFIG))' TESTS='$(TESTS)' RUNNER='$(RUNNER)' tests/run_tests.sh unit
check: tests $(CUDA_CASES) $(MPI_PROGRAM) ## every test, nothing installed
	@JUNIT='$(if $(JUNIT),$(JUNIT)/$(CONFIG))' SIMGPU=$(SIMGPU) SIMGPU_PRELOAD=$(SIMGPU_PRELOAD) SIMGPU_CASES='$(if $(filter release,$(MODE)),$(CUDA_CASES))' TESTS='$(TESTS) $(SIMGPU_TESTS)' REPLAYS='$(FUZZ_REPLAYS)' SKIPPED='$(SIMGPU_SKIPPED)' PROGRAM=$(B)/tokmark MPI_PROGRAM='$(or $(MPI_PROGRAM),$(if $(HAVE_MPI),$(B)/tokmark))' ASAN=$(if $(filter asan,$(MODE)),yes) tests/run_tests.sh all

test: ## install what is missing, build, run every test
	@tools/deps.sh build test
	@+$(MAKE) --no-print-directory check

asan: ## every test under AddressSanitizer and UBSan; leaks of the program itself
	@+$(MAKE) --no-print-directory MODE=asan check

bench: ## install what is missing, build, run the main job (ARGS="--quick …" goes to it)
	@tools/deps.sh build
	@+$(MAKE) --no-print-directory all
	@mkdir -p build/bench; \
	file=build/bench/$$(date -u +%Y%m%dT%H%M%SZ)-$$$$.json; \
	build/tokmark run -o $$file $(ARGS); code=$$?; \
	if [ -f $$file ]; then echo; echo "result: $$file ('build/tokmark show $$file' prints it again)"; fi; exit $$code

bench-cpu: program ## what share of its limit the CPU backend reaches, batch by batch (LLAMA_BENCH=PATH GGUF="MODEL:DTYPE=FILE …": and llama.cpp)
	@tools/bench_cpu.py $(if $(LLAMA_BENCH),--llama-bench $(LLAMA_BENCH)) $(foreach g,$(GGUF),--gguf $(g)) $(ARGS) $(B)/tokmark

test-gpu: program $(CUDA_CASES) ## on a machine with a GPU: verify, the same under Criterion, a short run
	@TOKMARK=$(B)/tokmark TESTS_DIR=$(B)/tests tools/gpu_day.sh test
gpu-day: program $(CUDA_CASES) ## the same and everything else worth knowing of a GPU, in eight minutes, in one folder
	@TOKMARK=$(B)/tokmark TESTS_DIR=$(B)/tests tools/gpu_day.sh day

# Launch shapes come from a run of the case table in the simulated GPU, so this needs no GPU.
kernel-report: program simgpu ## registers, shared memory, occupancy of the CUDA kernels; SASS counts where cuobjdump is
	@rm -f $(B)/launches; SIMGPU_LAUNCHES=$(B)/launches LD_LIBRARY_PATH=$(SIMGPU) $(B)/tokmark verify --device cuda --seeds 1 > $(B)/launches.log 2>&1 || \
	  { tail -5 $(B)/launches.log; exit 1; }
	@tools/kernel_report.py --sass --launches $(B)/launches $(B)/tokmark

fuzz: ## libFuzzer (clang) over tests/fuzz, FUZZ_TIME seconds each
	@+$(MAKE) --no-print-directory MODE=fuzz CC=clang fuzz-run
fuzz-run: $(FUZZERS)
	@FUZZ_TIME=$(FUZZ_TIME) CONFIG=$(CONFIG) tests/fuzz/run_fuzz.sh $(FUZZERS)

check-deps: ## the include rules
	@tests/check_deps.sh
check-aarch64: ## cross-build, then unit and op tests under qemu-user
	@tools/check_aarch64.sh
golden: program ## rewrite the golden CLI files; review the diff
	@TOKMARK=$(B)/tokmark tests/cli/run_cli.py --update

deps: ## install what building and testing need and this machine lacks
	@tools/deps.sh build test
deps-dev: ## the same for fuzz, check-aarch64 and format
	@tools/deps.sh build test dev

format: ## clang-format in place
	clang-format -i $(C_FILES)
check-format:
	clang-format --dry-run -Werror $(C_FILES)

install: all ## PREFIX (/usr/local), DESTDIR
	install -d $(DESTDIR)$(PREFIX)/bin
	install -m 755 $(B)/tokmark $(DESTDIR)$(PREFIX)/bin/tokmark
uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/tokmark
clean: ## remove build/
	rm -rf build

help: ## this list
	@echo "Targets:"; sed -n 's/^\([a-z0-9-]*\):.*## \(.*\)/  \1|\2/p' Makefile tests/simgpu/simgpu.mk | awk -F'|' '{printf "%-16s %s\n", $$1, $$2}'
	@echo "Variables:"; \
	echo "  MODE=release|debug|asan   CUDA=auto|0|1   MPI=0|1   CC=gcc|clang|…   CROSS_COMPILE=aarch64-linux-gnu-"; \
	echo "  ARCHS=80,90a,… of $(CUDA_ARCHS), what the kernels are built for: the node's own, else all"; \
	echo "  JUNIT=FOLDER   where Criterion's XML of each test program goes"; \
	echo "  V=1 shows commands   CFLAGS LDFLAGS LDLIBS   CJSON_PREFIX   CHARTJS   CUDA_HOME   PREFIX DESTDIR   FUZZ_TIME   ARGS (of bench)"

FORCE:
.PHONY: all program toolchain tests unit check test test-gpu gpu-day kernel-report asan bench bench-cpu fuzz fuzz-run check-deps check-aarch64 golden deps deps-dev \
  format check-format install uninstall clean help FORCE
.DELETE_ON_ERROR:
.SECONDARY:
-include tests/simgpu/simgpu.mk
-include $(OBJS:.o=.d) $(B)/harness/main.d $(wildcard $(B)/mpi/*.d) $(wildcard $(B)/tests/*.d $(B)/fuzz/*.d)
