"""Distances between rows."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('distances')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def parts():
    pair = {'a': normal(6, 4), 'b': normal(6, 4)}
    return {'ops': [
        # PyTorch adds eps to the difference of coordinates here, twingrad never does.
        op('euclidean', lambda a, b: F.pairwise_distance(a, b, eps=0), {}, pair),
        op('cosineSimilarity', lambda a, b: F.cosine_similarity(a, b), {}, pair),
        op('cosineDistance', lambda a, b: 1 - F.cosine_similarity(a, b), {}, pair),
        op('pairwiseDistances', lambda a, b: torch.cdist(a, b, compute_mode='donot_use_mm_for_euclid_dist'), {},
           {'a': normal(4, 3), 'b': normal(5, 3)}),
    ]}
