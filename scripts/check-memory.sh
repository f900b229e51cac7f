#!/usr/bin/env bash
# Looks for what only a checker of memory sees in pulse-kernels, the one crate with `unsafe`:
#
#   scripts/check-memory.sh address   its tests with assertions, checks for overflow and AddressSanitizer, on every
#                                     instruction set of this machine
#   scripts/check-memory.sh miri      tests of the portable paths in Miri, which also sees data races and pointers
#                                     used beyond what they were made from
#
# `address` needs nothing but the toolchain of the workspace (RUSTC_BOOTSTRAP=1 opens the flag), `miri` a nightly
# with its components: rustup component add miri rust-src --toolchain nightly. Both build into a folder of their own.
# Minutes each on two cores; not part of .ci/run. Further arguments go to the tests.
set -euo pipefail
cd "$(dirname "$0")/.."
kind=${1:?address or miri}
shift
# The dev profile leaves these out of the kernels' loops.
checks=(--config profile.dev.package.pulse-kernels.debug-assertions=true
  --config profile.dev.package.pulse-kernels.overflow-checks=true)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/memory
case $kind in
  address)
    target=$(rustc -vV | sed -n 's/^host: //p')
    # With a target of its own the build scripts stay as they are. Leaks are no question: rayon's threads live on.
    # The libraries beside it need not be fast.
    checks+=(--config 'profile.dev.package."*".opt-level=0')
    export RUSTC_BOOTSTRAP=1 RUSTFLAGS="-Zsanitizer=address" ASAN_OPTIONS=detect_leaks=0
    cargo test -p pulse-kernels --features training --lib --target "$target" "${checks[@]}" -- "$@"
    ;;
  miri)
    # rayon's queues turn integers into pointers and never end their threads; the file system is needed for names.
    export RAYON_NUM_THREADS=2
    export MIRIFLAGS="-Zmiri-disable-isolation -Zmiri-ignore-leaks -Zmiri-tree-borrows -Zmiri-permissive-provenance"
    cargo +nightly miri test -p pulse-kernels --lib "${checks[@]}" -- \
      packed:: matrix_vector:: dense:: scratch:: dot:: "$@"
    ;;
  *)
    echo "expected address or miri, found $kind" >&2
    exit 2
    ;;
esac
