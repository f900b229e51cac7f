"""Makes the small pictures of this folder and writes what Pillow gives for them to expected.json.

    python make.py            # needs Pillow (13.0.0 made the committed files) and numpy

For each file expected.json has width, height and the bytes of `Image.open(file).convert("RGB")` in
hexadecimal, or `null` where Pillow does not open it.
"""

import io
import json
import pathlib
import struct
import zlib

import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).resolve().parent
random = np.random.default_rng(20240914)


def tiff(pixels, photometric, bits, *, order="<", extra=(), sample_format=1, colormap=None,
         planar=False, deflate=False, rows_per_strip=None, tile=None, fill_order=1,
         orientation=None, predictor=1):
    """A TIFF file of `pixels` [height, width, samples]."""
    height, width, samples = pixels.shape
    kind = {(1, 8): "u1", (2, 8): "i1", (1, 16): "u2", (2, 16): "i2", (1, 32): "u4", (2, 32): "i4",
            (3, 32): "f4"}.get((sample_format, bits), "u1")

    def pack(block):
        if predictor == 2:
            block = np.concatenate([block[:, :1], np.diff(block, axis=1)], axis=1)
        if bits >= 8:
            data = block.astype(order + kind).tobytes()
        else:
            data = b""
            for row in block.reshape(block.shape[0], -1):
                line = "".join(format(int(v), f"0{bits}b") for v in row)
                line += "0" * (-len(line) % 8)
                data += bytes(int(line[i:i + 8], 2) for i in range(0, len(line), 8))
        if fill_order == 2:
            data = bytes(int(format(byte, "08b")[::-1], 2) for byte in data)
        return zlib.compress(data) if deflate else data

    planes = [pixels[:, :, k:k + 1] for k in range(samples)] if planar else [pixels]
    chunks = []
    for plane in planes:
        if tile:
            for y in range(0, height, tile):
                for x in range(0, width, tile):
                    block = np.zeros((tile, tile, plane.shape[2]), plane.dtype)
                    part = plane[y:y + tile, x:x + tile]
                    block[:part.shape[0], :part.shape[1]] = part
                    chunks.append(pack(block))
        else:
            step = rows_per_strip or height
            chunks += [pack(plane[y:y + step]) for y in range(0, height, step)]
    offsets, position = [], 8
    for chunk in chunks:
        offsets.append(position)
        position += len(chunk) + len(chunk) % 2
    body = b"".join(chunk + b"\0" * (len(chunk) % 2) for chunk in chunks)
    counts = [len(chunk) for chunk in chunks]
    entries = [(256, 4, [width]), (257, 4, [height]), (258, 3, [bits] * samples),
               (259, 3, [8 if deflate else 1]), (262, 3, [photometric]), (277, 3, [samples]),
               (284, 3, [2 if planar else 1]), (339, 3, [sample_format] * samples)]
    if fill_order != 1:
        entries.append((266, 3, [fill_order]))
    if orientation:
        entries.append((274, 3, [orientation]))
    if predictor != 1:
        entries.append((317, 3, [predictor]))
    if tile:
        entries += [(322, 4, [tile]), (323, 4, [tile]), (324, 4, offsets), (325, 4, counts)]
    else:
        entries += [(273, 4, offsets), (278, 4, [rows_per_strip or height]), (279, 4, counts)]
    if extra:
        entries.append((338, 3, list(extra)))
    if colormap is not None:
        entries.append((320, 3, [int(v) for v in colormap]))
    entries.sort()
    directory, tail = b"", b""
    start = 8 + len(body)
    after = start + 2 + 12 * len(entries) + 4
    for tag, kind_of, values in entries:
        value = struct.pack(order + {3: "H", 4: "I"}[kind_of] * len(values), *values)
        if len(value) <= 4:
            value += b"\0" * (4 - len(value))
        else:
            place = after + len(tail)
            tail += value
            value = struct.pack(order + "I", place)
        directory += struct.pack(order + "HHI", tag, kind_of, len(values)) + value
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, start)
    return head + body + struct.pack(order + "H", len(entries)) + directory + b"\0" * 4 + tail


def noise(height, width, samples, top=256, kind=np.uint8):
    return random.integers(0, top, (height, width, samples)).astype(kind)


def chart(width, height):
    """Colours that change quickly and slowly, so that the halved colour planes of JPEG show."""
    y, x = np.mgrid[0:height, 0:width]
    rgb = np.stack([(x * 7 + y * 3) % 256, (x * y) % 256, 255 - (x * 2 + y * 5) % 256], axis=-1)
    return Image.fromarray(rgb.astype(np.uint8))


def saved(picture, **options):
    out = io.BytesIO()
    picture.save(out, **options)
    return out.getvalue()


def without_segment(jpeg, marker):
    """The JPEG file without its segments of one kind."""
    out, at = jpeg[:2], 2
    while jpeg[at + 1] != 0xDA:
        length = 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
        if jpeg[at + 1] != marker:
            out += jpeg[at:at + length]
        at += length
    return out + jpeg[at:]


def gif(screen, offset, frame, *, colours, transparent=None, local=None, background=0):
    """A GIF file with one frame on a larger (or smaller) screen."""
    picture = Image.fromarray(frame)
    picture.putpalette(list(range(48)))
    whole = saved(picture, format="GIF", optimize=False)
    # The frame's compressed data behind Pillow's own image descriptor.
    head = 13 + 3 * 2 ** ((whole[10] & 7) + 1)
    while whole[head] == 0x21:
        head += 2
        while whole[head]:
            head += whole[head] + 1
        head += 1
    assert whole[head] == 0x2C
    data = whole[head + 10:]
    bits = (len(colours) // 3).bit_length() - 1
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80 | (bits - 1), background, 0)
    out += bytes(colours)
    if transparent is not None:
        out += bytes([0x21, 0xF9, 4, 1, 0, 0, transparent, 0])
    flags = 0 if local is None else 0x80 | ((len(local) // 3).bit_length() - 2)
    height, width = frame.shape
    out += struct.pack("<BHHHHB", 0x2C, *offset, width, height, flags)
    return out + bytes(local or b"") + data


def make():
    files = {}
    for bits in (1, 2, 4, 8):
        colormap = random.integers(0, 65536, 3 * 2**bits)
        indices = noise(7, 13, 1, 2**bits)
        files[f"palette{bits}.tiff"] = tiff(indices, 3, bits, colormap=colormap)
    colormap = random.integers(0, 65536, 768)
    indices = noise(21, 19, 1)
    files["palette8_big_endian_strips.tiff"] = tiff(
        indices, 3, 8, order=">", colormap=colormap, rows_per_strip=4, deflate=True)
    files["palette8_tiles_predictor.tiff"] = tiff(
        indices, 3, 8, colormap=colormap, tile=16, deflate=True, predictor=2)
    files["palette8_alpha.tiff"] = tiff(noise(7, 13, 2), 3, 8, colormap=colormap, extra=(2,))
    files["palette8_lzw.tiff"] = saved(
        chart(31, 17).quantize(64), format="TIFF", compression="tiff_lzw")
    files["grey2.tiff"] = tiff(noise(7, 13, 1, 4), 1, 2)
    files["grey4_white_is_zero.tiff"] = tiff(noise(7, 13, 1, 16), 0, 4)
    files["grey8_white_is_zero.tiff"] = tiff(noise(7, 13, 1), 0, 8)
    files["grey8_fill_order.tiff"] = tiff(noise(7, 13, 1), 1, 8, fill_order=2)
    files["grey_alpha8.tiff"] = tiff(noise(7, 13, 2), 1, 8, extra=(2,))
    files["grey_alpha8_planar.tiff"] = tiff(noise(7, 13, 2), 1, 8, extra=(2,), planar=True, deflate=True)
    files["grey_premultiplied8.tiff"] = tiff(noise(7, 13, 2), 1, 8, extra=(1,))
    files["grey_unspecified8.tiff"] = tiff(noise(7, 13, 2), 1, 8, extra=(0,))
    files["grey_alpha16.tiff"] = tiff(noise(7, 13, 2, 65536, np.uint16), 1, 16, extra=(2,))
    files["grey16.tiff"] = tiff(noise(7, 13, 1, 600, np.uint16), 1, 16)
    files["grey16_big_endian.tiff"] = tiff(noise(7, 13, 1, 600, np.uint16), 1, 16, order=">")
    files["grey16_white_is_zero.tiff"] = tiff(noise(7, 13, 1, 600, np.uint16), 0, 16)
    files["grey_int16.tiff"] = tiff(noise(7, 13, 1, 600, np.int16) - 200, 1, 16, sample_format=2)
    files["grey_int32.tiff"] = tiff(noise(7, 13, 1, 600, np.int32) - 200, 1, 32, sample_format=2)
    wide = noise(7, 13, 1, 600, np.uint32)
    wide[0, :5, 0] = 2**31 + 7
    files["grey_uint32.tiff"] = tiff(wide, 1, 32)
    real = random.uniform(-80, 350, (7, 13, 1)).astype(np.float32)
    real[0, :4, 0] = [np.inf, -np.inf, 0.999, 254.9]
    files["grey_float32.tiff"] = tiff(real, 1, 32, sample_format=3)
    files["rgb8_planar.tiff"] = tiff(noise(7, 13, 3), 2, 8, planar=True, deflate=True)
    files["rgb16_big_endian.tiff"] = tiff(noise(7, 13, 3, 65536, np.uint16), 2, 16, order=">")
    for orientation in range(2, 9):
        files[f"rgb8_orientation{orientation}.tiff"] = tiff(
            noise(5, 4, 3), 2, 8, orientation=orientation)
    files["rgba8.tiff"] = tiff(noise(7, 13, 4), 2, 8, extra=(2,))
    files["rgba8_premultiplied.tiff"] = tiff(noise(7, 13, 4), 2, 8, extra=(1,))
    files["rgba16_premultiplied.tiff"] = tiff(
        noise(7, 13, 4, 65536, np.uint16), 2, 16, extra=(1,))
    files["rgb8_two_unspecified.tiff"] = tiff(noise(7, 13, 5), 2, 8, extra=(0, 0))
    files["cmyk8.tiff"] = tiff(noise(7, 13, 4), 5, 8)
    files["cmyk16.tiff"] = tiff(noise(7, 13, 4, 65536, np.uint16), 5, 16)
    files["ycbcr8.tiff"] = tiff(noise(7, 13, 3), 6, 8)
    files["lab8.tiff"] = tiff(noise(7, 13, 3), 8, 8)
    files["fax3.tiff"] = saved(chart(31, 17).convert("1"), format="TIFF", compression="group3")
    files["fax4.tiff"] = saved(chart(31, 17).convert("1"), format="TIFF", compression="group4")
    files["packbits.tiff"] = saved(chart(31, 17), format="TIFF", compression="packbits")
    files["jpeg_strips.tiff"] = saved(
        chart(40, 40), format="TIFF", compression="jpeg", quality=80, strip_size=16 * 40 * 3)
    files["jpeg_grey.tiff"] = saved(chart(40, 20).convert("L"), format="TIFF", compression="jpeg")
    files["jpeg_cmyk.tiff"] = saved(chart(40, 20).convert("CMYK"), format="TIFF", compression="jpeg")
    files["jpeg_ycbcr.tiff"] = saved(chart(41, 37).convert("YCbCr"), format="TIFF", compression="jpeg")
    cmyk = Image.fromarray(noise(9, 15, 4), "CMYK")
    adobe = saved(cmyk, format="JPEG", quality=90)
    files["cmyk_adobe.jpeg"] = adobe
    files["cmyk_plain.jpeg"] = without_segment(adobe, 0xEE)
    files["grey16_transparent.png"] = saved(
        Image.fromarray(noise(7, 13, 1, 600, np.uint16)[:, :, 0]), format="PNG", transparency=77)
    grey = noise(7, 13, 1, 65536, np.uint16)[:, :, 0]
    files["grey8_transparent.png"] = saved(
        Image.fromarray(noise(7, 13, 1)[:, :, 0]), format="PNG", transparency=77)
    files["grey_alpha16.png"] = grey_alpha16_png(grey, noise(7, 13, 1, 65536, np.uint16)[:, :, 0])
    colours = [int(v) for v in random.integers(0, 256, 48)]
    frame = noise(5, 6, 1, 16)[:, :, 0]
    files["small_frame.gif"] = gif((11, 9), (3, 2), frame, colours=colours, background=5)
    files["small_frame_transparent.gif"] = gif((11, 9), (3, 2), frame, colours=colours, transparent=9)
    files["small_frame_local.gif"] = gif(
        (11, 9), (3, 2), frame, colours=colours, local=colours[::-1])
    files["large_frame.gif"] = gif((4, 3), (1, 1), frame, colours=colours)
    files["few_colours.gif"] = gif((6, 5), (0, 0), frame, colours=colours[:12])
    files["interlaced.gif"] = saved(chart(23, 19).quantize(32), format="GIF", interlace=1)
    return files


def grey_alpha16_png(grey, alpha):
    """A PNG of 16-bit grey with alpha, which Pillow reads but does not write."""
    height, width = grey.shape
    lines = np.stack([grey, alpha], axis=-1).astype(">u2")
    raw = b"".join(b"\0" + line.tobytes() for line in lines)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", width, height, 16, 4, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(raw))
            + chunk(b"IEND", b""))


def main():
    expected = {}
    for name, data in make().items():
        (HERE / name).write_bytes(data)
        try:
            with Image.open(io.BytesIO(data)) as picture:
                mode = picture.mode
                rgb = picture.convert("RGB")
            expected[name] = {
                "width": rgb.width, "height": rgb.height, "rgb": rgb.tobytes().hex()}
        except (OSError, ValueError) as error:
            mode = repr(error)
            expected[name] = None
        print(f"{name:36} {mode}")
    text = ",\n".join(f"{json.dumps(k)}: {json.dumps(v)}" for k, v in sorted(expected.items()))
    (HERE / "expected.json").write_text("{\n" + text + "\n}\n")


main()
