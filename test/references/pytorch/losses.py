"""Losses."""

import torch
from torch.nn import functional as F

from common import draws, op as reference, single

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

    def conventions():
        """The contrastive losses of papers and libraries, each with the label that its source gives."""
        y = 1 - different
        theirs = {'same': y.tolist()}
        # The third pair is nearer than Keras's epsilon.
        close = {'a': rows[0], 'b': rows[1].clone()}
        close['b'][2] = single(rows[0][2] + 1e-4)

        def hadsell(a, b):
            d = ((a - b) ** 2).sum(1).sqrt()
            return ((1 - different) * 0.5 * d ** 2 + different * 0.5 * F.relu(1 - d) ** 2).sum()

        def sentence_transformers(a, b):
            d = 1 - F.cosine_similarity(a, b, dim=1)
            return (0.5 * (y * d ** 2 + (1 - y) * F.relu(0.5 - d) ** 2)).mean()

        def keras(a, b):
            d = ((a - b) ** 2).sum(1).clamp(min=1e-7).sqrt()
            return (y * d ** 2 + (1 - y) * F.relu(4 - d) ** 2).mean()

        def caffe(a, b):
            squares = ((a - b) ** 2).sum(1)
            return (y * squares + (1 - y) * F.relu(12 - squares)).sum() / len(a) / 2

        return [
            op('contrastiveLoss', hadsell, {'preset': 'hadsell2006', 'different': different.tolist()}, pair),
            op('contrastiveLoss', sentence_transformers, {'preset': 'sentenceTransformers', 'cosine': True, **theirs}, pair),
            op('contrastiveLoss', keras, {'preset': 'keras', 'margin': 4, **theirs}, close),
            op('contrastiveLoss', caffe, {'preset': 'caffeLegacy', 'margin': 12, **theirs}, pair),
        ]

    def triplet(a, p, n):
        return F.relu(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + 1).mean()

    def l2_triplet(a, p, n):
        return F.triplet_margin_loss(a, p, n, margin=0.7, eps=0, swap=True, reduction='none')

    logits = {'x': normal(5, 4, scale=2.0)}
    maps = {'x': normal(2, 3, 2, 2)}
    classes = torch.tensor([3, 0, 1, 1, 2])
    places = torch.tensor([[[0, 2], [1, 1]], [[2, -100], [0, 1]]])
    weight = [0.5, 2.0, 1.0, 0.25]
    binary = {'x': normal(3, 2, scale=2.0), 'y': (normal(3, 2).sigmoid() * 16).round() / 16}
    by_row, by_column = torch.tensor([[1.0], [0.5], [2.0]]), torch.tensor([3.0, 0.25])
    coded = {'x': normal(3, 4), 'y': (normal(3, 4).sigmoid() * 16).round() / 16}
    logs = {'x': normal(3, 4), 'y': normal(3, 4)}
    same = torch.tensor([1.0, -1.0, -1.0, 1.0, -1.0, 1.0])

    def cross(inputs, wanted, theirs, **ours):
        options = {'classes': wanted.flatten().tolist(), 'shape': list(wanted.shape), **ours}
        return op('crossEntropy', lambda x: F.cross_entropy(x, wanted, **theirs), options, inputs)

    def kl(inputs, log_target=False):
        call = lambda x, y: F.kl_div(x, y, reduction='batchmean', log_target=log_target)
        return op('klDivergence', call, {'logTarget': log_target}, inputs)

    return {'ops': [
        op('mseLoss', F.mse_loss, {}, pair),
        op('mseLoss', lambda a, b: F.mse_loss(a, b, reduction='none'), {'reduction': 'none'}, pair),
        op('l1Loss', F.l1_loss, {}, pair),
        op('smoothL1Loss', F.smooth_l1_loss, {}, pair),
        op('smoothL1Loss', lambda a, b: F.smooth_l1_loss(a, b, beta=0.4, reduction='sum'),
           {'beta': 0.4, 'reduction': 'sum'}, pair),
        op('smoothL1Loss', lambda a, b: F.smooth_l1_loss(a, b, beta=0), {'beta': 0}, pair),
        cross(logits, classes, {}),
        cross(logits, classes, {'ignore_index': 1, 'label_smoothing': 0.3, 'weight': torch.tensor(weight)},
              ignoreIndex=1, labelSmoothing=0.3, weight=weight),
        cross(logits, classes, {'label_smoothing': 1.0, 'reduction': 'none'}, labelSmoothing=1, reduction='none'),
        cross(maps, places, {'label_smoothing': 0.1}, labelSmoothing=0.1),
        cross(maps, places, {'weight': torch.tensor(weight[:3]), 'reduction': 'sum'}, weight=weight[:3], reduction='sum'),
        op('binaryCrossEntropyWithLogits', F.binary_cross_entropy_with_logits, {}, binary),
        op('binaryCrossEntropyWithLogits',
           lambda x, y: F.binary_cross_entropy_with_logits(x, y, weight=by_row, pos_weight=by_column),
           {'weight': by_row.tolist(), 'posWeight': by_column.tolist()}, binary),
        kl(coded),
        kl(logs, log_target=True),
        op('cosineEmbeddingLoss', lambda a, b: F.cosine_embedding_loss(a, b, same), {'same': [1, 0, 0, 1, 0, 1]}, pair),
        op('cosineEmbeddingLoss', lambda a, b: F.cosine_embedding_loss(a, b, same, margin=-0.5, reduction='none'),
           {'same': [1, 0, 0, 1, 0, 1], 'margin': -0.5, 'reduction': 'none'}, pair),
        op('marginRankingLoss', lambda a, b: F.margin_ranking_loss(a, b, same, margin=0.3), {'order': same.tolist(), 'margin': 0.3},
           {'a': normal(6), 'b': normal(6)}),
        op('contrastiveLoss', contrastive, {'margin': 3, 'different': different.tolist()}, pair),
        op('tripletLoss', triplet, {}, triple),
        op('tripletLoss', l2_triplet, {'distance': 'euclidean', 'margin': 0.7, 'swap': True, 'reduction': 'none'},
           triple),
        *conventions(),
    ]}
