"""Choosing elements by index."""

import torch
from torch.nn import functional as F

from common import draws, numbers, op as reference

normal = draws('indexing')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def take(indices, axis, *shape):
    options = {'indices': indices, 'axis': axis}
    return op('take', lambda x: x.index_select(axis, torch.tensor(indices)), options, {'x': normal(*shape)})


def gather(index, axis, *shape):
    return op('gather', lambda x: x.gather(axis, torch.tensor(index)), {'index': index, 'axis': axis}, {'x': normal(*shape)})


def scatter_add(index, axis, x, source):
    options = {'index': index, 'axis': axis}
    inputs = {'x': normal(*x), 'source': normal(*source)}

    def call(x, source):
        # The forward pass leaves out what source has beyond; the backward pass of torch 1.13 fails there.
        places = torch.tensor(index)
        return x.scatter_add(axis, places, source[tuple(slice(n) for n in places.shape)])

    return op('scatterAdd', call, options, inputs)


def one_hot(indices, classes):
    """Nothing here has a gradient."""
    out = F.one_hot(torch.tensor(indices), classes).to(torch.float64)
    options = {'indices': indices, 'classes': classes}
    return {'op': 'oneHot', 'options': options, 'inputs': {}, 'output': numbers(out), 'g': 0, 'gradients': {}}


def parts():
    return {'ops': [
        take([2, 0, 2, 1], 0, 3, 2),
        take([1, 1], -1, 2, 3),
        take([3, 0, 3], 1, 2, 4, 2),
        gather([[2, 0, 2], [1, 1, 0]], 1, 2, 3),
        gather([[2, 0, 2], [1, 1, 0]], 0, 3, 4),
        gather([[[0, 1], [3, 3], [2, 0], [1, 1], [0, 0]]], -2, 2, 4, 3),
        scatter_add([[2, 0, 2], [1, 1, 1]], 1, (2, 3), (2, 3)),
        scatter_add([[2, 0, 2], [1, 1, 2]], 0, (3, 4), (3, 3)),
        scatter_add([[[0, 1], [3, 3], [0, 1], [0, 1], [0, 0]]], -2, (2, 4, 2), (1, 6, 2)),
        one_hot([2, 0, 1], 4),
        one_hot([[1, 0, 1], [0, 0, 1]], 2),
    ]}
