"""Losses of class weights, from their formulas: PyTorch has none of them."""

import math

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('classLosses')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def cosines(embeddings, weight):
    return F.normalize(embeddings, dim=1) @ F.normalize(weight, dim=1).T


def softmax_loss(scores, own, labels, scale, reduction):
    """Cross-entropy of scores, that of the own class being what `own` makes of its cosine."""
    rows = torch.arange(len(labels))
    changed = scores.clone()
    changed[rows, labels] = own(scores[rows, labels])
    return F.cross_entropy(scale * changed, labels, reduction=reduction)


def arc_face(labels, scale=64, margin=0.5, reduction='mean'):
    """Deng et al. 2019, equation 3, by the angle itself; beyond pi as in insightface."""

    def widened(cosine):
        angle = cosine.acos()
        return torch.where(angle + margin < math.pi, (angle + margin).cos(), cosine - margin * math.sin(margin))

    return lambda embeddings, weight: softmax_loss(cosines(embeddings, weight), widened, labels, scale, reduction)


def cos_face(labels, scale=64, margin=0.35, reduction='mean'):
    """Wang et al. 2018, equation 4."""
    return lambda embeddings, weight: softmax_loss(
        cosines(embeddings, weight), lambda cosine: cosine - margin, labels, scale, reduction)


def proxy_nca(labels, scale=1, reduction='mean'):
    """Movshovitz-Attias et al. 2017: the own proxy is not in the denominator. Distances by differences."""

    def loss(embeddings, weight):
        x, p = F.normalize(embeddings, dim=1), F.normalize(weight, dim=1)
        powers = (-scale * ((x[:, None] - p[None]) ** 2).sum(2)).exp()
        own = powers[torch.arange(len(labels)), labels]
        losses = -(own / (powers.sum(1) - own)).log()
        return {'mean': losses.mean, 'sum': losses.sum, 'none': lambda: losses}[reduction]()

    return loss


def proxy_anchor(labels, alpha=32, margin=0.1):
    """Kim et al. 2020, equation 4, proxy by proxy."""

    def loss(embeddings, weight):
        s = cosines(embeddings, weight)
        pull, push, present = 0, 0, 0
        for c in range(len(weight)):
            own = labels == c
            if own.any():
                present += 1
                pull = pull + (1 + (-alpha * (s[own, c] - margin)).exp().sum()).log()
            push = push + (1 + (alpha * (s[~own, c] + margin)).exp().sum()).log()
        return pull / present + push / len(weight)

    return loss


def parts():
    inputs = {'embeddings': normal(6, 5), 'weight': normal(4, 5)}
    labels = torch.tensor([2, 0, 0, 3, 2, 0])

    def case(name, make, **options):
        return op(name, make(labels, **options), {'labels': labels.tolist(), **options}, inputs)

    return {'ops': [
        case('arcFaceLoss', arc_face),
        case('arcFaceLoss', arc_face, scale=4, margin=0.3, reduction='none'),
        case('arcFaceLoss', arc_face, scale=8, margin=2.2, reduction='sum'),
        case('cosFaceLoss', cos_face),
        case('cosFaceLoss', cos_face, scale=4, margin=0.1, reduction='none'),
        case('proxyNcaLoss', proxy_nca),
        case('proxyNcaLoss', proxy_nca, scale=3, reduction='none'),
        case('proxyAnchorLoss', proxy_anchor),
        case('proxyAnchorLoss', proxy_anchor, alpha=4, margin=0.3),
    ]}
