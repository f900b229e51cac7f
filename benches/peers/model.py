"""PyTorch doing the work of benches/model.rs: the same shapes in eager mode.

    python3 benches/peers/model.py [--threads N] [--dtype float32|bfloat16] [--attention eager|sdpa]
        [--passes N]
        [vision] [prefill] [decode] [answer]

Prints medians in milliseconds as JSON. "answer" (only when named) does the work of one answer once: five
tiles, 2,928 positions, 32 tokens after them, and prints seconds, tokens per second and peak memory. Plain modules in the manner of transformers; "eager"
materialises the attention scores as transformers' eager attention does, "sdpa" calls PyTorch's
fused attention.
"""
import argparse
import json
import resource
import statistics
import time

import torch
from torch import nn
from torch.nn import functional

POSITIONS = 2200
arguments = argparse.ArgumentParser()
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--dtype", default="float32")
arguments.add_argument("--attention", default="eager", choices=["eager", "sdpa"])
arguments.add_argument("--passes", type=int, default=3)
arguments.add_argument("parts", nargs="*", default=[])
arguments = arguments.parse_args()
torch.set_num_threads(arguments.threads)
torch.set_default_dtype(getattr(torch, arguments.dtype))
torch.set_grad_enabled(False)


def attend(q, k, v, causal):
    if arguments.attention == "sdpa":
        return functional.scaled_dot_product_attention(q, k, v, is_causal=causal)
    scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
    if causal:
        n = q.shape[2]
        scores = scores + torch.full((n, k.shape[2]), torch.finfo(scores.dtype).min).triu(1)
    return functional.softmax(scores, dim=-1, dtype=torch.float32).to(q.dtype) @ v


class VisionLayer(nn.Module):
    def __init__(self, width=1024, inner=4096, heads=16):
        super().__init__()
        self.heads = heads
        self.q, self.k, self.v, self.o = (nn.Linear(width, width) for _ in range(4))
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.fc1, self.fc2 = nn.Linear(width, inner), nn.Linear(inner, width)

    def forward(self, x):
        b, n, width = x.shape
        h = self.norm1(x)
        split = lambda t: t.view(b, n, self.heads, -1).transpose(1, 2)
        a = attend(split(self.q(h)), split(self.k(h)), split(self.v(h)), False)
        x = x + self.o(a.transpose(1, 2).reshape(b, n, width))
        h = self.fc1(self.norm2(x))
        return x + self.fc2(h * torch.sigmoid(1.702 * h))


class Vision(nn.Module):
    def __init__(self):
        super().__init__()
        self.patches = nn.Conv2d(3, 1024, 14, 14, bias=False)
        self.cls, self.positions = torch.zeros(5, 1, 1024), torch.zeros(577, 1024)
        self.norm = nn.LayerNorm(1024)
        self.layers = nn.ModuleList(VisionLayer() for _ in range(23))

    def forward(self, x):
        x = self.patches(x).flatten(2).transpose(1, 2)
        x = self.norm(torch.cat([self.cls, x], 1) + self.positions)
        for layer in self.layers:
            x = layer(x)
        return x[:, 1:]


def rms(x, weight):
    wide = x.float()
    return weight * (wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-5)).to(x.dtype)


def turn(x, cos, sin):
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat([-high, low], -1) * sin


class DecoderLayer(nn.Module):
    def __init__(self, width=2048, inner=5632, heads=32, groups=4):
        super().__init__()
        self.heads, self.groups, dim = heads, groups, width // heads
        self.q, self.o = (nn.Linear(width, width, bias=False) for _ in range(2))
        self.k, self.v = (nn.Linear(width, groups * dim, bias=False) for _ in range(2))
        self.gate, self.up = (nn.Linear(width, inner, bias=False) for _ in range(2))
        self.down = nn.Linear(inner, width, bias=False)
        self.norm1, self.norm2 = torch.ones(width), torch.ones(width)

    def forward(self, x, cos, sin, past):
        b, n, width = x.shape
        h = rms(x, self.norm1)
        split = lambda t, heads: t.view(b, n, heads, -1).transpose(1, 2)
        q = turn(split(self.q(h), self.heads), cos, sin)
        k, v = turn(split(self.k(h), self.groups), cos, sin), split(self.v(h), self.groups)
        if past is not None:
            k, v = torch.cat([past[0], k], 2), torch.cat([past[1], v], 2)
        repeat = lambda t: t.repeat_interleave(self.heads // self.groups, 1)
        a = attend(q, repeat(k), repeat(v), n > 1)
        x = x + self.o(a.transpose(1, 2).reshape(b, n, width))
        h = rms(x, self.norm2)
        return x + self.down(functional.silu(self.gate(h)) * self.up(h)), (k, v)


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers = nn.ModuleList(DecoderLayer() for _ in range(22))
        self.head, self.norm = nn.Linear(2048, 32000, bias=False), torch.ones(2048)

    def forward(self, x, start, pasts):
        n = x.shape[1]
        angles = torch.arange(start, start + n, dtype=torch.float32)[:, None] \
            * 10000.0 ** (-torch.arange(0, 64, 2, dtype=torch.float32) / 64)
        angles = torch.cat([angles, angles], -1)
        cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
        kept = []
        for layer, past in zip(self.layers, pasts or [None] * 22):
            x, pair = layer(x, cos, sin, past)
            kept.append(pair)
        return self.head(rms(x[:, -1:], self.norm)).float(), kept


def median(work, count):
    work()
    times = []
    for _ in range(count):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return round(statistics.median(times) * 1000, 2)


def wanted(part):
    return not arguments.parts or part in arguments.parts


result = {"peer": f"PyTorch {torch.__version__} {arguments.attention}", "dtype": arguments.dtype,
          "threads": arguments.threads}
if wanted("vision"):
    vision, tiles = Vision(), torch.randn(5, 3, 336, 336)
    result["vision"] = median(lambda: vision(tiles), arguments.passes)
    del vision
if wanted("prefill") or wanted("decode"):
    decoder, prompt = Decoder(), torch.randn(1, POSITIONS, 2048)
if wanted("prefill"):
    result["prefill"] = median(lambda: decoder(prompt, 0, None), arguments.passes)
if wanted("decode"):
    pasts = [(torch.randn(1, 4, POSITIONS, 64), torch.randn(1, 4, POSITIONS, 64))] * 22
    one = torch.randn(1, 1, 2048)
    result["decode"] = median(lambda: decoder(one, POSITIONS, pasts), 10)
if "answer" in arguments.parts:
    vision, decoder, embed = Vision(), Decoder(), nn.Embedding(32000, 2048)
    start = time.perf_counter()
    vision(torch.randn(5, 3, 336, 336))
    result["vision_s"] = round(time.perf_counter() - start, 2)
    start = time.perf_counter()
    logits, pasts = decoder(torch.randn(1, 2928, 2048), 0, None)
    token = logits[:, -1].argmax(-1, keepdim=True)
    result["prefill_s"] = round(time.perf_counter() - start, 2)
    start = time.perf_counter()
    for step in range(32):
        logits, pasts = decoder(embed(token), 2928 + step, pasts)
        token = logits[:, -1].argmax(-1, keepdim=True)
    result["tokens_per_s"] = round(32 / (time.perf_counter() - start), 2)
    result["peak_mib"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
print(json.dumps(result))
