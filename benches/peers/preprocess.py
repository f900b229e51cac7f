"""Pillow and numpy doing the work of benches/preprocess.rs: decode, anyres, normalise.

    python3 benches/peers/preprocess.py PICTURE.png

Prints medians in milliseconds as JSON. One thread: Pillow has no more for one picture.
"""
import io
import json
import math
import statistics
import sys
import time

import numpy
import PIL
from PIL import Image

CANVASES = [(336, 672), (672, 336), (672, 672), (1008, 336), (336, 1008)]
MEAN = numpy.array([0.48145466, 0.4578275, 0.40821073], numpy.float32)
STD = numpy.array([0.26862954, 0.26130258, 0.27577711], numpy.float32)


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


def median(work, count=15):
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 3)


data = open(sys.argv[1], "rb").read()
decode = lambda: Image.open(io.BytesIO(data)).convert("RGB")
picture = decode()
tiles = tiles_of(picture)
print(json.dumps({
    "peer": f"Pillow {PIL.__version__}, numpy {numpy.__version__}",
    "decode": median(decode),
    "tiles": median(lambda: tiles_of(picture)),
    "normalise": median(lambda: normalise(tiles)),
    "whole": median(lambda: normalise(tiles_of(decode()))),
}))
