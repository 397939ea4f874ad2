"""Losses."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('losses')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def parts():
    rows = [normal(6, 4) for _ in range(3)]
    pair = {'a': rows[0], 'b': rows[1]}
    triple = {'a': rows[0], 'p': rows[1], 'n': rows[2]}
    different = torch.tensor([0.0, 1.0, 1.0, 0.0, 1.0, 0.0])

    def contrastive(a, b):
        d = ((a - b) ** 2).sum(1).sqrt()
        return ((1 - different) * d ** 2 + different * F.relu(3 - d) ** 2).mean()

    def triplet(a, p, n):
        return F.relu(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + 1).mean()

    def l2_triplet(a, p, n):
        return F.triplet_margin_loss(a, p, n, margin=0.7, eps=0, swap=True, reduction='none')

    return {'ops': [
        op('contrastiveLoss', contrastive, {'margin': 3, 'different': different.tolist()}, pair),
        op('tripletLoss', triplet, {}, triple),
        op('tripletLoss', l2_triplet, {'distance': 'euclidean', 'margin': 0.7, 'swap': True, 'reduction': 'none'},
           triple),
    ]}
