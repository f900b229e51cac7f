#!/usr/bin/env bash
# Builds a crate outside the workspace that uses the library as the README shows, runs it on the
# bundled model and compares its answer with the infer example's.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
mkdir "$place/src"
cp "$root/Cargo.lock" "$place/"
cat > "$place/Cargo.toml" <<TOML
[package]
name = "outside"
version = "0.1.0"
edition = "2024"

[dependencies]
pulse-llm = { path = "$root/crates/pulse-llm" }

# What makes the workspace's own first build short: see its Cargo.toml.
[profile.dev]
opt-level = 1
debug = false
lto = "off"

[profile.dev.package."*"]
debug-assertions = false
overflow-checks = false
TOML
# The README's snippet inside a main function, with the model and picture of this repository.
{
  echo 'fn main() -> Result<(), Box<dyn std::error::Error>> {'
  sed -n '/<!-- snippet -->/,/<!-- end -->/p' "$root/README.md" | sed '/^```/d; /^<!--/d' |
    sed "s#\"PULSE-ECG/PULSE-7B\"#\"$root/datasets/pulse-random\"#; s#\"ecg.png\"#\"$root/datasets/pages/sinus-rhythm.png\"#; s#GenerateOptions::default()#GenerateOptions { max_new_tokens: 40, ..GenerateOptions::greedy() }#"
  echo 'Ok(())'
  echo '}'
} > "$place/src/main.rs"
cd "$place"
target=${CARGO_TARGET_DIR:-$root/target}
theirs=$(CARGO_TARGET_DIR=$target/outside cargo run --quiet | head -n 1)
cd "$root"
ours=$(cargo run --quiet --example infer -- --temperature 0 --max-new-tokens 40 2>/dev/null | head -n 1)
if [ "$theirs" != "$ours" ]; then
  printf 'the answers differ:\n%s\n%s\n' "$theirs" "$ours"
  exit 1
fi
echo "the outside crate gives the same answer"
