"""Matrix products and what is made of them."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('products')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def product(a, b):
    return op('matmul', torch.matmul, {}, {'a': normal(*a), 'b': normal(*b)})


def einsum(equation, *shapes):
    inputs = {key: normal(*shape) for key, shape in zip('abc', shapes)}
    return op('einsum', lambda *xs: torch.einsum(equation, *xs), {'equation': equation}, inputs)


def attention(q, k, v, bias=None, mask=None, causal=False):
    """scaled_dot_product_attention of torch 2, in torch 1.13; a query that may attend nothing gives 0."""
    scores = q @ k.transpose(-2, -1) / q.shape[-1] ** 0.5
    if bias is not None:
        scores = scores + bias
    may = torch.ones(scores.shape, dtype=torch.bool)
    if mask is not None:
        may = may & torch.tensor(mask).bool()
    if causal:
        may = may & torch.ones(scores.shape[-2:], dtype=torch.bool).tril()
    weights = torch.softmax(scores.masked_fill(~may, -1e300), -1).masked_fill(~may, 0)
    return weights @ v


def attended(q, k, v, bias=None, **options):
    inputs = {'q': normal(*q), 'k': normal(*k), 'v': normal(*v), **({'bias': normal(*bias)} if bias else {})}
    return op('attention', lambda *t: attention(*t, **options), options, inputs)


def parts():
    return {'ops': [
        *(product(a, b) for a, b in [
            ((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (2, 3, 2)), ((2, 2, 3), (3, 2)), ((2, 1, 2, 3), (3, 3, 2)),
        ]),
        op('outer', torch.outer, {}, {'a': normal(3), 'b': normal(4)}),
        *(einsum(*case) for case in [
            ('ij,jk->ik', (2, 3), (3, 4)),
            ('zb,Ab', (2, 3), (4, 3)),
            ('ij,ij->i', (2, 3), (2, 3)),
            (' bid , bjd -> bji ', (2, 2, 3), (2, 4, 3)),
            ('ijk,lkj', (2, 3, 2), (2, 2, 3)),
            ('ij,jk->kji', (2, 3), (3, 2)),
            ('ij,kl->k', (2, 3), (2, 2)),
            ('ii', (3, 3)),
            ('iji->ji', (2, 3, 2)),
            ('bn,anm,bm->ba', (2, 3), (2, 3, 2), (2, 2)),
            (',i,->i', (), (3,), ()),
            ('...ij,jk...', (2, 2, 3), (3, 2, 1)),
            ('...i,j...->i...j', (2, 3), (2, 3, 2)),
            ('...i->i', (2, 3, 2)),
            ('ij,jk->ijk', (2, 1), (3, 2)),
            ('ij,j->i', (2, 1), (3,)),
        ]),
        op('linear', F.linear, {}, {'x': normal(5, 4), 'weight': normal(3, 4), 'bias': normal(3)}),
        op('linear', lambda x, weight: F.linear(x, weight), {}, {'x': normal(2, 3, 4), 'weight': normal(2, 4)}),
        attended((2, 3, 4), (2, 5, 4), (2, 5, 2)),
        attended((1, 2, 3, 2), (1, 2, 3, 2), (1, 2, 3, 3), causal=True),
        attended((2, 2, 2, 3), (2, 2, 3, 3), (2, 2, 3, 2), bias=(2, 1, 3),
                 mask=[[[[1, 1, 0]]], [[[1, 1, 1]]]]),
        attended((3, 2), (4, 2), (4, 2), mask=[[0, 0, 0, 0], [1, 0, 1, 1], [1, 1, 1, 1]], causal=True),
    ]}
