#!/usr/bin/env bash
# gpu_day.sh test|day: what a machine with a GPU can show. TOKMARK, TESTS_DIR from the Makefile.
#   test   verification of every kernel, as a command and as a Criterion program; a short run whose file is validated
#   day    everything worth knowing in under BUDGET seconds (480), all files in one folder: test's steps, the environment, ceilings,
#          compute-sanitizer's four tools, single operations beside the vendor's, suite std-1
# Each step prints PASS, FAIL or SKIP with its reason; ends with "N passed, N failed, N skipped". Exit 1 if anything failed or no
# GPU is here.
set -uo pipefail
what=${1:?usage: gpu_day.sh test|day}
budget=${BUDGET:-480}
tokmark=${TOKMARK:-build/tokmark}
out=${OUT_DIR:-build/gpu-$what/$(date -u +%Y%m%dT%H%M%SZ)}
mkdir -p "$out"
started=$(date +%s)
passed=0 failed=0 skipped=0

left() { echo $((budget - $(date +%s) + started)); }
skip() {
  skipped=$((skipped + 1))
  echo "SKIP $1: $2"
}

# step NAME LIMIT COMMAND...: output to NAME.txt; a step that has less than half its time left is skipped.
step() {
  local name=$1 limit=$2 code began seconds
  shift 2
  if [ "$(left)" -lt $((limit / 2)) ]; then
    skip "$name" "$(left) of $budget s left, it may take $limit"
    return 1
  fi
  if [ "$limit" -gt "$(left)" ]; then limit=$(left); fi
  began=$(date +%s)
  timeout --kill-after=10 "$limit" "$@" > "$out/$name.txt" 2>&1 < /dev/null
  code=$?
  seconds=$(($(date +%s) - began))
  if [ $code -eq 0 ]; then
    passed=$((passed + 1))
    echo "PASS $name, $seconds s"
    return 0
  fi
  failed=$((failed + 1))
  if [ $code -eq 124 ]; then
    echo "FAIL $name: over its $limit s"
  else
    echo "FAIL $name: exit code $code, $seconds s; the end of $out/$name.txt:"
    tail -5 "$out/$name.txt" | sed 's/^/     /'
  fi
  return 1
}

# needs COMMAND NAME: whether it is here; a skip if not.
needs() {
  command -v "$1" > /dev/null && return 0
  skip "$2" "no $1 here"
  return 1
}

finish() {
  echo
  echo "files: $out"
  echo "$passed passed, $failed failed, $skipped skipped" | tee "$out/summary.txt"
  [ "$failed" -eq 0 ]
  exit
}

if ! reason=$("$tokmark" verify --device cuda --op embed --quick --seeds 1 2>&1); then
  echo "gpu_day.sh: no usable GPU: $(echo "$reason" | tail -1)" >&2
  exit 1
fi

verify() { step verify 120 "$tokmark" verify --device cuda; }
criterion() { step criterion 120 "$TESTS_DIR/test_cases_cuda" "--xml=$out/criterion.xml" --jobs 1; }
graphs() { step graphs 40 "$TESTS_DIR/test_steps_cuda" --jobs 1; } # what is timed against the same ops one by one
smoke() {
  step smoke 60 "$tokmark" run --device cuda --model qwen2.5-0.5b --phase decode,prefill --batch 1,32 --time 0.5 -o "$out/smoke.json" --force &&
    step smoke-schema 20 tests/validate_results.py "$out/smoke.json"
}

if [ "$what" = test ]; then
  verify
  criterion
  graphs
  smoke
  finish
fi

needs nvidia-smi environment && step environment 20 bash -c 'nvidia-smi -q; nvidia-smi topo -m; uname -a; lscpu; nvcc --version || true'
step devices 60 "$tokmark" devices
verify
smoke
for tool in memcheck racecheck synccheck initcheck; do
  needs compute-sanitizer "sanitizer-$tool" &&
    step "sanitizer-$tool" 50 compute-sanitizer --tool "$tool" --error-exitcode 9 "$tokmark" verify --device cuda --quick --seeds 1
done
step ops 60 "$tokmark" ops --device cuda -o "$out/ops.json" --force
step std-1 200 "$tokmark" run --device cuda --per-op -o "$out/std-1.json" --force &&
  step std-1-schema 20 tests/validate_results.py "$out/std-1.json"
graphs
criterion
finish
