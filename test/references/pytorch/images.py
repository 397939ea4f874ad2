"""Convolutions, pooling and their like."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('images')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def convolution(x, weight, bias=False, **options):
    inputs = {'x': normal(*x), 'weight': normal(*weight), **({'bias': normal(weight[0])} if bias else {})}
    return op('conv2d', lambda *t: F.conv2d(*t, **options), options, inputs)


def pooling(x, size, **options):
    return op('maxPool2d', lambda x: F.max_pool2d(x, size, **options), {'size': size, **options}, {'x': x})


def parts():
    # Halves make ties: relu's zeros do so in every network.
    tied = (normal(2, 2, 6, 6) * 2).round().clamp(min=0) / 2
    return {'ops': [
        convolution((2, 2, 5, 4), (3, 2, 3, 2), bias=True),
        convolution((2, 1, 7, 6), (2, 1, 3, 3), bias=True, stride=[2, 3], padding=[2, 1]),
        convolution((1, 2, 7, 7), (2, 2, 2, 3), padding=[0, 2], dilation=[3, 2]),
        convolution((2, 4, 4, 5), (6, 2, 3, 3), bias=True, padding=1, groups=2),
        convolution((2, 3, 6, 5), (3, 1, 3, 3), bias=True, stride=2, padding=1, groups=3),
        convolution((1, 4, 9, 8), (4, 2, 3, 2), stride=[2, 1], padding=[1, 2], dilation=[2, 3], groups=2),
        pooling(normal(2, 2, 6, 6), [2, 2]),
        pooling(normal(1, 2, 7, 7), [3, 3], stride=[2, 2], padding=[1, 1]),
        pooling(normal(2, 1, 5, 6), [3, 2], stride=[2, 1], padding=[1, 1]),
        pooling(tied, [2, 2], stride=[2, 2]),
        pooling(tied, [3, 3], stride=[1, 1], padding=[1, 1]),
    ]}
