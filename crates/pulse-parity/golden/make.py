#!/usr/bin/env python3
"""Makes this folder from a full golden folder: `python3 make.py FULL_GOLDEN_DIR`.

Keeps what the tests of a fresh clone need and leaves out what may not be passed on or is not ours:
ecg_example.png and every value that derives from it, and the Llama tokenizer files with the model
that carries one. Needs nothing but Python's standard library.
"""
import hashlib
import json
import shutil
import struct
import sys
from pathlib import Path

SOURCE, TARGET = Path(sys.argv[1]), Path(__file__).parent
EXTERNAL = "ecg_example"
COPIED = ["anyres_sizes.json", "images", "models/micro-llava-f32", "models/micro-llava-bf16",
          "models/micro-hf-bf16", "micro/sampling.json", "micro/sampling.safetensors",
          "text/conversation_templates.json", "eval", "train/samplers.json", "train/schedules.json"]
FILTERED = ["pillow.safetensors", "micro/preprocess.safetensors", "micro/vision.safetensors",
            "micro/merge.safetensors", "micro/llm.safetensors"]


def read(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8:8 + size]), data[8 + size:]


def write(path, tensors):
    header, body = {}, b""
    for name, (info, data) in tensors.items():
        header[name] = {"dtype": info["dtype"], "shape": info["shape"],
                        "data_offsets": [len(body), len(body) + len(data)]}
        body += data
    head = json.dumps(header).encode()
    head += b" " * (-len(head) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(struct.pack("<Q", len(head)) + head + body)


def tensors_of(path):
    header, body = read(path)
    header.pop("__metadata__", None)
    return {name: (info, body[info["data_offsets"][0]:info["data_offsets"][1]])
            for name, info in header.items()}


def is_external(case):
    return EXTERNAL in case["name"] or any(EXTERNAL in image for image in case["images"])


for name in COPIED:
    source, target = SOURCE / name, TARGET / name
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
        for path in target.rglob(f"*{EXTERNAL}*"):
            path.unlink()
    else:
        shutil.copy(source, target)

cases = json.loads((SOURCE / "micro/cases.json").read_text())
kept = [case for case in cases if not is_external(case)]
dropped = {case["name"] for case in cases} - {case["name"] for case in kept}
(TARGET / "micro").mkdir(exist_ok=True)
(TARGET / "micro/cases.json").write_text(json.dumps(kept))

for name in FILTERED:
    keep = {tensor: value for tensor, value in tensors_of(SOURCE / name).items()
            if EXTERNAL not in tensor and not any(tensor.startswith(f"{case}.") for case in dropped)}
    write(TARGET / name, keep)

# Every batch of this fixture holds the example picture: none is left.
(TARGET / "micro/batches.json").write_text("[]")
write(TARGET / "micro/batches.safetensors", {})

order = json.loads((SOURCE / "micro/low_precision.json").read_text())["order"]
rows = [index for index, case in enumerate(order) if case not in dropped]
low = {}
for tensor, (info, data) in tensors_of(SOURCE / "micro/low_precision.safetensors").items():
    if tensor == "names_order":
        continue
    width = len(data) // len(order)
    part = b"".join(data[row * width:(row + 1) * width] for row in rows)
    low[tensor] = ({"dtype": info["dtype"], "shape": [len(rows)] + info["shape"][1:]}, part)
write(TARGET / "micro/low_precision.safetensors", low)
(TARGET / "micro/low_precision.json").write_text(json.dumps({"order": [order[row] for row in rows]}))

# Training runs: those without the example picture. Their first gradients and final tensors are sums and
# norms in the file itself; whole tensors exist for a run with the picture only.
runs = json.loads((SOURCE / "train/adamw_runs.json").read_text())
kept = [run for run in runs if not any(EXTERNAL in item["image"] for batch in run["batches"] for item in batch)]
(TARGET / "train/adamw_runs.json").write_text(json.dumps(kept))

manifest = {}
for path in sorted(TARGET.rglob("*")):
    name = path.relative_to(TARGET).as_posix()
    if path.is_file() and name not in ("MANIFEST.json", "README.md", "make.py"):
        data = path.read_bytes()
        manifest[name] = {"bytes": len(data), "sha256": hashlib.sha256(data).hexdigest()[:16]}
(TARGET / "MANIFEST.json").write_text(json.dumps(manifest, indent=0))
print(f"{len(manifest)} files, {sum(entry['bytes'] for entry in manifest.values())} bytes")
