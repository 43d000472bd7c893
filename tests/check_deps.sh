#!/bin/sh
# check_deps.sh: includes point one way. Each rule is a check of all files it speaks of; prints "[DEPS] N passed, N failed".
#
#   main → cmd_* → {sweep, verify, measure, target, compare, out_*, runner} → {plan, cost, roofline, stats, verdict,
#   result_json, model_config, host, data_embed} → {opt, json} → include/tokmark
set -u
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0

# rule NAME OFFENDERS: lines that break it; none is a pass.
rule() {
  if [ -z "$2" ]; then
    passed=$((passed + 1))
  else
    failed=$((failed + 1))
    echo "FAILED: $1"
    echo "$2" | sed 's/^/  /'
  fi
}
# "file:line:included" of every #include in the files given.
includes() { awk 'match($0, /^[ \t]*#[ \t]*include[ \t]*[<"][^>"]*/) { name = $0; sub(/^[ \t]*#[ \t]*include[ \t]*/, "", name); sub(/[>"][^>"]*$/, "", name); print FILENAME ":" FNR ":" name }' "$@" /dev/null; }
sources() { git ls-files -co --exclude-standard -- "$@" 2>/dev/null | grep -E '\.(c|h|cu|cuh|inc)$' || find "$@" -type f \( -name '*.[ch]' -o -name '*.cu' -o -name '*.cuh' -o -name '*.inc' \); }

harness=$(sources harness) kernels=$(sources kernels) contracts=$(sources include) tests=$(sources tests)
# shellcheck disable=SC2086
all=$(includes $harness $kernels $contracts $tests)
if [ -z "$harness" ] || [ -z "$contracts" ] || [ -z "$all" ]; then echo "check_deps: no sources found"; exit 1; fi
in_files() { echo "$all" | grep -E "^$1"; }

rule "include/tokmark includes only itself and the C library" "$(
  in_files include/ | grep -E ':"' | grep -vE ':"tokmark/'
  in_files include/ | grep -E ':<' | grep -vE ':<(limits|math|stdbool|stddef|stdint|stdio|string)\.h$'
)"
rule "harness includes no header of kernels" "$(in_files harness/ | grep -E ':"' | while IFS=: read -r file line name; do
  case $name in \"tokmark/*) continue ;; esac
  [ -f "harness/${name#\"}" ] || [ "$name" = '"version.h' ] || echo "$file:$line:$name"
done)"
for folder in ref cpu null cuda; do
  rule "kernels/$folder includes include/tokmark and its own folder only" "$(
    in_files "kernels/$folder/" | grep -E ':"' | grep -vE ':"tokmark/' | while IFS=: read -r file line name; do
      [ -f "$(dirname "$file")/${name#\"}" ] || echo "$file:$line:$name"
    done
  )"
done
rule "only harness/json.c includes cJSON.h" "$(echo "$all" | grep -E 'cJSON\.h$' | grep -v '^harness/json\.c:')"
rule "CUDA headers stand in kernels/cuda and comm_nccl.c only" "$(
  echo "$all" | grep -E ':[<"](cuda|cublas|nvml|nccl|curand)[A-Za-z_0-9/]*\.h' |
    grep -vE '^(kernels/cuda/|harness/comm_nccl\.c:|tests/simgpu/|tests/ops/test_[a-z]*_cuda\.c:)'
)"
rule "only comm_mpi.c includes mpi.h" "$(echo "$all" | grep -E ':[<"]mpi\.h' | grep -v '^harness/comm_mpi\.c:')"
rule "Criterion stands in tests only" "$(echo "$all" | grep -E ':[<"]criterion/' | grep -v '^tests/')"

# A file may include what is at its own level or below.
layers='
5 main
4 cmd device_choose rank_device
3 comm_bench sweep verify measure target claim_table gpu_table compare report import out runner op_bench op_shapes scale
2 affinity comm parallel plan cost gemm_result preflight roofline stats html result result_json verdict model_config model_family host identity data_embed build_info version
1 opt opt_text output_file result_files intern stop json
'
rule "harness includes point downwards" "$(in_files harness/ | grep -E ':"' | grep -vE ':"tokmark/' | awk -F: -v layers="$layers" '
  function level(stem,  s) { # by the longest known beginning: plan_rope is plan
    for (s = stem; s != ""; s = (s ~ /_/) ? substr(s, 1, match(s, /_[^_]*$/) - 1) : "") if (s in of) return of[s]
    return -1
  }
  BEGIN {
    count = split(layers, row, "\n")
    for (i = 1; i <= count; i++) { fields = split(row[i], word, " "); for (j = 2; j <= fields; j++) of[word[j]] = word[1] }
  }
  {
    file = $1; sub(/^harness\//, "", file); sub(/\.[a-z]+$/, "", file)
    name = $3; sub(/^"/, "", name); sub(/\.h$/, "", name); sub(/^.*\//, "", name)
    to = level(name)
    if (to < 0) { print $0 "\": no level for it in tests/check_deps.sh"; next }
    from = level(file)
    if (from < 0) from = 2 # files that implement include/tokmark: data and names
    if (to > from) print $0 "\": level " to " from level " from
  }')"

# Features are asked for at run time.
# shellcheck disable=SC2086
rule "#if for features stands in the registry only" "$(
  grep -nE '^[ \t]*#[ \t]*(if|ifdef|ifndef|elif).*TMK_HAVE_' $harness $kernels $contracts /dev/null | grep -v '^harness/registry\.c:'
)"
# shellcheck disable=SC2086
rule "file names are unique in the tree" "$(for file in $harness $kernels $contracts $tests; do basename "$file"; done | sort | uniq -d)"

echo "[DEPS] $passed passed, $failed failed"
[ "$failed" -eq 0 ]
