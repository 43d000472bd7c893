# rt.mk: the stand-ins for NVIDIA's libraries, where CUDA's headers are. Included by simgpu.mk; by hand:
#   make -f Makefile -f tests/simgpu/rt.mk simgpu
# Versions and sonames are those of the libraries that programs were linked with.

RT_CUDA := $(firstword $(patsubst %/include/cuda_runtime_api.h,%,$(wildcard $(addsuffix /include/cuda_runtime_api.h,$(CUDA_HOME) /usr/local/cuda))))
RT_OBJS := $(patsubst tests/simgpu/%.c,$(SIMGPU)/rt/%.o,$(filter-out tests/simgpu/rt_nvml.c,$(wildcard tests/simgpu/rt_*.c)))
RT_NVML := $(if $(wildcard tests/simgpu/rt_nvml.c),$(SIMGPU)/libnvidia-ml.so.1)
LT_OBJS := $(if $(wildcard $(RT_CUDA)/include/cublasLt.h),$(patsubst tests/simgpu/%.c,$(SIMGPU)/rt/%.o,$(filter-out %_version.c,$(wildcard tests/simgpu/cublaslt_*.c))))
RT_CUBLASLT := $(if $(LT_OBJS),$(SIMGPU)/libcublasLt.so.13 $(SIMGPU)/libcublasLt.so.12)
# NCCL: where its header is.
NCCL_HEADER := $(firstword $(wildcard $(addsuffix /include/nccl.h,$(NCCL_HOME) $(RT_CUDA) /usr/local /usr)))
NCCL_OBJS := $(if $(NCCL_HEADER),$(patsubst tests/simgpu/%.c,$(SIMGPU)/rt/%.o,$(wildcard tests/simgpu/nccl_*.c)))
RT_NCCL := $(if $(NCCL_OBJS),$(SIMGPU)/libnccl.so.2)
RT_PROGRAMS := $(patsubst tests/simgpu/programs/%.cu,$(SIMGPU)/programs/%,$(wildcard tests/simgpu/programs/*.cu))

# A sanitized stand-in needs the sanitizer's library loaded first: SIMGPU_PRELOAD (gcc's; clang has it inside the program).
SIMGPU_PRELOAD := $(if $(filter asan,$(MODE)),$(if $(findstring clang,$(COMPILER)),,$(shell $(CC) -print-file-name=libasan.so)))
ifneq ($(and $(RT_CUDA),$(filter release asan,$(MODE))),)
simgpu: $(SIMGPU)/libcudart.so.13 $(SIMGPU)/libcudart.so.12 $(SIMGPU)/libcuda.so.1 $(RT_NVML) $(RT_CUBLASLT) $(RT_NCCL)
check test-simgpu: $(if $(SIMGPU_NVCC),$(RT_PROGRAMS))
endif

# CUDA's names are exported by version; everything else is hidden by it.
$(SIMGPU)/rt/%.o: tests/simgpu/%.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(filter-out -fvisibility=hidden,$(SIMGPU_FLAGS)) -isystem $(RT_CUDA)/include $(EXTRA_INCLUDE) -MMD -MP -c -o $@ $<

$(SIMGPU)/libcudart.so.%: $(RT_OBJS) $(SIMGPU_LIB)
	$(call say,LINK,$@)
	@printf 'libcudart.so.%s { global: cuda*; __cuda*; local: *; };\n' $* > $(SIMGPU)/cudart.$*.map
	$(Q)$(CC) $(SIMGPU_FLAGS) -shared -Wl,-z,defs -Wl,-soname,libcudart.so.$* -Wl,--version-script=$(SIMGPU)/cudart.$*.map \
	  -o $@ $(RT_OBJS) $(SIMGPU_LIB) $(LDFLAGS) -lm

$(SIMGPU)/libcuda.so.1: $(RT_OBJS) $(SIMGPU_LIB)
	$(call say,LINK,$@)
	@printf '{ global: cu[A-Z]*; local: *; };\n' > $(SIMGPU)/cuda.map
	$(Q)$(CC) $(SIMGPU_FLAGS) -shared -Wl,-z,defs -Wl,-soname,libcuda.so.1 -Wl,--version-script=$(SIMGPU)/cuda.map \
	  -o $@ $(RT_OBJS) $(SIMGPU_LIB) $(LDFLAGS) -lm

$(SIMGPU)/libnvidia-ml.so.1: $(SIMGPU)/rt/rt_nvml.o $(SIMGPU_LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(SIMGPU_FLAGS) -shared -Wl,-z,defs -Wl,-soname,libnvidia-ml.so.1 -o $@ $^ $(LDFLAGS) -lm

# cuBLASLt works in the streams of the runtime that it is loaded beside. Versions: of the toolkit's header, and of CUDA 12.9.
LT_VERSION_13 := CUBLAS_VERSION
LT_VERSION_12 := 120900
$(SIMGPU)/rt/cublaslt_version.12.o $(SIMGPU)/rt/cublaslt_version.13.o: $(SIMGPU)/rt/cublaslt_version.%.o: tests/simgpu/cublaslt_version.c $(B)/flags
	@mkdir -p $(@D)
	$(call say,CC,$@)
	$(Q)$(CC) $(filter-out -fvisibility=hidden,$(SIMGPU_FLAGS)) -isystem $(RT_CUDA)/include -DLT_VERSION=$(LT_VERSION_$*) -MMD -MP -c -o $@ $<
$(SIMGPU)/libcublasLt.so.%: $(LT_OBJS) $(SIMGPU)/rt/cublaslt_version.%.o $(SIMGPU)/libcudart.so.% $(SIMGPU_LIB)
	$(call say,LINK,$@)
	@printf 'libcublasLt.so.%s { global: cublasLt*; local: *; };\n' $* > $(SIMGPU)/cublaslt.$*.map
	$(Q)$(CC) $(SIMGPU_FLAGS) -shared -Wl,-z,defs -Wl,-soname,libcublasLt.so.$* -Wl,--version-script=$(SIMGPU)/cublaslt.$*.map \
	  -Wl,-rpath,'$$ORIGIN' -o $@ $(LT_OBJS) $(SIMGPU)/rt/cublaslt_version.$*.o $(SIMGPU)/libcudart.so.$* $(SIMGPU_LIB) $(LDFLAGS) -lm

# NCCL works in the streams of whichever runtime the program was linked with: its symbols are found when it is loaded.
$(NCCL_OBJS): EXTRA_INCLUDE := -isystem $(dir $(NCCL_HEADER))
$(SIMGPU)/libnccl.so.2: $(NCCL_OBJS)
	$(call say,LINK,$@)
	@printf '{ global: nccl*; local: *; };\n' > $(SIMGPU)/nccl.map
	$(Q)$(CC) $(SIMGPU_FLAGS) -shared -Wl,-soname,libnccl.so.2 -Wl,--version-script=$(SIMGPU)/nccl.map -o $@ $(NCCL_OBJS) $(LDFLAGS)

# Ordinary programs, as a user of CUDA builds them.
$(SIMGPU)/programs/streams: RT_ARCH := -gencode arch=compute_80,code=[compute_80,sm_80] -gencode arch=compute_90,code=[compute_90,sm_90]
$(SIMGPU)/programs/%: tests/simgpu/programs/%.cu
	@mkdir -p $(@D)
	$(call say,NVCC,$@)
	$(Q)$(SIMGPU_NVCC) -std=c++17 $(or $(RT_ARCH),-arch=sm_80) -cudart shared -lineinfo --compress-mode=none -o $@ $<

-include $(RT_OBJS:.o=.d) $(LT_OBJS:.o=.d) $(NCCL_OBJS:.o=.d) $(wildcard $(SIMGPU)/rt/cublaslt_version.*.d)
