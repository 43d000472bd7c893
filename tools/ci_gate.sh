#!/usr/bin/env bash
# ci_gate.sh OUT_DIR [arguments of `tokmark run`]: measures this machine and holds it against the committed baseline of its device.
#   TOKMARK    the program (build/tokmark)
#   RESULTS    where baselines are (results): those of RESULTS/<device-slug>/ with the git revision of the newest one
#   RUNS       runs to make (1): the more, the smaller a difference that is told apart
#   MAKE_ONLY  given: measure and report, compare with nothing
# In OUT_DIR: new/*.json, compare.txt, compare.md, compare.xml (JUnit), report.html. compare.md goes to $GITHUB_STEP_SUMMARY too.
# Exit codes are those of `tokmark compare --strict` but for 11, which is said and passes; a run that failed has its own, 1 or 2; without a
# baseline it is 0, and said so.
set -uo pipefail
out=${1:?usage: ci_gate.sh OUT_DIR [arguments of tokmark run]}
shift
tokmark=${TOKMARK:-build/tokmark}
results=${RESULTS:-results}
mkdir -p "$out/new" || exit 2
code=0

for n in $(seq 1 "${RUNS:-1}"); do
  "$tokmark" run -o "$out/new/$n.json" --force "$@"
  ran=$?
  # 1: a point failed or is INVALID; the file holds the others, and the comparison says which.
  if [ $ran -gt 1 ]; then exit $ran; fi
  if [ $ran -ne 0 ]; then code=$ran; fi
done

slug=$(sed -n 's/^ *"slug": "\([a-z0-9-]*\)".*/\1/p' "$out/new/1.json" | head -1)
newest=$(find "$results/${slug:-none}" -maxdepth 1 -name '*.json' 2> /dev/null | sort | tail -1)
if [ -n "${MAKE_ONLY:-}" ] || [ -z "$newest" ]; then
  why="no baseline in $results/$slug; results/README.md says how to add one"
  if [ -n "${MAKE_ONLY:-}" ]; then why="MAKE_ONLY"; fi
  echo "ci_gate: nothing is compared: $why" | tee "$out/compare.md"
  "$tokmark" report "$out/new" -o "$out/report.html" --force || code=$?
else
  revision=${newest##*-}
  rm -rf "$out/base" && mkdir -p "$out/base"
  for file in "$results/$slug"/*-"$revision"; do cp "$file" "$out/base/"; done
  "$tokmark" compare "$out/base" "$out/new" --strict -o "$out/compare.txt" --force
  compared=$?
  "$tokmark" compare "$out/base" "$out/new" --format md -o "$out/compare.md" --force 2> /dev/null
  "$tokmark" compare "$out/base" "$out/new" --format junit -o "$out/compare.xml" --force 2> /dev/null
  [ -f "$out/compare.txt" ] && cat "$out/compare.txt"
  "$tokmark" report "$out/base" "$out/new" -o "$out/report.html" --force || code=$?
  case $compared in
    0) ;;
    11) echo "ci_gate: no point is slower for sure; some are ambiguous: RUNS=${RUNS:-1} is too few to tell" ;;
    *) code=$compared ;;
  esac
fi
if [ -n "${GITHUB_STEP_SUMMARY:-}" ] && [ -f "$out/compare.md" ]; then cat "$out/compare.md" >> "$GITHUB_STEP_SUMMARY"; fi
exit $code
