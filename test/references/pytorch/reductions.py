"""Reductions over axes, and what works along one: running sums, softmax, the largest few."""

import torch

from common import draws, op as reference, single

normal = draws('reductions')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def native(name, call, x, axis=None, keepDims=False, **options):
    """A call that takes any axes by itself."""
    named = {**({} if axis is None else {'axis': axis}), **({'keepDims': True} if keepDims else {}), **options}
    dim = tuple(range(x.dim())) if axis is None else tuple(axis) if isinstance(axis, list) else axis
    return op(name, lambda x: call(x, dim, keepDims, **options), named, {'x': x})


def by_rows(x, dim, keepdim, call):
    """`call` on a matrix whose rows hold what is reduced, in reading order: for what PyTorch does along one axis alone."""
    reduced = sorted(d % x.dim() for d in (dim if isinstance(dim, tuple) else (dim,)))
    kept = [d for d in range(x.dim()) if d not in reduced]
    rows = x.permute(*kept, *reduced).reshape(torch.Size([x.shape[d] for d in kept]).numel(), -1)
    shape = [1 if d in reduced else x.shape[d] for d in range(x.dim())] if keepdim else [x.shape[d] for d in kept]
    return call(rows).reshape(shape)


def largest(x, dim, keepdim):
    return by_rows(x, dim, keepdim, lambda rows: rows.max(1).values)


def smallest(x, dim, keepdim):
    return by_rows(x, dim, keepdim, lambda rows: rows.min(1).values)


def product(x, dim, keepdim):
    return by_rows(x, dim, keepdim, lambda rows: rows.prod(1))


def variance(x, dim, keepdim, correction=1):
    return torch.var(x, dim, correction=correction, keepdim=keepdim)


def std(x, dim, keepdim, correction=1):
    return torch.std(x, dim, correction=correction, keepdim=keepdim)


def index(name, call, x, axis=None, keepDims=False):
    """Indices as numbers that depend on x, with gradient 0."""
    named = {**({} if axis is None else {'axis': axis}), **({'keepDims': True} if keepDims else {})}
    return op(name, lambda x: call(x, dim=axis, keepdim=keepDims) + 0 * x.sum(), named, {'x': x})


def along(name, call, x, axis=None, **options):
    named = {**({} if axis is None else {'axis': axis}), **options}
    return op(name, lambda x: call(x, -1 if axis is None else axis), named, {'x': x})


def top(x, k, of, axis=-1, largest=True):
    def call(x):
        found = torch.topk(x, k, dim=axis, largest=largest)
        return found.values if of == 'values' else found.indices + 0 * x.sum()

    return op('topK', call, {'k': k, 'of': of, 'axis': axis, 'largest': largest}, {'x': x})


def parts():
    ops = []
    for name, call in [
        ('sum', torch.sum),
        ('mean', torch.mean),
        ('norm', lambda x, dim, keepdim: torch.linalg.vector_norm(x, 2, dim, keepdim)),
        ('max', largest),
        ('min', smallest),
        ('prod', product),
        ('variance', variance),
        ('std', std),
        ('logSumExp', torch.logsumexp),
    ]:
        ops += [
            native(name, call, normal(2, 3, 2)),
            native(name, call, normal(3, 4), axis=0),
            native(name, call, normal(3, 4), axis=-1, keepDims=True),
            native(name, call, normal(2, 3, 2, 2), axis=[2, 0]),
            native(name, call, normal(2, 3, 2), axis=[-1, 0], keepDims=True),
        ]
    # Halves make ties.
    tied = (normal(4, 5) * 2).round() / 2
    zeros = torch.tensor([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0], [0.5, -1.5, 4.0]])
    ops += [
        native('max', largest, tied, axis=1),
        native('min', smallest, tied, axis=0),
        native('prod', product, zeros, axis=1),
        native('prod', product, zeros, axis=0),
        native('variance', variance, normal(3, 4), axis=1, correction=0),
        native('variance', variance, normal(3, 4), correction=3),
        native('variance', variance, single(1000 + normal(2, 5, scale=0.125)), axis=1),
        native('std', std, normal(3, 4), axis=1, correction=0),
        native('std', std, single(1000 + normal(2, 5, scale=0.125)), axis=1),
        native('logSumExp', torch.logsumexp, normal(3, 4, scale=1e4), axis=1),
        native('logSumExp', torch.logsumexp, normal(3, 4, scale=1e-3), axis=1),
    ]
    for name, call in [('argMax', torch.argmax), ('argMin', torch.argmin)]:
        ops += [
            index(name, call, normal(2, 3, 2)),
            index(name, call, normal(3, 4), axis=0),
            index(name, call, normal(2, 3, 2), axis=-2, keepDims=True),
            index(name, call, tied, axis=1),
        ]
    for of in ['values', 'indices']:
        ops += [
            top(normal(3, 5), 2, of),
            top(normal(5, 3), 3, of, axis=0, largest=False),
            top(normal(2, 4, 3), 4, of, axis=1),
        ]
    for name, call in [('cumSum', torch.cumsum), ('softmax', torch.softmax), ('logSoftmax', torch.log_softmax)]:
        ops += [
            along(name, call, normal(3, 4)),
            along(name, call, normal(4, 3), axis=0),
            along(name, call, normal(2, 3, 2), axis=-2),
            along(name, call, normal(3, 4, scale=100.0)),
            along(name, call, normal(2, 5, scale=1e-3)),
        ]
    return {'ops': ops}
