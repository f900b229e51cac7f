#!/usr/bin/env bash
# Runs the kernels that a CUDA build would compile on this machine's processor: builds with CubeCL's
# CPU runtime and compares with the reference values; then builds and links the CUDA binary.
#
# Needs Debian's LLVM 22 (installed below, as root) in place of the bundle that the build scripts
# would otherwise download. About an hour on two cores; not part of .ci/run.
#
#   scripts/check-gpu-path.sh [GOLDEN_DIR]
set -euo pipefail
cd "$(dirname "$0")/.."
golden=${1:-crates/pulse-parity/golden}
llvm=/usr/lib/llvm-22
bundle=${XDG_DATA_HOME:-$HOME/.local/share}/tracel/tracel-llvm-23.1.0-4
if [ ! -e "$bundle/.tracel-llvm-installed" ]; then
  apt-get update -q
  apt-get install -y -q llvm-22-dev libpolly-22-dev libtinfo-dev libxml2-dev libffi-dev \
    libedit-dev libzstd-dev zlib1g-dev libcurl4-openssl-dev
  mkdir -p "$bundle"
  for part in bin lib include; do ln -sfn "$llvm/$part" "$bundle/$part"; done
  # llvm-config names libz3.so, which the bundler turns into -llibz3.
  multiarch=/usr/lib/$(uname -m)-linux-gnu
  [ -e "$multiarch/liblibz3.so" ] || ln -s libz3.so.4 "$multiarch/liblibz3.so"
  touch "$bundle/.tracel-llvm-installed"
fi
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/gpu-path
# Nothing is timed here, and link-time optimisation of these binaries takes ten minutes by itself.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
cargo build --release -p pulse-parity --features cubecl-cpu
# One core: units of a kernel that wait for each other spin, and on two cores CubeCL's scheduler (0.12.0-pre.1)
# stopped making progress in `decoder` and `precision`. Section by section, so that each result is seen.
export CUBECL_AUTOTUNE_LEVEL=minimal
held=0
for section in vision projector merge decoder precision generation; do
  timeout 3600 taskset -c 0 "$CARGO_TARGET_DIR/release/pulse-parity" "$golden" \
    --device cubecl-cpu --only "$section" || held=1
done
cargo build --release -p pulse-parity --features cuda
exit $held
