#!/bin/sh
# deps.sh build|test|dev ...: installs what building, testing or developing needs and this machine lacks, from the
# distribution's packages. Says what and why; when all is there it installs nothing. CUDA and NCCL are never installed here.
set -eu
cc=${CC:-gcc}
case $cc in
*clang*) cc_apt="clang libomp-dev" cc_dnf="clang libomp-devel" cc_pacman="clang openmp" cc_apk="clang openmp-dev" ;;
*) cc_apt=gcc cc_dnf=gcc cc_pacman=gcc cc_apk=gcc ;;
esac

# --- what is here ---
have_command() { command -v "$1" > /dev/null 2>&1; }
# shellcheck disable=SC2086
have_header() { have_command "$cc" && echo "#include <$1>" | "$cc" ${CFLAGS:-} -E -x c - > /dev/null 2>&1; }
have_python_module() {
  for python in python3 /usr/bin/python3; do
    if have_command "$python" && "$python" -c "import $1" > /dev/null 2>&1; then return 0; fi
  done
  return 1
}
have_openmp() { have_command "$cc" && echo '#include <omp.h>' | "$cc" -fopenmp -E -x c - > /dev/null 2>&1; }
have_cjson() { [ -n "${CJSON_PREFIX:-}" ] || have_header cjson/cJSON.h; }
have_fuzzer() {
  have_command clang || return 1
  probe=$(mktemp)
  echo 'int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n); int LLVMFuzzerTestOneInput(const unsigned char *d, unsigned long n) { return d == 0 && n; }' |
    clang -fopenmp -fsanitize=fuzzer,address -x c - -o "$probe" > /dev/null 2>&1 && result=0 || result=1
  rm -f "$probe"
  return "$result"
}

have_chartjs() { [ -f /usr/share/javascript/chart.js/chart.min.js ] || [ -f /usr/share/nodejs/chart.js/dist/chart.min.js ]; }
have_browser() { have_command chromedriver && { have_command chromium || have_command google-chrome || have_command chromium-browser; }; }

# --- rows: kind ("build?": wanted, and done without where it can't be had) | test | what and why | apt | dnf | pacman | apk ---
rows() {
  cat <<ROWS
build|have_command $cc|a C compiler ($cc)|$cc_apt libc6-dev|$cc_dnf|$cc_pacman|$cc_apk musl-dev
build|have_header stdio.h|the C library's headers|libc6-dev|glibc-devel|glibc|musl-dev
build|have_openmp|OpenMP, for threads|$cc_apt|$cc_dnf|$cc_pacman|$cc_apk
build|have_cjson|cJSON, to read and write JSON|libcjson-dev|cjson-devel|cjson|cjson-dev
build?|have_chartjs|Chart.js, for interactive charts in HTML reports|libjs-chart.js|||
test|have_header criterion/criterion.h|Criterion, for unit tests|libcriterion-dev|libcriterion-devel|criterion|criterion-dev
test|have_command python3|Python 3, for the command-line tests|python3|python3|python|python3
test|have_python_module jsonschema|jsonschema, to check result files against their schema|python3-jsonschema|python3-jsonschema|python-jsonschema|py3-jsonschema
test?|have_command mpicc && have_command mpirun|Open MPI, to test ranks that are processes|libopenmpi-dev openmpi-bin|openmpi-devel|openmpi|openmpi-dev openmpi
test?|have_browser|Chromium and its driver, for the tests of the HTML report|chromium chromium-driver|chromium chromedriver|chromium|chromium chromium-chromedriver
dev|have_fuzzer|clang with libFuzzer and OpenMP, for make fuzz and CC=clang|clang libclang-rt-dev libomp-dev|clang compiler-rt libomp-devel|clang compiler-rt openmp|clang compiler-rt openmp-dev
dev|have_command clang-format|clang-format, for make format|clang-format|clang-tools-extra|clang|clang-extra-tools
dev|have_command aarch64-linux-gnu-gcc|a cross compiler, for make check-aarch64|gcc-aarch64-linux-gnu libc6-dev-arm64-cross|gcc-aarch64-linux-gnu|aarch64-linux-gnu-gcc|gcc-aarch64-none-elf
dev|have_command qemu-aarch64|qemu-user, to run what was cross-built|qemu-user|qemu-user|qemu-user|qemu-aarch64
dev|have_command valgrind|valgrind|valgrind|valgrind|valgrind|valgrind
ROWS
}

[ $# -gt 0 ] || { echo "usage: tools/deps.sh build|test|dev ..." >&2; exit 2; }
missing="" wanted="" wanted_apt=""
while IFS='|' read -r kind test why apt dnf pacman apk; do
  case " $* " in *" ${kind%\?} "*) ;; *) continue ;; esac
  if eval "$test"; then continue; fi
  if [ "${kind%\?}" != "$kind" ]; then
    wanted="$wanted${wanted:+; }$why" wanted_apt="$wanted_apt $apt"
  else
    missing="$missing$why|$apt|$dnf|$pacman|$apk
"
  fi
done <<ROWS_END
$(rows)
ROWS_END

# What is wanted is installed where that takes no question; its lack is said and is no failure.
install_wanted() {
  [ -n "$wanted" ] || return 0
  # shellcheck disable=SC2086
  if have_command apt-get && apt-cache show $wanted_apt > /dev/null 2>&1; then
    [ "$(id -u)" -eq 0 ] && as_root="" || as_root="sudo -n"
    echo "deps: apt-get install$wanted_apt ($wanted)"
    # shellcheck disable=SC2086
    if $as_root env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 install -y --no-install-recommends $wanted_apt < /dev/null > /dev/null 2>&1; then return 0; fi
  fi
  echo "deps: done without: $wanted"
}
if [ -z "$missing" ]; then
  install_wanted
  exit 0
fi

echo "deps: missing here:"
printf '%s' "$missing" | cut -d'|' -f1 | sed 's/^/  - /'
packages() { printf '%s' "$missing" | cut -d'|' -f"$1" | tr ' ' '\n' | sort -u | tr '\n' ' ' | sed 's/ *$//'; }

if ! have_command apt-get; then
  echo "deps: install them with one of:"
  echo "  dnf install $(packages 3)"
  echo "  pacman -S $(packages 4)"
  echo "  apk add $(packages 5)"
  exit 1
fi
apt=$(packages 2)
sudo=""
if [ "$(id -u)" -ne 0 ]; then
  if ! have_command sudo; then
    echo "deps: as root: apt-get update && apt-get install $apt"
    exit 1
  fi
  sudo="sudo"
  [ -t 0 ] || sudo="sudo -n"
fi
run_apt() { $sudo env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 "$@" < /dev/null > "$log" 2>&1; }
log=$(mktemp)
trap 'rm -f "$log"' EXIT
run_apt update || echo "deps: apt-get update failed: going on with the lists that are here"
# libclang-rt-dev is part of another package in older releases.
apt-cache show libclang-rt-dev > /dev/null 2>&1 || apt=$(echo "$apt" | sed 's/libclang-rt-dev *//')
echo "deps: ${sudo:+$sudo }apt-get install $apt"
# shellcheck disable=SC2086
if ! run_apt install -y --no-install-recommends $apt; then
  tail -20 "$log"
  echo "deps: apt-get could not install: $apt"
  exit 1
fi
echo "deps: installed"
install_wanted
