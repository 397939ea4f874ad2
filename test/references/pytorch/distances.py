"""Distances between rows."""

import torch
from torch.nn import functional as F

from common import draws, layer, op as reference, single

normal = draws('distances')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def pairs(metric, call):
    return op('pairwiseDistances', call, {'metric': metric}, {'a': normal(4, 3), 'b': normal(5, 3)})


def form(a, b, matrix):
    """PyTorch has no Mahalanobis distance: this is its formula."""
    return (((a - b) @ matrix) * (a - b)).sum(1).sqrt()


def koch(head, a, b):
    return head((a - b).abs())[:, 0]


def mapped(head, a, b):
    return head(a - b).norm(dim=1)


def parts():
    pair = {'a': normal(6, 4), 'b': normal(6, 4)}
    root = normal(4, 4)
    skew = normal(4, 4)
    exact = {'compute_mode': 'donot_use_mm_for_euclid_dist'}
    return {'ops': [
        op('squaredEuclidean', lambda a, b: (a - b).square().sum(1), {}, pair),
        # PyTorch adds eps to the difference of coordinates here, twingrad never does.
        op('euclidean', lambda a, b: F.pairwise_distance(a, b, eps=0), {}, pair),
        op('manhattan', lambda a, b: F.pairwise_distance(a, b, p=1, eps=0), {}, pair),
        op('chebyshev', lambda a, b: F.pairwise_distance(a, b, p=float('inf'), eps=0), {}, pair),
        op('cosineSimilarity', lambda a, b: F.cosine_similarity(a, b), {}, pair),
        op('cosineDistance', lambda a, b: 1 - F.cosine_similarity(a, b), {}, pair),
        op('mahalanobis', form, {}, pair | {'matrix': single(root.T @ root)}),
        # Positive definite, not symmetric.
        op('mahalanobis', form, {}, pair | {'matrix': single(root.T @ root + skew - skew.T)}),
        pairs('euclidean', lambda a, b: torch.cdist(a, b, **exact)),
        pairs('squaredEuclidean', lambda a, b: torch.cdist(a, b, **exact).square()),
        pairs('cosine', lambda a, b: 1 - F.cosine_similarity(a[:, None], b[None], dim=2)),
        pairs('manhattan', lambda a, b: torch.cdist(a, b, p=1)),
        pairs('chebyshev', lambda a, b: torch.cdist(a, b, p=float('inf'))),
    ], 'layers': [
        # Koch 2015: a weighted L1 distance as a logit. Weinberger and Saul 2009: |L (a - b)|.
        layer(normal, 'KochHead', torch.nn.Linear(4, 1), {'size': 4}, pair, koch),
        layer(normal, 'MahalanobisHead', torch.nn.Linear(4, 4, bias=False), {'size': 4}, pair, mapped),
        layer(normal, 'MahalanobisHead', torch.nn.Linear(4, 2, bias=False), {'size': 4, 'rank': 2}, pair, mapped),
    ]}
