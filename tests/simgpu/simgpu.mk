# simgpu.mk: the simulated GPU (tests/simgpu). Included by the Makefile; rules here use its compiler and flags, results go to
# build/simgpu, sanitized ones (MODE=asan) to build/simgpu-asan.
#
#   simgpu        the device as an archive, the runtime's stand-ins (rt.mk, where it exists)
#   test-simgpu   tests/simgpu/test_*.c
#   test-mutants  are the CUDA kernels' tests able to notice wrong kernels (mutants.py)? MUTANTS=N|all SEED=S
#   check-frontend NVRTC=libnvrtc.so.12   the same on PTX by another front end than nvcc's (tools/frontend_check.py)
#   simgpu-data   tests/simgpu/data/planted_*_80.ptx anew (needs nvcc)

SIMGPU := build/simgpu$(if $(filter-out release,$(MODE)),-$(MODE))
SIMGPU_TESTS := $(patsubst tests/simgpu/%.c,$(SIMGPU)/tests/%,$(wildcard tests/simgpu/test_*.c))
SIMGPU_SOURCES := $(filter-out tests/simgpu/test_% tests/simgpu/rt_% tests/simgpu/cublaslt_% tests/simgpu/simrun.c,$(wildcard tests/simgpu/*.c))
SIMGPU_OBJS := $(patsubst tests/simgpu/%.c,$(SIMGPU)/%.o,$(SIMGPU_SOURCES))
SIMGPU_LIB := $(SIMGPU)/libsimdevice.a
# For this processor alone: to run kernels here is most of the tests' time. (No contraction, as everywhere: a float is what PTX says.)
SIMGPU_NATIVE := $(if $(CROSS_COMPILE)$(filter-out release,$(MODE)),,$(shell $(CC) -march=native -E -x c /dev/null > /dev/null 2>&1 && echo -march=native))
# Position-independent and hidden: the stand-ins are shared libraries that export CUDA's names alone.
SIMGPU_FLAGS = $(CFLAGS_ALL) $(SIMGPU_NATIVE) -Itests/simgpu -fPIC -fvisibility=hidden -pthread

# Kernels of the tests, from each of nvcc's front ends; where there is no nvcc the tests take tests/simgpu/data/*.ptx.
SIMGPU_NVCC := $(firstword $(NVCC) $(wildcard /usr/local/cuda/bin/nvcc))
SIMGPU_ARCHS := 80 86 89 90 100 120
SIMGPU_CU := $(wildcard tests/simgpu/data/*.cu)
# The many planted bugs come from each front end once; it is the decoder that must know each architecture.
SIMGPU_PLANTED := $(wildcard tests/simgpu/data/planted_*.cu)
simgpu_ptx = $(patsubst tests/simgpu/data/%.cu,$(SIMGPU)/ptx/%_$(1).ptx,$(2))
SIMGPU_PTX := $(if $(SIMGPU_NVCC),$(foreach a,$(SIMGPU_ARCHS),$(call simgpu_ptx,$(a),$(filter-out $(SIMGPU_PLANTED),$(SIMGPU_CU)))) \
  $(foreach a,80 100,$(call simgpu_ptx,$(a),$(SIMGPU_PLANTED))))

simgpu: $(SIMGPU_LIB) ## the simulated GPU: build/simgpu

$(SIMGPU)/%.o: tests/simgpu/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(SIMGPU_FLAGS) -MMD -MP -c -o $@ $<

$(SIMGPU_LIB): $(SIMGPU_OBJS)
	$(call say,AR,$@)
	@rm -f $@
	$(Q)$(AR) rcs $@ $(SIMGPU_OBJS)

define SIMGPU_PTX_RULE
$$(SIMGPU)/ptx/%_$(1).ptx: tests/simgpu/data/%.cu $(wildcard tests/simgpu/data/*.cuh)
	@mkdir -p $$(@D)
	$$(call say,NVCC,$$@)
	$$(Q)$$(SIMGPU_NVCC) -std=c++17 -arch=compute_$(1) -lineinfo -ptx -o $$@ $$<
endef
$(foreach a,$(SIMGPU_ARCHS),$(eval $(call SIMGPU_PTX_RULE,$(a))))

$(SIMGPU)/tests/%: tests/simgpu/%.c $(SIMGPU_LIB) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(SIMGPU_FLAGS) $(TEST_FLAGS) -DSIMGPU_PTX_DIR='"$(SIMGPU)/ptx"' -o $@ $< $(SIMGPU_LIB) $(LDFLAGS) -lcriterion -lm

FRONTEND_TESTS := $(addprefix $(SIMGPU)/tests/,test_ptx test_engine test_planted test_planted_limits test_planted_sketch)
check-frontend: $(FRONTEND_TESTS) ## the simulated GPU's tests on PTX of another CUDA's front end: NVRTC=libnvrtc.so
	$(if $(NVRTC),,$(error check-frontend: NVRTC=…/libnvrtc.so.12 says which))
	@tools/frontend_check.py $(NVRTC) $(SIMGPU)/frontend
	@SIMGPU_PTX_DIR=$(SIMGPU)/frontend TESTS='$(FRONTEND_TESTS)' tests/run_tests.sh unit
.PHONY: check-frontend

-include tests/simgpu/rt.mk

# The stand-ins are tested by programs that nvcc builds.
ifeq ($(and $(RT_CUDA),$(SIMGPU_NVCC),$(or $(filter release,$(MODE)),$(SIMGPU_PRELOAD))),)
SIMGPU_TESTS := $(filter-out $(SIMGPU)/tests/test_rt%,$(SIMGPU_TESTS))
SIMGPU_SKIPPED := test_rt, test_rt_…: need the headers of CUDA, nvcc, and a release build or gcc's sanitizers
endif

check: simgpu $(SIMGPU_PTX) $(SIMGPU_TESTS)
test-simgpu: simgpu $(SIMGPU_PTX) $(SIMGPU_TESTS) ## the simulated GPU's tests
	@SIMGPU_PRELOAD=$(SIMGPU_PRELOAD) TESTS='$(SIMGPU_TESTS)' tests/run_tests.sh unit

MUTANTS ?= 1000
SEED ?= 1
test-mutants: program simgpu ## wrong changes of the CUDA kernels, in the simulated GPU: the share that tests notice (MUTANTS=1000|all SEED=1)
	@tests/simgpu/mutants.py --count $(MUTANTS) --seed $(SEED) $(B)/tokmark $(SIMGPU)

# The planted bugs' PTX for machines without nvcc, bare: no comments, no lines of the source.
simgpu-data:
	$(Q)for cu in $(SIMGPU_PLANTED); do ptx=$${cu%.cu}_80.ptx; echo "  NVCC $$ptx"; \
	  $(SIMGPU_NVCC) -std=c++17 -arch=compute_80 -ptx -o $$ptx $$cu && \
	  sed -E -i -e 's,[[:space:]]*//.*$$,,' -e 's/^[[:space:]]+//' -e 's/[[:space:]]+/ /g' -e '/^ *$$/d' $$ptx || exit 1; done

.PHONY: simgpu test-mutants test-simgpu simgpu-data
-include $(SIMGPU_OBJS:.o=.d) $(wildcard $(SIMGPU)/tests/*.d)

# The fuzz target of the decoder needs its objects, which libtokmark.a does not have.
SIMGPU_PTX_OBJS := $(patsubst tests/simgpu/%.c,$(SIMGPU)/%.o,$(wildcard tests/simgpu/ptx_*.c))
$(B)/fuzz/replay_fuzz_ptx: tests/fuzz/fuzz_ptx.c tests/fuzz/replay.c $(SIMGPU_PTX_OBJS) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_FLAGS) -o $@ tests/fuzz/fuzz_ptx.c tests/fuzz/replay.c $(SIMGPU_PTX_OBJS) $(LDFLAGS)
$(B)/fuzz/fuzz_ptx: tests/fuzz/fuzz_ptx.c $(SIMGPU_PTX_OBJS) $(B)/flags
	@mkdir -p $(@D)
	$(call say,TEST,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(TEST_FLAGS) -fsanitize=fuzzer -o $@ tests/fuzz/fuzz_ptx.c $(SIMGPU_PTX_OBJS) $(LDFLAGS)
