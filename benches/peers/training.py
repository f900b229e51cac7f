"""PyTorch doing the work of benches/training.rs: the same shapes, loss, clipping and AdamW.

    python3 benches/peers/training.py [--threads N] [--attention eager|sdpa] [--checkpoint]
        [--dtype float32|bfloat16] [--rows R --positions N]

Prints the median step in seconds and the growth of the resident memory from before the model to the
peak, as JSON. "sdpa" calls PyTorch's fused attention, "--checkpoint" drops the activations of each
block and computes them again, "bfloat16" is autocast over f32 weights.
"""
import argparse
import json
import statistics
import time

import torch
from torch import nn
from torch.nn import functional
from torch.utils.checkpoint import checkpoint

STEPS = 5
LAYERS, WIDTH, INNER, HEADS, VOCABULARY = 4, 512, 1376, 8, 8000
arguments = argparse.ArgumentParser()
arguments.add_argument("--threads", type=int, default=2)
arguments.add_argument("--dtype", default="float32")
arguments.add_argument("--attention", default="sdpa", choices=["eager", "sdpa"])
arguments.add_argument("--checkpoint", action="store_true")
arguments.add_argument("--rows", type=int, default=4)
arguments.add_argument("--positions", type=int, default=512)
arguments = arguments.parse_args()
torch.set_num_threads(arguments.threads)


def memory(name):
    with open("/proc/self/status") as status:
        for line in status:
            if line.startswith(name):
                return int(line.split()[1]) / 1024


def rotate(x, cos, sin):
    low, high = x.chunk(2, -1)
    return x * cos + torch.cat((-high, low), -1) * sin


class RMSNorm(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(WIDTH))

    def forward(self, x):
        wide = x.float()
        wide = wide * torch.rsqrt(wide.pow(2).mean(-1, keepdim=True) + 1e-5)
        return self.weight * wide.to(x.dtype)


class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.q, self.k, self.v, self.o = (nn.Linear(WIDTH, WIDTH, bias=False) for _ in range(4))
        self.gate, self.up = (nn.Linear(WIDTH, INNER, bias=False) for _ in range(2))
        self.down = nn.Linear(INNER, WIDTH, bias=False)
        self.norm1, self.norm2 = RMSNorm(), RMSNorm()

    def forward(self, x, cos, sin):
        b, n, _ = x.shape
        split = lambda t: t.view(b, n, HEADS, -1).transpose(1, 2)
        h = self.norm1(x)
        q, k, v = rotate(split(self.q(h)), cos, sin), rotate(split(self.k(h)), cos, sin), split(self.v(h))
        if arguments.attention == "sdpa":
            a = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = q @ k.transpose(2, 3) * q.shape[-1] ** -0.5
            scores = scores + torch.full((n, n), torch.finfo(scores.dtype).min).triu(1)
            a = functional.softmax(scores, dim=-1, dtype=torch.float32).to(v.dtype) @ v
        x = x + self.o(a.transpose(1, 2).reshape(b, n, WIDTH))
        h = self.norm2(x)
        return x + self.down(functional.silu(self.gate(h)) * self.up(h))


class Decoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(VOCABULARY, WIDTH)
        self.blocks = nn.ModuleList(Block() for _ in range(LAYERS))
        self.norm = RMSNorm()
        self.head = nn.Linear(WIDTH, VOCABULARY, bias=False)

    def forward(self, ids, labels):
        n = ids.shape[1]
        half = WIDTH // HEADS // 2
        angles = torch.outer(torch.arange(n), 10000.0 ** (-torch.arange(half) / half))
        angles = torch.cat((angles, angles), -1)
        x = self.embed(ids)
        for block in self.blocks:
            if arguments.checkpoint:
                x = checkpoint(block, x, angles.cos(), angles.sin(), use_reentrant=False)
            else:
                x = block(x, angles.cos(), angles.sin())
        logits = self.head(self.norm(x)).float()
        return functional.cross_entropy(logits[:, :-1].flatten(0, 1), labels[:, 1:].flatten())


before = memory("VmRSS:")
torch.manual_seed(0)
model = Decoder()
for parameter in model.parameters():
    nn.init.uniform_(parameter, -0.03, 0.03)
optimizer = torch.optim.AdamW(model.parameters(), lr=1e-4, eps=1e-8, weight_decay=0.0)
count = arguments.rows * arguments.positions
ids = (torch.arange(count) * 7919 % (VOCABULARY - 3) + 3).view(arguments.rows, arguments.positions)
seconds = []
for _ in range(STEPS):
    start = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=arguments.dtype == "bfloat16"):
        loss = model(ids, ids)
    loss.backward()
    torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
    optimizer.step()
    optimizer.zero_grad(set_to_none=True)
    seconds.append(time.perf_counter() - start)
print(
    json.dumps(
        {
            "torch": torch.__version__,
            "rows": arguments.rows,
            "positions": arguments.positions,
            "attention": arguments.attention,
            "checkpoint": arguments.checkpoint,
            "dtype": arguments.dtype,
            "parameters": sum(p.numel() for p in model.parameters()),
            "seconds": round(statistics.median(seconds[2:]), 3),
            "peak_mib": round(memory("VmHWM:") - before),
            "loss": round(loss.item(), 4),
        }
    )
)
