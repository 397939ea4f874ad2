"""Rearranging elements."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('shapes')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def one(name, call, options, *shape):
    """An op of one tensor, with its options by name."""
    return op(name, lambda x: call(x, **options), options, {'x': normal(*shape)})


def squeeze(x, axis):
    # Newer versions take a list; the axes are those of x.
    for a in sorted((a % x.dim() for a in axis), reverse=True):
        x = x.squeeze(a)
    return x


def unsqueeze(x, axis):
    # One by one in ascending order, each counts in the final result.
    rank = x.dim() + len(axis)
    for a in sorted(a % rank for a in axis):
        x = x.unsqueeze(a)
    return x


def sliced(x, ranges):
    return x[tuple(slice(*r) for r in ranges)]


def padded(x, padding, value=0.0):
    # F.pad names the last axis first.
    pairs = padding + [[0, 0]] * (x.dim() - len(padding))
    return F.pad(x, [n for pair in reversed(pairs) for n in pair], value=value)


def joined(name, call, options, *shapes):
    inputs = {key: normal(*shape) for key, shape in zip('abc', shapes)}
    return op(name, lambda *xs: call(xs, options.get('axis', 0)), options, inputs)


def split(x, sizes, axis, part):
    return torch.split(x, sizes, axis)[part]


def parts():
    return {'ops': [
        one('reshape', lambda x, shape: x.reshape(shape), {'shape': [3, 4]}, 2, 6),
        one('reshape', lambda x, shape: x.reshape(shape), {'shape': [2, -1, 1]}, 3, 4),
        one('flatten', lambda x: x.flatten(1), {}, 2, 3, 2),
        one('squeeze', torch.squeeze, {}, 1, 2, 1, 3),
        one('squeeze', lambda x, axis: x.squeeze(axis), {'axis': -2}, 1, 2, 1, 3),
        one('squeeze', lambda x, axis: x.squeeze(axis), {'axis': 1}, 1, 2, 1),
        one('squeeze', squeeze, {'axis': [-1, 0, 1]}, 1, 2, 1, 1),
        one('unsqueeze', lambda x, axis: x.unsqueeze(axis), {'axis': 1}, 2, 3),
        one('unsqueeze', lambda x, axis: x.unsqueeze(axis), {'axis': -3}, 2, 3),
        one('unsqueeze', unsqueeze, {'axis': [-1, 1]}, 2, 3),
        one('transpose', lambda x: x.T, {}, 2, 3),
        one('transpose', lambda x, axes: x.permute(axes), {'axes': [-1, 0, 2, 1]}, 2, 3, 2, 2),
        one('flip', lambda x: x.flip(list(range(x.dim()))), {}, 2, 3),
        one('flip', lambda x, axis: x.flip(axis), {'axis': [0, -1]}, 3, 2, 2),
        one('flip', lambda x, axis: x.flip(axis), {'axis': 1}, 2, 3, 2),
        one('expand', lambda x, shape: x.expand(shape), {'shape': [2, 3, 4]}, 3, 1),
        one('sumTo', lambda x, shape: x.sum_to_size(shape), {'shape': [3, 1]}, 2, 3, 4),
        one('sumTo', lambda x, shape: x.sum_to_size(shape), {'shape': [2, 1, 4]}, 2, 3, 4),
        one('repeat', lambda x, times: x.repeat(times), {'times': [2, 3]}, 2, 3),
        one('repeat', lambda x, times: x.repeat(times), {'times': [2, 1, 3]}, 3, 2),
        one('slice', sliced, {'ranges': [[1, 3], [-3, -1]]}, 4, 5),
        one('slice', sliced, {'ranges': [[0, 5, 2], [0, 2], [1, 4, 3]]}, 5, 2, 4),
        one('split', split, {'sizes': 2, 'axis': 0, 'part': 2}, 5, 2),
        one('split', split, {'sizes': [2, 1, 3], 'axis': -2, 'part': 2}, 2, 6, 2),
        joined('concat', torch.cat, {}, (2, 3), (1, 3), (3, 3)),
        joined('concat', torch.cat, {'axis': -2}, (2, 1, 3), (2, 2, 3), (2, 1, 3)),
        joined('stack', torch.stack, {}, (2, 3), (2, 3)),
        joined('stack', torch.stack, {'axis': -1}, (2, 3), (2, 3)),
        joined('stack', torch.stack, {'axis': 1}, (2, 3), (2, 3)),
        one('pad', padded, {'padding': [[1, 0], [2, 1]]}, 2, 3),
        one('pad', padded, {'padding': [[0, 2]], 'value': -1.5}, 2, 3),
        one('pad', padded, {'padding': [[0, 0], [1, 2], [2, 0]], 'value': 0.5}, 2, 2, 2),
    ]}
