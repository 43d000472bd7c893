# tokmark. `make help` lists the targets. Each configuration builds in a folder of its own; build/tokmark links to the last.
#   MODE=release|debug|asan   CUDA=auto|0|1   MPI=0|1   CC=gcc|clang|…

VERSION := 0.1.0

MODE ?= release
CUDA ?= auto
MPI ?= 0
ifeq ($(origin CC),default)
CC := gcc
endif

CONFIG := $(MODE)$(if $(filter-out gcc,$(notdir $(CC))),-$(notdir $(CC)))
B := build/$(CONFIG)
ARCH := $(shell $(CC) -dumpmachine | cut -d- -f1)

WARN := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wno-unknown-warning-option
# Contraction would make fill values and references differ between machines (include/tokmark/fill.h).
BASE := -std=c17 -D_GNU_SOURCE -Iinclude -iquote harness $(WARN) -g -ffp-contract=off -fno-math-errno -fopenmp
FLAGS_release := -O3
FLAGS_debug := -O0
FLAGS_asan := -O1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
CFLAGS_ALL := $(BASE) $(FLAGS_$(MODE)) $(CFLAGS)
LDLIBS_ALL := -lcjson -lm $(LDLIBS)

# SIMD files compile with their own instruction set and are reached only after a check at run time.
ifeq ($(ARCH),x86_64)
SIMD_avx512 := -mavx512f -mavx512bw -mavx512vl -mavx512dq -mfma -mf16c
SIMD_avx2 := -mavx2 -mfma -mf16c
endif

GIT := $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)$(shell git diff --quiet HEAD 2>/dev/null || echo -dirty)
HARNESS := $(filter-out harness/main.c,$(wildcard harness/*.c))
KERNELS := $(wildcard kernels/ref/*.c kernels/cpu/*.c kernels/null/*.c)
OBJS := $(patsubst %.c,$(B)/%.o,$(HARNESS) $(KERNELS))
LIB := $(B)/libtokmark.a
DATA := $(wildcard harness/data/*.json)

all: $(B)/tokmark
	@mkdir -p build && ln -sfn $(CONFIG)/tokmark build/tokmark

$(B)/tokmark: $(B)/harness/main.o $(LIB)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS) -o $@ $^ $(LDLIBS_ALL)

$(LIB): $(OBJS)
	@rm -f $@
	$(AR) rcs $@ $^

# The stamp changes when the flags do, and everything depends on it.
FLAGS_TEXT := $(CC) $(CFLAGS_ALL) | $(LDFLAGS) $(LDLIBS_ALL) | $(SIMD_avx512) | $(SIMD_avx2)
$(B)/flags: FORCE
	@mkdir -p $(B); printf '%s\n' '$(FLAGS_TEXT)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_TEXT)' > $@

$(B)/%_avx512.o: SIMD := $(SIMD_avx512)
$(B)/%_avx2.o: SIMD := $(SIMD_avx2)
$(B)/harness/data_embed.o: SIMD := -DTMK_DATA_DIR='"harness/data"'
$(B)/harness/data_embed.o: $(DATA)

# What --version says, apart from the flags, so that a commit recompiles one file.
VERSION_TEXT := \#define TMK_VERSION "$(VERSION)"\n\#define TMK_GIT_REVISION "$(GIT)"\n\#define TMK_BUILD_FEATURES "$(MODE); cuda: no; mpi: no"\n
$(B)/version.h: FORCE
	@mkdir -p $(B); printf '$(VERSION_TEXT)' | cmp -s - $@ || printf '$(VERSION_TEXT)' > $@
$(B)/harness/build_info.o: SIMD := -iquote $(B)
$(B)/harness/build_info.o: $(B)/version.h
$(B)/%.o: %.c $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(SIMD) -MMD -MP -c -o $@ $<

# Unit tests: each tests/unit/test_*.c is a Criterion program of its own, linked against the archive.
UNIT := $(patsubst tests/unit/%.c,$(B)/tests/%,$(wildcard tests/unit/test_*.c))
$(B)/tests/%: tests/unit/%.c $(LIB) $(B)/flags
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -Wno-conversion -Wno-missing-prototypes -MMD -MP -o $@ $< $(LIB) $(LDFLAGS) -lcriterion $(LDLIBS_ALL)
unit: $(UNIT)
	@set -e; for t in $(UNIT); do echo "== $$t"; $$t; done

clean:
	rm -rf build

FORCE:
.PHONY: all unit clean FORCE
.DELETE_ON_ERROR:
-include $(OBJS:.o=.d) $(B)/harness/main.d $(UNIT:=.d)
