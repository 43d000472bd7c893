#!/bin/sh
# check_aarch64.sh: cross-builds for aarch64 and runs the unit and op tests under qemu-user. Arm packages of the libraries
# are unpacked into build/sysroot-arm64 by an apt of its own: the system's packages and settings stay as they are.
set -eu
cd "$(dirname "$0")/.."
sysroot=$PWD/build/sysroot-arm64/root
if [ "$(uname -m)" = aarch64 ]; then
  echo "this machine is aarch64: make check runs the tests natively"
  exec make check
fi
for tool in aarch64-linux-gnu-gcc qemu-aarch64 apt-get dpkg; do
  command -v $tool > /dev/null || { echo "check-aarch64: no $tool: 'make deps-dev' installs what is missing (Debian, Ubuntu)"; exit 1; }
done

if [ ! -e "$sysroot/done" ]; then
  apt=$PWD/build/sysroot-arm64/apt
  rm -rf build/sysroot-arm64
  mkdir -p "$apt/state/lists/partial" "$apt/cache/archives/partial" "$sysroot"
  : > "$apt/state/status"
  apt_arm() {
    apt-get -qq -o Dir::State="$apt/state" -o Dir::State::status="$apt/state/status" -o Dir::Cache="$apt/cache" \
      -o APT::Architecture=arm64 -o APT::Architectures=arm64 -o APT::Sandbox::User= "$@" < /dev/null > "$apt/log" 2>&1 ||
      { tail -5 "$apt/log"; echo "check-aarch64: no arm64 packages from this machine's sources (Ubuntu keeps them elsewhere: ports.ubuntu.com)"; exit 1; }
  }
  echo "check-aarch64: unpacking arm64 libraries into build/sysroot-arm64"
  apt_arm update
  apt_arm install -y --download-only --no-install-recommends libcriterion-dev libcjson-dev libgomp1
  for package in "$apt"/cache/archives/*.deb; do dpkg -x "$package" "$sysroot"; done
  rm -rf "$apt"
  touch "$sysroot/done"
fi

set -- CC=aarch64-linux-gnu-gcc CUDA=0 CJSON_PREFIX= TEST_EXTRA=tests/qemu/exec_qemu.c \
  CFLAGS="--sysroot=$sysroot -I$sysroot/usr/include -I$sysroot/usr/include/aarch64-linux-gnu" \
  LDFLAGS="-L$sysroot/usr/lib/aarch64-linux-gnu"
QEMU=$(command -v qemu-aarch64)
export QEMU QEMU_LD_PREFIX="$sysroot"
exec make --no-print-directory -j"$(nproc)" "$@" RUNNER="$QEMU" unit
