#!/bin/sh
# run_fuzz.sh PROGRAM...: each libFuzzer program for FUZZ_TIME seconds from its corpus. New inputs that reach new code are kept
# in build/fuzz-corpus, crashes in build/fuzz-crashes; copy what is worth keeping to tests/fuzz/corpus.
set -u
passed=0 failed=0
[ $# -gt 0 ] || { echo "run_fuzz.sh: no targets: tests/fuzz/fuzz_*.c"; exit 1; }
mkdir -p build/fuzz-crashes
for program in "$@"; do
  name=$(basename "$program" | sed 's/^fuzz_//')
  mkdir -p "build/fuzz-corpus/$name"
  echo "== $name, ${FUZZ_TIME:-20} s"
  if "$program" -max_total_time="${FUZZ_TIME:-20}" -timeout=10 -rss_limit_mb=4096 -print_final_stats=1 -verbosity=0 \
    -artifact_prefix="build/fuzz-crashes/$name-" "build/fuzz-corpus/$name" "tests/fuzz/corpus/$name" 2> "build/fuzz-corpus/$name.log"; then
    passed=$((passed + 1))
    grep -E 'number_of_executed_units|new_units_added' "build/fuzz-corpus/$name.log" | sed 's/^stat:://'
  else
    failed=$((failed + 1))
    tail -40 "build/fuzz-corpus/$name.log"
    echo "FAILED: $name: the input is in build/fuzz-crashes"
  fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
