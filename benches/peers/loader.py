"""A PyTorch DataLoader with Pillow doing the work of benches/loader.rs, and the pages for both.

    python3 benches/peers/loader.py make DIR [--pages 64] [--kind mixed|clean|noisy]
    python3 benches/peers/loader.py run DIR [--samples 400] [--workers 2] [--batch 2]

CPU time is that of the process and its workers. `make` draws ECG-like pages of 2200x1700 pixels, RGBA as ECG-Image-Kit writes them, half of them with
the noise of a camera, and a LLaVA JSON over them. `run` prints samples per second as JSON: decode,
anyres, normalise, collate to a list of tensors as the original's collator does; no tokenising.
"""
import argparse
import json
import math
import resource
import time
from pathlib import Path

import numpy
import PIL
from PIL import Image, ImageDraw

CANVASES = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)]
MEAN = numpy.array([0.48145466, 0.4578275, 0.40821073], numpy.float32)
STD = numpy.array([0.26862954, 0.26130258, 0.27577711], numpy.float32)
PAGE = (2200, 1700)


def choose(size):
    def rank(canvas):
        scale = min(canvas[0] / size[0], canvas[1] / size[1])
        kept = min(int(size[0] * scale) * int(size[1] * scale), size[0] * size[1])
        return kept, -(canvas[0] * canvas[1] - kept)
    return max(CANVASES, key=rank)


def tiles_of(picture):
    width, height = choose(picture.size)
    scale = min(width / picture.size[0], height / picture.size[1])
    size = (min(math.ceil(picture.size[0] * scale), width),
            min(math.ceil(picture.size[1] * scale), height))
    canvas = Image.new("RGB", (width, height))
    canvas.paste(picture.resize(size), ((width - size[0]) // 2, (height - size[1]) // 2))
    parts = [picture.resize((336, 336))]
    for top in range(0, height, 336):
        parts += [canvas.crop((left, top, left + 336, top + 336)) for left in range(0, width, 336)]
    return numpy.stack([numpy.asarray(part) for part in parts])


def normalise(tiles):
    values = (tiles * (1 / 255)).astype(numpy.float32)
    return numpy.ascontiguousarray(((values - MEAN) / STD).transpose(0, 3, 1, 2))


def draw(seed):
    random = numpy.random.default_rng(seed)
    page = Image.new("RGB", PAGE, (255, 250, 244))
    pen = ImageDraw.Draw(page)
    for x in range(0, PAGE[0], 8):
        pen.line([(x, 0), (x, PAGE[1])], fill=(240, 150, 150) if x % 40 == 0 else (250, 215, 215))
    for y in range(0, PAGE[1], 8):
        pen.line([(0, y), (PAGE[0], y)], fill=(240, 150, 150) if y % 40 == 0 else (250, 215, 215))
    period = random.integers(250, 450)
    x = numpy.arange(PAGE[0] - 80)
    beat = (x % period) / period
    for row in range(4):
        wave = 12 * numpy.exp(-((beat - .2) / .04) ** 2) + 30 * numpy.exp(-((beat - .7) / .06) ** 2)
        wave += random.integers(60, 160) * numpy.exp(-((beat - .4) / .012) ** 2)
        wave += random.normal(0, 1.5, x.size)
        pen.line(list(zip((x + 40).tolist(), (350 + 380 * row - wave).tolist())), fill=(10, 10, 10), width=3)
        pen.text((50, 200 + 380 * row), f"lead {row} {seed}", fill=(0, 0, 0), font_size=40)
    if seed % 2:
        pixels = numpy.asarray(page).astype(numpy.int16)
        pixels += random.normal(0, 3, pixels.shape).astype(numpy.int16)
        page = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
    return page.convert("RGBA")


def make(folder, pages, kind):
    folder.mkdir(parents=True, exist_ok=True)
    samples = []
    seeds = {"mixed": range(pages), "clean": range(0, 2 * pages, 2), "noisy": range(1, 2 * pages, 2)}
    for seed in seeds[kind]:
        name = f"page-{seed:03}.png"
        draw(seed).save(folder / name)
        samples.append({"id": str(seed), "image": name, "conversations": [
            {"from": "human", "value": "<image>\nWhat are the main features in this ECG image?"},
            {"from": "gpt", "value": f"Sinus rhythm, {60 + seed} beats a minute. No ST deviation."}]})
    (folder / "samples.json").write_text(json.dumps(samples))


def cpu_seconds():
    usage = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in usage)


def run(folder, samples, workers, batch):
    import torch

    class Pages(torch.utils.data.Dataset):
        items = json.loads((folder / "samples.json").read_text())

        def __len__(self):
            return samples

        def __getitem__(self, index):
            item = self.items[index % len(self.items)]
            picture = Image.open(folder / item["image"]).convert("RGB")
            return torch.from_numpy(normalise(tiles_of(picture)))

    loader = torch.utils.data.DataLoader(Pages(), batch_size=batch, shuffle=True, num_workers=workers,
                                         collate_fn=lambda rows: rows)
    tiles = 0
    start, cpu = time.perf_counter(), cpu_seconds()
    batches = iter(loader)
    for rows in batches:
        tiles += sum(row.shape[0] for row in rows)
    seconds = time.perf_counter() - start
    del batches, rows  # ends the workers, whose time counts only then
    cpu = cpu_seconds() - cpu
    print(json.dumps({
        "peer": f"torch {torch.__version__}, Pillow {PIL.__version__}, numpy {numpy.__version__}",
        "workers": workers, "samples": samples, "tiles": tiles, "seconds": round(seconds, 2),
        "samples_per_second": round(samples / seconds, 2),
        "cpu_ms_per_sample": round(cpu / samples * 1000, 1)}))


parser = argparse.ArgumentParser()
parser.add_argument("what", choices=["make", "run"])
parser.add_argument("folder", type=Path)
parser.add_argument("--pages", type=int, default=64)
parser.add_argument("--kind", choices=["mixed", "clean", "noisy"], default="mixed")
parser.add_argument("--samples", type=int, default=400)
parser.add_argument("--workers", type=int, default=2)
parser.add_argument("--batch", type=int, default=2)
arguments = parser.parse_args()
if arguments.what == "make":
    make(arguments.folder, arguments.pages, arguments.kind)
else:
    run(arguments.folder, arguments.samples, arguments.workers, arguments.batch)
