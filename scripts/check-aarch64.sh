#!/usr/bin/env bash
# Runs the kernels' tests as an AArch64 program on this machine, so that the NEON kernels meet the same
# reference as the x86 ones: cross-compiles, then runs under qemu's user emulation.
#
# Needs Debian's gcc-aarch64-linux-gnu and qemu-user, and `rustup target add aarch64-unknown-linux-gnu`.
# About ten minutes on two cores; not part of .ci/run.
set -euo pipefail
cd "$(dirname "$0")/.."
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER=aarch64-linux-gnu-gcc
export CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_RUNNER="qemu-aarch64 -L /usr/aarch64-linux-gnu"
cargo test -p pulse-kernels --target aarch64-unknown-linux-gnu "$@"
