"""matplotlib drawing the page of benches/page.rs: 12 leads of 10 s, 3x4 and a rhythm strip, 200 dpi, PNG.

    python3 benches/peers/page.py RECORD.mat

RECORD.mat is a file of the PhysioNet challenges: 24 bytes, then 12 leads of 16-bit samples, 1000 units a
mV, 500 samples a second. Prints medians in milliseconds as JSON: `draw` builds the figure and renders it
to pixels, `png` writes it as PNG besides, as every user of matplotlib does. One thread.
"""
import io
import json
import statistics
import sys
import time

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy
from matplotlib.collections import LineCollection

LEADS = ["I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6"]
WIDTH_MM, HEIGHT_MM = 279.4, 215.9
LEFT_MM, ROW_MM, FIRST_MM = 20.0, 35.0, 65.0


def page(samples):
    figure = plt.figure(figsize=(11, 8.5), dpi=200)
    axes = figure.add_axes([0, 0, 1, 1])
    axes.set_xlim(0, WIDTH_MM)
    axes.set_ylim(HEIGHT_MM, 0)
    axes.axis("off")
    figure.patch.set_facecolor("#fff9f9")
    # The fast way: one collection of all lines of a kind, not a tick or an axhline for each.
    for step, colour, width in ((1, "#fbd4d6", 0.28), (5, "#f19298", 0.62)):
        across = [[(x, 0), (x, HEIGHT_MM)] for x in numpy.arange(0, WIDTH_MM, step)]
        down = [[(0, y), (WIDTH_MM, y)] for y in numpy.arange(0, HEIGHT_MM, step)]
        axes.add_collection(LineCollection(across + down, colors=colour, linewidths=width))
    time_mm = numpy.arange(samples.shape[1]) / 500 * 25
    for index, name in enumerate(LEADS):
        row, column = index % 3, index // 3
        part = slice(column * 1250, (column + 1) * 1250)
        base = FIRST_MM + row * ROW_MM
        axes.plot(LEFT_MM + time_mm[part], base - 10 * samples[index, part], "k", linewidth=0.85)
        axes.text(LEFT_MM + column * 62.5 + 1, base - 6.5, name, fontsize=10)
        if column:
            axes.plot([LEFT_MM + column * 62.5] * 2, [base - 3, base + 3], "k", linewidth=1.2)
    base = FIRST_MM + 3 * ROW_MM
    axes.plot(LEFT_MM + time_mm[:5000], base - 10 * samples[1, :5000], "k", linewidth=0.85)
    axes.text(LEFT_MM + 1, base - 6.5, "II", fontsize=10)
    for row in range(4):
        base = FIRST_MM + row * ROW_MM
        xs = numpy.array([-7, -6, -6, -1, -1, 0]) + LEFT_MM
        axes.plot(xs, base - numpy.array([0, 0, 10, 10, 0, 0]), "k", linewidth=0.85)
    axes.text(13, 9, "ID: JS20000", fontsize=9)
    axes.text(13, 13, "84 yr   Female", fontsize=9)
    axes.text(13, 205, "25 mm/s     10 mm/mV", fontsize=9)
    return figure


def draw(samples):
    figure = page(samples)
    figure.canvas.draw()
    plt.close(figure)


def png(samples):
    figure = page(samples)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=200)
    plt.close(figure)
    return buffer.getvalue()


def median(work, count=9):
    work()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 2)


raw = numpy.fromfile(sys.argv[1], "<i2", offset=24)
samples = raw.reshape(-1, 12).T / 1000.0
samples = samples - numpy.median(samples, axis=1, keepdims=True)
if len(sys.argv) > 2:
    open(sys.argv[2], "wb").write(png(samples))
print(json.dumps({
    "peer": f"matplotlib {matplotlib.__version__}, numpy {numpy.__version__}",
    "draw": median(lambda: draw(samples)),
    "png": median(lambda: png(samples)),
}))
