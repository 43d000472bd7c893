#!/bin/sh
# run_tests.sh unit|all: runs the test programs of a build, prints what each says, and closes with one sum of them all.
# From the Makefile: TESTS and REPLAYS (programs), SIMGPU and SIMGPU_CASES (the stand-ins' folder, and programs that run on each of the GPUs that
# they claim to be), SKIPPED (a program that can't run here, and why), PROGRAM (tokmark), MPI_PROGRAM (the same with MPI), ASAN (yes in an asan build), RUNNER (an emulator).
# JUNIT: a folder for Criterion's XML, a file a program.
# Fails if anything failed, if a program died without a count, or if nothing ran.
set -u
what=${1:-all}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
trap 'exit 130' INT TERM
passed=0 failed=0 skipped=0 broken=""
[ -z "${JUNIT:-}" ] || mkdir -p "$JUNIT"

# count NAME CODE PASSED FAILED SKIPPED: adds one program's figures; a bad exit without a failure counts as one.
count() {
  passed=$((passed + $3)) failed=$((failed + $4)) skipped=$((skipped + $5))
  if [ "$2" -ne 0 ] && [ "$4" -eq 0 ]; then
    failed=$((failed + 1))
    echo "FAILED: $1: exit code $2 with no failed test counted"
  fi
  if [ "$2" -ne 0 ] || [ "$4" -ne 0 ]; then broken="$broken $1"; fi
}

# The figures of Criterion's closing line: "[====] Synthesis: Tested: 57 | Passing: 57 | Failing: 0 | Crashing: 0". A part of a
# test that can't run here says so by cr_log_warn("skipped: why").
run_criterion() {
  name=$(basename "$1")${2:+ on a simulated $2}
  echo "== $name"
  # shellcheck disable=SC2086
  timeout 900 ${RUNNER:-} "$1" ${3:-} ${JUNIT:+"--xml=$JUNIT/$(echo "$name" | tr ' ' -).xml"} --color=never --ignore-warnings --jobs "$(nproc 2>/dev/null || echo 2)" > "$log" 2>&1
  code=$?
  cat "$log"
  figures=$(sed -n 's/.*Synthesis: Tested: \([0-9]*\) | Passing: \([0-9]*\) | Failing: \([0-9]*\) | Crashing: \([0-9]*\).*/\1 \2 \3 \4/p' "$log" | tail -1)
  # shellcheck disable=SC2086
  set -- ${figures:-0 0 0 0}
  if [ "$1" -eq 0 ] && [ "$code" -eq 0 ]; then
    echo "FAILED: $name: ran no test"
    code=1
  fi
  count "$name" "$code" "$2" $(($1 - $2)) "$(grep -cE '^\[(WARN\] skipped: |SKIP\])' "$log")"
}

# A program that closes with "[TAG] N passed, N failed" or "…, N skipped".
run_counted() {
  name=$1
  shift
  echo "== $name"
  timeout 900 "$@" > "$log" 2>&1
  code=$?
  cat "$log"
  figures=$(sed -n 's/^\[[A-Z-]*\] \([0-9]*\) passed, \([0-9]*\) failed\(, \([0-9]*\) skipped\)\{0,1\}$/\1 \2 \4/p' "$log" | tail -1)
  # shellcheck disable=SC2086
  set -- ${figures:-0 0 0}
  if [ "$(($1 + $2))" -eq 0 ] && [ "$code" -eq 0 ]; then
    echo "FAILED: $name: ran no test"
    code=1
  fi
  count "$name" "$code" "$1" "$2" "${3:-0}"
}

# A test's own process ends by _exit, so leaks say nothing there; they are checked on the program itself, below.
export ASAN_OPTIONS="${ASAN_OPTIONS:-detect_leaks=0}" UBSAN_OPTIONS="${UBSAN_OPTIONS:-print_stacktrace=1}"
for test in ${TESTS:-}; do run_criterion "$test"; done
for device in ${SIMGPU_CASES:+A100 H100 B200}; do
  export SIMGPU_DEVICE="$device" LD_LIBRARY_PATH="$SIMGPU"
  for test in $SIMGPU_CASES; do run_criterion "$test" "$device"; done
  unset SIMGPU_DEVICE LD_LIBRARY_PATH
done
# With few SMs small shapes take the kernels that large ones take on the whole device.
for group in ${SIMGPU_CASES:+gemm attention}; do
  for test in $SIMGPU_CASES; do
    case $test in *test_cases_cuda) ;; *) continue ;; esac
    export SIMGPU_DEVICE=H100 SIMGPU_SMS=3 LD_LIBRARY_PATH="$SIMGPU"
    run_criterion "$test" "H100 of 3 SMs" "--filter=*/$group"
    unset SIMGPU_DEVICE SIMGPU_SMS LD_LIBRARY_PATH
  done
done
if [ -n "${SKIPPED:-}" ]; then
  echo "skipped: $SKIPPED"
  skipped=$((skipped + 1))
fi
if [ "$what" = all ]; then
  export ASAN_OPTIONS=detect_leaks=1
  for replay in ${REPLAYS:-}; do
    name=$(basename "$replay" | sed 's/^replay_fuzz_//')
    run_counted "fuzz corpus: $name" "$replay" "tests/fuzz/corpus/$name"
  done
  run_counted "command line" env TOKMARK="$PROGRAM" ASAN="${ASAN:-}" tests/cli/run_cli.py
  if [ -n "${MPI_PROGRAM:-}" ] && [ -z "${ASAN:-}" ]; then
    run_counted "command line, MPI" env TOKMARK="$MPI_PROGRAM" tests/cli/run_cli.py test_comm_mpi test_run_mpi test_scale_mpi test_nodes across_processes
  else
    echo "skipped: ranks under mpirun: no MPI here, or a sanitized build"
    skipped=$((skipped + 1))
  fi
  if [ -n "${SIMGPU_CASES:-}" ]; then
    # A sample of the wrong kernels that `make test-mutants` makes, from tables that are quick to walk; the floor is what they catch today.
    run_counted "mutants, a sample" tests/simgpu/mutants.py --count 60 --op swiglu,sample,rmsnorm,embed,gemm:3 --floor 86 "$PROGRAM" "$SIMGPU"
  fi
  run_counted "include rules" tests/check_deps.sh
fi

echo
if [ "$((passed + failed))" -eq 0 ]; then
  echo "FAILED: no test ran"
  failed=1
fi
[ -z "$broken" ] || echo "FAILED:$broken"
if [ "$skipped" -eq 0 ]; then
  echo "$passed passed, $failed failed"
else
  echo "$passed passed, $failed failed, $skipped skipped"
fi
[ "$failed" -eq 0 ]
