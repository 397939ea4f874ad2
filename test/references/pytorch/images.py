"""Convolutions, pooling and their like."""

import torch
from torch import nn
from torch.nn import functional as F

from common import draws, layer as reference_layer, op as reference

normal = draws('images')
SNAKE = {'outputPadding': 'output_padding', 'countIncludePad': 'count_include_pad', 'alignCorners': 'align_corners'}


def snake(options):
    return {SNAKE.get(key, key): value for key, value in options.items()}


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def layer(name, module, options, x):
    return reference_layer(normal, name, module, options, {'x': normal(*x)})


def convolution(name, call, x, weight, bias=0, **options):
    inputs = {'x': normal(*x), 'weight': normal(*weight), **({'bias': normal(bias)} if bias else {})}
    return op(name, lambda *t: call(*t, **snake(options)), options, inputs)


def conv1d(*sizes, **options):
    return convolution('conv1d', F.conv1d, *sizes, **options)


def conv2d(*sizes, **options):
    return convolution('conv2d', F.conv2d, *sizes, **options)


def transposed(*sizes, **options):
    return convolution('convTranspose2d', F.conv_transpose2d, *sizes, **options)


def max_pooling(x, size, **options):
    return op('maxPool2d', lambda x: F.max_pool2d(x, size, **options), {'size': size, **options}, {'x': x})


def average(x, size, **options):
    return op('avgPool2d', lambda x: F.avg_pool2d(x, size, **snake(options)), {'size': size, **options}, {'x': normal(*x)})


def adaptive(x, size):
    return op('adaptiveAvgPool2d', lambda x: F.adaptive_avg_pool2d(x, size), {'size': size}, {'x': normal(*x)})


def enlarged(x, scale=None, size=None, **options):
    # Where the scale is given PyTorch takes its places from it, not from the quotient of the sizes.
    given = {'scale': scale} if size is None else {'size': size}
    return op('upsample2d', lambda x: F.interpolate(x, size=size, scale_factor=scale, **snake(options)), {**given, **options}, {'x': normal(*x)})


def correlation(x, template):
    """As in SiamFC's code: the batch folded into channels, one group an item."""
    def call(x, template):
        n, c, h, w = x.shape
        out = F.conv2d(x.reshape(1, n * c, h, w), template, groups=n)
        return out.reshape(n, 1, *out.shape[2:])
    return op('crossCorrelation2d', call, {}, {'x': normal(*x), 'template': normal(*template)})


def parts():
    # Halves make ties: relu's zeros do so in every network.
    tied = (normal(1, 2, 6, 6) * 2).round().clamp(min=0) / 2
    ops = [
        conv1d((2, 2, 6), (3, 2, 3), 3),
        conv1d((1, 2, 9), (2, 2, 3), stride=2, padding=3, dilation=2),
        conv1d((1, 4, 5), (6, 2, 2), 6, padding=1, groups=2),
        conv2d((2, 2, 5, 4), (3, 2, 3, 2), 3),
        conv2d((2, 1, 5, 6), (2, 1, 3, 3), 2, stride=[2, 3], padding=[2, 1]),
        conv2d((1, 2, 5, 5), (2, 2, 2, 3), padding=[0, 2], dilation=[3, 2]),
        conv2d((1, 4, 4, 3), (6, 2, 3, 3), 6, padding=1, groups=2),
        conv2d((1, 3, 6, 5), (3, 1, 3, 3), 3, stride=2, padding=1, groups=3),
        conv2d((1, 4, 5, 5), (4, 2, 3, 2), stride=[2, 1], padding=[1, 2], dilation=[2, 3], groups=2),
        conv2d((1, 2, 5, 4), (4, 1, 2, 3), 4, dilation=[2, 1], groups=2),
        conv2d((1, 9, 4, 3), (4, 9, 2, 1), 4, stride=[1, 2], padding=1, dilation=[2, 1]),
        conv2d((1, 1, 2, 3), (1, 1, 5, 4), padding=[2, 1]),
        transposed((2, 2, 2, 3), (2, 2, 3, 2), 2),
        transposed((2, 1, 3, 2), (1, 2, 3, 2), 2, stride=[2, 3], padding=[2, 1], outputPadding=[1, 2]),
        transposed((1, 2, 3, 3), (2, 2, 2, 3), padding=[0, 2], dilation=[3, 2]),
        transposed((1, 4, 2, 2), (4, 2, 2, 2), 4, stride=2, groups=2),
        transposed((1, 3, 2, 3), (3, 1, 3, 3), stride=2, padding=1, outputPadding=1, groups=3),
        transposed((1, 1, 3, 2), (1, 1, 2, 2), outputPadding=2, dilation=3),
        transposed((1, 4, 2, 2), (4, 9, 1, 2), 9, stride=[2, 1], padding=[0, 1]),
        correlation((2, 2, 4, 4), (2, 2, 2, 3)),
        correlation((3, 2, 2, 3), (3, 2, 2, 3)),
        max_pooling(normal(2, 1, 4, 6), [2, 2]),
        max_pooling(normal(1, 1, 7, 7), [3, 3], stride=[2, 2], padding=[1, 1]),
        max_pooling(normal(2, 1, 5, 6), [3, 2], stride=[2, 1], padding=[1, 1]),
        max_pooling(normal(1, 1, 7, 8), 2, stride=3),
        max_pooling(tied, [2, 2], stride=[2, 2]),
        max_pooling(tied, [3, 3], stride=[1, 1], padding=[1, 1]),
        average((1, 2, 4, 6), 2),
        average((1, 1, 5, 5), 2),
        average((1, 1, 5, 6), [3, 2], stride=[2, 1], padding=[1, 1]),
        average((1, 1, 5, 6), [3, 4], stride=[2, 1], padding=[1, 2], countIncludePad=False),
        average((1, 1, 7, 7), 2, stride=3),
        adaptive((2, 1, 4, 6), [2, 3]),
        adaptive((1, 1, 5, 7), [3, 4]),
        adaptive((1, 1, 2, 3), [5, 4]),
        adaptive((2, 2, 3, 3), 1),
        op('globalAvgPool2d', lambda x: F.adaptive_avg_pool2d(x, 1), {}, {'x': normal(2, 3, 3, 4)}),
        enlarged((1, 2, 2, 3), 2),
        enlarged((1, 1, 4, 3), [1.5, 2.5]),
        enlarged((1, 1, 5, 6), 0.5),
        enlarged((1, 1, 3, 5), size=[4, 8]),
        enlarged((2, 1, 2, 3), 2, mode='bilinear'),
        enlarged((1, 1, 4, 3), [1.5, 2.5], mode='bilinear', alignCorners=False),
        enlarged((1, 1, 3, 5), size=[7, 4], mode='bilinear'),
        enlarged((1, 1, 7, 6), size=[2, 3], mode='bilinear'),
        enlarged((1, 1, 3, 2), [2, 3], mode='bilinear', alignCorners=True),
        enlarged((1, 1, 4, 3), size=[3, 1], mode='bilinear', alignCorners=True),
    ]
    strides = {'stride': 2, 'padding': 1}
    layers = [
        layer('Conv1d', nn.Conv1d(2, 3, 3), {'inputs': 2, 'outputs': 3, 'size': 3}, (2, 2, 6)),
        layer('Conv1d', nn.Conv1d(2, 4, 2, bias=False, dilation=2, groups=2, **strides),
              {'inputs': 2, 'outputs': 4, 'size': 2, 'bias': False, 'dilation': 2, 'groups': 2, **strides}, (2, 2, 5)),
        layer('Conv2d', nn.Conv2d(2, 3, (3, 2)), {'inputs': 2, 'outputs': 3, 'size': [3, 2]}, (2, 2, 4, 3)),
        layer('Conv2d', nn.Conv2d(2, 4, 2, bias=False, dilation=(1, 2), groups=2, **strides),
              {'inputs': 2, 'outputs': 4, 'size': 2, 'bias': False, 'dilation': [1, 2], 'groups': 2, **strides}, (1, 2, 4, 4)),
        layer('ConvTranspose2d', nn.ConvTranspose2d(2, 3, (3, 2)), {'inputs': 2, 'outputs': 3, 'size': [3, 2]}, (2, 2, 2, 3)),
        layer('ConvTranspose2d', nn.ConvTranspose2d(4, 2, 3, output_padding=(1, 0), groups=2, **strides),
              {'inputs': 4, 'outputs': 2, 'size': 3, 'outputPadding': [1, 0], 'groups': 2, **strides}, (1, 4, 2, 3)),
    ]
    return {'ops': ops, 'layers': layers}
