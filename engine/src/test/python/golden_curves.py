#!/usr/bin/env python3
"""Golden loss curves: PyTorch's loss over 200 training steps of small models, from weights and data that any language can make.

  golden_curves.py [--steps 200] [--models transformer,...] [--out engine/src/test/resources/dev/bellows/engine/golden]

Writes <model>.txt: a comment with the versions, then a line `step loss` for each step. Values come from value(stream, i), which
GoldenValues in Java computes too, so that no weights are stored. A model is a function that returns (module, batch, optimizer, loss):
it fills its parameters in the order in which the Java test has them, one stream per parameter, counted from 0.

Rates are below the benchmark's where with those the rounding of another instruction set alone moves the loss by 1e-3.
"""
import argparse
import os
import sys

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F


def mix(z):
    """The finaliser of splitmix64 (G. Steele et al., OOPSLA 2014)."""
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))


def bits(stream, n):
    """n numbers of 24 bits."""
    with np.errstate(over="ignore"):
        i = np.arange(n, dtype=np.uint64) + np.uint64(stream) * np.uint64(1 << 32)
        return mix((i + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(40)


def value(stream, shape, bound):
    """float32 in [-bound, bound), evenly spread."""
    n = int(np.prod(shape))
    unit = bits(stream, n).astype(np.float32) * np.float32(2.0**-23) - np.float32(1)
    return torch.from_numpy((unit * np.float32(bound)).reshape(shape))


def whole(stream, shape, limit):
    """int64 in [0, limit)."""
    return torch.from_numpy((bits(stream, int(np.prod(shape))) % np.uint64(limit)).astype(np.int64).reshape(shape))


class Filler:
    """Fills parameters one after another. A Linear is stored [in, out] in Java, so its weight is filled transposed."""

    def __init__(self):
        self.stream = 0

    def tensor(self, p, bound):
        with torch.no_grad():
            p.copy_(value(self.stream, tuple(p.shape), bound))
        self.stream += 1

    def linear(self, m):
        bound = np.float32(1 / np.sqrt(m.in_features))
        with torch.no_grad():
            m.weight.copy_(value(self.stream, (m.in_features, m.out_features), bound).t())
        self.stream += 1
        self.tensor(m.bias, bound)

    def conv(self, m):
        """Stored [height, width, in, out] in Java."""
        shape = (*m.kernel_size, m.in_channels, m.out_channels)
        bound = np.float32(1 / np.sqrt(np.prod(shape[:3])))
        with torch.no_grad():
            m.weight.copy_(value(self.stream, shape, bound).permute(3, 2, 0, 1))
        self.stream += 1
        if m.bias is not None:
            self.tensor(m.bias, bound)


DATA = 1 << 20  # streams of data start here


class EncoderLayer(nn.Module):
    """Pre-norm encoder block, no dropout."""

    def __init__(self, d=128, h=4, f=512):
        super().__init__()
        self.h, self.n1, self.n2 = h, nn.LayerNorm(d), nn.LayerNorm(d)
        self.qkv, self.p, self.f1, self.f2 = nn.Linear(d, 3 * d), nn.Linear(d, d), nn.Linear(d, f), nn.Linear(f, d)

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(self.n1(x)).view(b, t, 3, self.h, d // self.h).permute(2, 0, 3, 1, 4)
        a = F.scaled_dot_product_attention(q, k, v)
        x = x + self.p(a.transpose(1, 2).reshape(b, t, d))
        return x + self.f2(F.gelu(self.f1(self.n2(x))))


class Encoder(nn.Module):
    def __init__(self, v=1000, t=64, d=128, n=2):
        super().__init__()
        self.e, self.pos = nn.Embedding(v, d), nn.Parameter(torch.zeros(1, t, d))
        self.layers, self.n, self.o = nn.ModuleList([EncoderLayer(d) for _ in range(n)]), nn.LayerNorm(d), nn.Linear(d, 10)

    def forward(self, x):
        x = self.e(x) + self.pos
        for layer in self.layers:
            x = layer(x)
        return self.o(self.n(x).mean(1))


def transformer():
    model = Encoder()
    fill = Filler()
    fill.tensor(model.e.weight, 1.0)
    fill.tensor(model.pos, 0.03125)
    for layer in model.layers:
        fill.linear(layer.qkv)
        fill.linear(layer.p)
        fill.linear(layer.f1)
        fill.linear(layer.f2)
    fill.linear(model.o)

    def batch(step):
        x = whole(DATA + step % 16, (32, 64), 1000)
        return x, x[:, 0] % 10

    return model, batch, torch.optim.AdamW(model.parameters(), lr=1e-3), lambda m, x, y: F.cross_entropy(m(x), y)


class CharLstm(nn.Module):
    def __init__(self, v=80, e=64, h=128):
        super().__init__()
        self.e, self.l, self.o = nn.Embedding(v, e), nn.LSTM(e, h, batch_first=True), nn.Linear(h, v)

    def forward(self, x):
        return self.o(self.l(self.e(x))[0])


def lstm():
    model = CharLstm()
    fill = Filler()
    bound = np.float32(1 / np.sqrt(128))
    fill.tensor(model.e.weight, 1.0)
    with torch.no_grad():
        model.l.weight_ih_l0.copy_(value(1, (64, 512), bound).t())
        model.l.bias_ih_l0.copy_(value(2, (512,), bound))
        model.l.weight_hh_l0.copy_(value(3, (128, 512), bound).t())
        model.l.bias_hh_l0.zero_()
    model.l.bias_hh_l0.requires_grad_(False)  # the Java side has one bias
    fill.stream = 4
    fill.linear(model.o)

    def batch(step):
        numbers = whole(DATA + step % 16, (2, 32, 1), 80)
        s = (numbers[1] + torch.arange(51)[None, :] * (1 + numbers[0] % 3)) % 80
        return s[:, :-1].contiguous(), s[:, 1:].contiguous()

    def loss(m, x, y):
        return F.cross_entropy(m(x).reshape(-1, 80), y.reshape(-1))

    return model, batch, torch.optim.Adam(model.parameters(), lr=2e-3), loss


def images(step, rows, size, channels, brighter):
    """Evenly spread values in [-2, 2), `brighter` in the three lines that belong to the label; new ones at each step."""
    x = value(DATA + 2 * step, (rows, size, size, channels), 2)
    y = whole(DATA + 2 * step + 1, (rows,), 10)
    x += brighter * (torch.arange(size)[None, :] // 3 == y[:, None]).to(torch.float32)[:, :, None, None]
    return x, y


def mlp():
    model = nn.Sequential(nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, 128), nn.ReLU(), nn.Linear(128, 10))
    fill = Filler()
    for layer in (0, 2, 4):
        fill.linear(model[layer])

    def batch(step):
        x, y = images(step, 128, 28, 1, 0.25)
        return x.flatten(1), y

    return model, batch, torch.optim.Adam(model.parameters(), lr=5e-4), lambda m, x, y: F.cross_entropy(m(x), y)


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1, self.c2 = nn.Conv2d(1, 6, 5, padding=2), nn.Conv2d(6, 16, 5)
        self.f1, self.f2, self.f3 = nn.Linear(400, 120), nn.Linear(120, 84), nn.Linear(84, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.c1(x)), 2)
        x = F.max_pool2d(F.relu(self.c2(x)), 2).permute(0, 2, 3, 1).flatten(1)  # channels last, as Java has them
        return self.f3(F.relu(self.f2(F.relu(self.f1(x)))))


def lenet5():
    model = LeNet5()
    fill = Filler()
    fill.conv(model.c1)
    fill.conv(model.c2)
    for layer in (model.f1, model.f2, model.f3):
        fill.linear(layer)

    def batch(step):
        x, y = images(step, 64, 28, 1, 1.0)
        return x.permute(0, 3, 1, 2), y

    return model, batch, torch.optim.SGD(model.parameters(), lr=0.025), lambda m, x, y: F.cross_entropy(m(x), y)


class Block(nn.Module):
    def __init__(self, i, o):
        super().__init__()
        stride = 1 if i == o else 2
        self.c1, self.b1 = nn.Conv2d(i, o, 3, stride, 1, bias=False), nn.BatchNorm2d(o)
        self.c2, self.b2 = nn.Conv2d(o, o, 3, 1, 1, bias=False), nn.BatchNorm2d(o)
        self.skip = None if i == o else nn.Sequential(nn.Conv2d(i, o, 1, stride, bias=False), nn.BatchNorm2d(o))

    def forward(self, x):
        y = self.b2(self.c2(F.relu(self.b1(self.c1(x)))))
        return F.relu(y + (x if self.skip is None else self.skip(x)))


class ResNet20(nn.Module):
    """The benchmark's network; each block starts as its shortcut (P. Goyal et al., 2017, section 5.1)."""

    def __init__(self):
        super().__init__()
        self.c, self.b = nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16)
        widths = [16] * 4 + [32] * 3 + [64] * 3
        self.blocks = nn.Sequential(*[Block(i, o) for i, o in zip(widths, widths[1:])])
        self.fc = nn.Linear(64, 10)

    def forward(self, x):
        return self.fc(self.blocks(F.relu(self.b(self.c(x)))).mean((2, 3)))


def resnet20():
    model = ResNet20()
    fill = Filler()
    fill.conv(model.c)
    for block in model.blocks:
        fill.conv(block.c1)
        fill.conv(block.c2)
        nn.init.zeros_(block.b2.weight)
        if block.skip is not None:
            fill.conv(block.skip[0])
    fill.linear(model.fc)

    def batch(step):
        x, y = images(step, 16, 32, 3, 1.5)
        return x.permute(0, 3, 1, 2), y

    # with the benchmark's rate of 0.1, or branches of full scale, two layouts of PyTorch part ways too
    optimizer = torch.optim.SGD(model.parameters(), lr=0.005, momentum=0.9, weight_decay=1e-4)
    return model, batch, optimizer, lambda m, x, y: F.cross_entropy(m(x), y)


MODELS = {"transformer": transformer, "lstm": lstm, "mlp": mlp, "lenet5": lenet5, "resnet20": resnet20}


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--steps", type=int, default=200)
    args.add_argument("--models", default=",".join(MODELS))
    args.add_argument("--out", default=os.path.join(os.path.dirname(__file__), "../resources/dev/bellows/engine/golden"))
    args = args.parse_args()
    torch.set_num_threads(1)
    for name in args.models.split(","):
        model, batch, optimizer, loss_of = MODELS[name]()
        os.makedirs(args.out, exist_ok=True)
        with open(os.path.join(args.out, name + ".txt"), "w") as out:
            print(f"# golden_curves.py --models {name} --steps {args.steps}, torch {torch.__version__}, numpy {np.__version__}", file=out)
            for step in range(args.steps + 1):
                optimizer.zero_grad(set_to_none=True)
                loss = loss_of(model, *batch(step))
                print(step, f"{loss.item():.7g}", file=out)
                loss.backward()
                optimizer.step()


if __name__ == "__main__":
    sys.exit(main())
