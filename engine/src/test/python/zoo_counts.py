"""Parameter counts of the zoo's networks from the same definitions in PyTorch (2.13 made the tests' numbers).

Recurrent layers: PyTorch's two biases of a gate count once, except the GRU's candidate, which has both.
"""
import torch
import torch.nn as nn
import torch.nn.functional as F

torch.set_num_threads(1)


def convs(*widths, k=3, norm=False):
    layers = []
    for i, o in zip(widths, widths[1:]):
        layers.append(nn.Conv2d(i, o, k, padding=k // 2, bias=not norm))
        if norm:
            layers.append(nn.BatchNorm2d(o))
    return layers


def dense(*widths):
    return [nn.Linear(i, o) for i, o in zip(widths, widths[1:])]


def cn(i, o, k=3, s=1, g=1):
    return nn.Sequential(nn.Conv2d(i, o, k, s, k // 2, groups=g, bias=False), nn.BatchNorm2d(o))


def lenet5():
    return [nn.Conv2d(1, 6, 5), nn.Conv2d(6, 16, 5)] + dense(400, 120, 84, 10)


def alexnet():
    return [nn.Conv2d(3, 96, 11), nn.Conv2d(96, 256, 5)] + convs(256, 384, 384, 256) + dense(9216, 4096, 4096, 1000)


def alexnet_small():
    return [nn.Conv2d(3, 24, 5), nn.Conv2d(24, 64, 5)] + convs(64, 96, 96, 64) + dense(1024, 256, 256, 10)


def vgg16():
    return convs(3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512) + dense(25088, 4096, 4096, 1000)


def vgg_small():  # three stages from 32 filters, 32 x 32 x 3
    return convs(3, 32, 32, 64, 64, 128, 128, norm=True) + dense(128 * 16, 128, 10)


def module(i, a, br, b, cr, c, p):
    return [nn.Conv2d(i, a, 1), nn.Conv2d(i, br, 1), nn.Conv2d(br, b, 3), nn.Conv2d(i, cr, 1), nn.Conv2d(cr, c, 5), nn.Conv2d(i, p, 1)]


def googlenet():
    m = [(64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64), (192, 96, 208, 16, 48, 64), (160, 112, 224, 24, 64, 64),
         (128, 128, 256, 24, 64, 64), (112, 144, 288, 32, 64, 64), (256, 160, 320, 32, 128, 128), (256, 160, 320, 32, 128, 128),
         (384, 192, 384, 48, 128, 128)]
    layers, i = [nn.Conv2d(3, 64, 7), nn.Conv2d(64, 64, 1), nn.Conv2d(64, 192, 3)], 192
    for a, br, b, cr, c, p in m:
        layers += module(i, a, br, b, cr, c, p)
        i = a + b + c + p
    return layers + dense(i, 1000)


def inception_small(auxiliary):  # three modules of unit 8, 32 x 32 x 3
    layers = [nn.Conv2d(3, 32, 3)] + module(32, 16, 24, 32, 4, 8, 8) + module(64, 16, 24, 32, 4, 8, 8) + module(64, 16, 24, 32, 4, 8, 8)
    return layers + dense(64, 10) + (dense(64, 64, 10) if auxiliary else [])


def resnet(depth, widths, block, stem, classes):
    layers, i = [stem], stem[0].out_channels
    for stage, (n, w) in enumerate(zip(depth, widths)):
        for k in range(n):
            s = 2 if stage and not k else 1
            o = w * (4 if block == "bottleneck" else 1)
            layers += [cn(i, w, 1), cn(w, w, 3, s), cn(w, o, 1)] if block == "bottleneck" else [cn(i, w, 3, s), cn(w, o)]
            if i != o or s != 1:
                layers.append(cn(i, o, 1, s))
            i = o
    return layers + dense(i, classes)


def mobilenet1(alpha, classes):
    r = lambda n: max(1, round(n * alpha))
    layers, i = [cn(3, r(32))], r(32)
    for o in [64, 128, 128, 256, 256, 512, 512, 512, 512, 512, 512, 1024, 1024]:
        layers += [cn(i, i, 3, g=i), cn(i, r(o), 1)]
        i = r(o)
    return layers + dense(i, classes)


def mobilenet2(alpha, classes):
    def r(n):
        v = max(8, int(n + 4) // 8 * 8)
        return v + 8 if v < 0.9 * n else v
    layers, i = [cn(3, r(32 * alpha))], r(32 * alpha)
    for t, c, n, _ in [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]:
        for _ in range(n):
            o = r(c * alpha)
            layers += ([cn(i, t * i, 1)] if t != 1 else []) + [cn(t * i, t * i, 3, g=t * i), cn(t * i, o, 1)]
            i = o
    last = r(1280 * max(1, alpha))
    return layers + [cn(i, last, 1)] + dense(last, classes)


def xception(alpha, middle, classes):
    r = lambda n: max(1, round(n * alpha))
    sep = lambda i, o: [nn.Conv2d(i, i, 3, groups=i, bias=False), cn(i, o, 1)]
    layers, i = [cn(3, r(32)), cn(r(32), r(64))], r(64)
    for o in (r(128), r(256), r(728)):
        layers += sep(i, o) + sep(o, o) + [cn(i, o, 1, 2)]
        i = o
    layers += [m for _ in range(3 * middle) for m in sep(i, i)]
    layers += sep(i, i) + sep(i, r(1024)) + [cn(i, r(1024), 1, 2)] + sep(r(1024), r(1536)) + sep(r(1536), r(2048))
    for m in nn.ModuleList(layers).modules():  # nothing stands between depthwise and pointwise
        assert not isinstance(m, nn.Conv2d) or m.bias is None
    return layers + dense(r(2048), classes)


def stdc1(classes):
    layers, i = [cn(3, 32), cn(32, 64)], 64
    for o in (256, 256, 512, 512, 1024, 1024):
        layers += [cn(i, o // 2, 1), cn(o // 2, o // 4), cn(o // 4, o // 8), cn(o // 8, o // 8)]
        i = o
    return layers + [cn(1024, 1024, 1)] + dense(1024, classes)


class Capsules(nn.Module):
    def __init__(s, i, d, j, e):
        super().__init__()
        s.votes = nn.Parameter(torch.zeros(i, d, j * e))


def capsules():  # 8 x 8 x 1, 32 filters, 4 capsules of 8 values at 4 x 4 places, 10 of 8
    return [nn.Conv2d(1, 32, 3), nn.Conv2d(32, 32, 3), Capsules(64, 8, 10, 8)]


def highway(features, units, layers, classes):
    return dense(features, units) + [nn.Linear(units, units) for _ in range(2 * layers)] + dense(units, classes)


def unet(channels, depth, w, classes):
    layers, i = [], channels
    for level in range(depth + 1):
        layers += convs(i, w << level, w << level)
        i = w << level
    for level in reversed(range(depth)):
        layers += [nn.ConvTranspose2d(i, w << level, 2, 2)] + convs(2 * (w << level), w << level, w << level)
        i = w << level
    return layers + [nn.Conv2d(w, classes, 1)]


def fcn(channels, w, k):
    layers = convs(channels, w, w, 2 * w, 2 * w, 4 * w, 4 * w, norm=True)
    return layers + [nn.Conv2d(c * w, k, 1) for c in (1, 2, 4)] + [nn.ConvTranspose2d(k, k, 4, 2, 1) for _ in range(3)]


def autoencoder():
    return dense(64, 32, 8, 32, 64)


class Tied(nn.Module):
    def __init__(s):
        super().__init__()
        s.code, s.bias = nn.Linear(64, 8), nn.Parameter(torch.zeros(64))


def entity():  # two numbers, 7 and 33 categories
    return [nn.Embedding(7, 4), nn.Embedding(33, 17)] + dense(2 + 4 + 17, 1000, 500, 3)


def char(cell, layers):  # 80 characters, embedding 64, 128 units
    return [nn.Embedding(80, 64), cell(64, 128, layers), nn.Linear(128, 80)]


class Block(nn.Module):
    def __init__(s, d, f):
        super().__init__()
        s.n1, s.n2, s.qkv, s.p = nn.LayerNorm(d), nn.LayerNorm(d), nn.Linear(d, 3 * d), nn.Linear(d, d)
        s.f = nn.Sequential(*dense(d, f, d))


class Positions(nn.Module):
    def __init__(s, t, d):
        super().__init__()
        s.table = nn.Parameter(torch.zeros(t, d))


def transformer(first, steps, n, d, f, outputs):
    return [first, Positions(steps, d)] + [Block(d, f) for _ in range(n)] + [nn.LayerNorm(d), nn.Linear(d, outputs)]


def count(layers):
    n = 0
    for m in nn.ModuleList(layers).modules():
        n += sum(p.numel() for p in m.parameters(recurse=False))
        if isinstance(m, (nn.RNN, nn.LSTM)):
            n -= sum(p.numel() for k, p in m.named_parameters() if k.startswith("bias_hh"))
        if isinstance(m, nn.GRU):
            n -= sum(p.numel() * 2 // 3 for k, p in m.named_parameters() if k.startswith("bias_hh"))
    return n


with torch.device("meta"):
    small = ((16, 32, 64), cn(3, 16))
    for name, layers in {
        "lenet5": lenet5(), "alexnet": alexnet(), "alexnet_small": alexnet_small(), "vgg16": vgg16(), "vgg_small": vgg_small(),
        "googlenet": googlenet(), "inception_small": inception_small(False), "inception_small_auxiliary": inception_small(True),
        "resnet20": resnet((3, 3, 3), (16, 32, 64), "basic", cn(3, 16), 10),
        "resnet_bottleneck": resnet((2, 2, 2), (16, 32, 64), "bottleneck", cn(3, 16), 10),
        "resnet50": resnet((3, 4, 6, 3), (64, 128, 256, 512), "bottleneck", cn(3, 64, 7, 2), 1000),
        "mobilenet1": mobilenet1(1, 1000), "mobilenet1_half": mobilenet1(0.5, 10),
        "mobilenet2": mobilenet2(1, 1000), "mobilenet2_quarter": mobilenet2(0.25, 10),
        "xception": xception(1, 8, 1000), "stdc1": stdc1(1000), "capsules": capsules(),
        "highway": highway(64, 50, 20, 10), "unet": unet(1, 4, 64, 2), "unet_small": unet(1, 3, 8, 2), "fcn": fcn(3, 8, 5),
        "autoencoder": autoencoder(), "autoencoder_tied": [Tied()], "entity": entity(),
        "char_rnn": char(nn.RNN, 1), "char_lstm": char(nn.LSTM, 1), "char_gru": char(nn.GRU, 1), "char_lstm2": char(nn.LSTM, 2),
        "transformer": transformer(nn.Embedding(1000, 128), 64, 2, 128, 512, 10),
        "char_transformer": transformer(nn.Embedding(80, 64), 50, 2, 64, 256, 80),
        "vit_tiny": transformer(nn.Conv2d(3, 192, 16, 16), 196, 12, 192, 768, 1000),
    }.items():
        print(f"{name} {count(layers)}")
