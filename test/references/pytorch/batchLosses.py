"""Losses of a labelled batch, from their formulas: PyTorch has none of them."""

import math

import torch
import torch.nn.functional as F

from common import draws, op as reference, single

normal = draws('batchLosses')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


relative = draws('batchLosses, all against all')


def masks(labels):
    """Which rows are of one class, but the row itself, and which of two."""
    labels = torch.tensor(labels)
    same = labels[:, None] == labels[None, :]
    return same & ~torch.eye(len(labels), dtype=torch.bool), ~same


def cosines(e):
    unit = e / e.norm(dim=1, keepdim=True)
    return unit @ unit.T


def among(x, mask):
    """log(sum(exp)) over what the mask has, row by row."""
    return torch.logsumexp(x.masked_fill(~mask, -math.inf), dim=1)


def pairs(labels):
    return torch.nonzero(torch.triu(masks(labels)[0])).T


def all_against_all():
    """The losses that hold each row, or pair of a class, against all others: every row here has a positive and a negative."""
    labels = [3, 0, 1, 0, 1, 1, 3, 0]
    same, different = masks(labels)
    counts = same.sum(dim=1)

    def sup_con(e, t):
        s = cosines(e) / t
        log_probability = s - among(s, same | different)[:, None]
        return -(log_probability * same).sum(dim=1) / counts

    def multi_similarity(e, alpha, beta, base):
        s = cosines(e) - base
        pull = torch.log(1 + (torch.exp(-alpha * s) * same).sum(dim=1)) / alpha
        return pull + torch.log(1 + (torch.exp(beta * s) * different).sum(dim=1)) / beta

    def circle(e, m, gamma):
        s = cosines(e)
        w_p = torch.clamp(1 + m - s.detach(), min=0)
        w_n = torch.clamp(s.detach() + m, min=0)
        return F.softplus(among(-gamma * w_p * (s - (1 - m)), same) + among(gamma * w_n * (s - m), different))

    def lifted(e, m):
        i, j = pairs(labels)
        d = ((e[:, None] - e[None, :]) ** 2).sum(dim=2)
        d = torch.sqrt(torch.where(d > 0, d, torch.ones_like(d))) * (d > 0)
        negatives = (torch.exp(m - d) * different).sum(dim=1)
        return torch.relu(d[i, j] + torch.log(negatives[i] + negatives[j])) ** 2 / 2

    def nca(e, t):
        d = ((e[:, None] - e[None, :]) ** 2).sum(dim=2)
        p = torch.softmax((-d / t).masked_fill(~(same | different), -math.inf), dim=1)
        return -torch.log((p * same).sum(dim=1))

    def angular(e, degrees):
        a, p = pairs(labels)
        x = e / e.norm(dim=1, keepdim=True)
        t2 = math.tan(math.radians(degrees)) ** 2
        f = 4 * t2 * (x[a] + x[p]) @ x.T - 2 * (1 + t2) * (x[a] * x[p]).sum(dim=1, keepdim=True)
        return torch.log(1 + (torch.exp(f) * different[a]).sum(dim=1))

    def case(name, call, options):
        inputs = {'e': relative(len(labels), 4)}
        return reference(relative, name, call, {'labels': labels, **options}, inputs)

    none = {'reduction': 'none'}
    return [
        case('supConLoss', lambda e: sup_con(e, 0.1).mean(), {}),
        case('supConLoss', lambda e: sup_con(e, 0.5), {'temperature': 0.5, **none}),
        case('multiSimilarityLoss', lambda e: multi_similarity(e, 2, 50, 0.5).mean(), {}),
        case('multiSimilarityLoss', lambda e: multi_similarity(e, 5, 20, 1), {'alpha': 5, 'beta': 20, 'base': 1, **none}),
        case('circleLoss', lambda e: circle(e, 0.4, 80).mean(), {}),
        case('circleLoss', lambda e: circle(e, 0.25, 12), {'margin': 0.25, 'gamma': 12, **none}),
        case('liftedStructureLoss', lambda e: lifted(e, 1).mean(), {}),
        case('liftedStructureLoss', lambda e: lifted(e, 0.2), {'margin': 0.2, **none}),
        case('ncaLoss', lambda e: nca(e, 1).mean(), {}),
        case('ncaLoss', lambda e: nca(e, 5).sum(), {'temperature': 5, 'reduction': 'sum'}),
        case('angularLoss', lambda e: angular(e, 40).mean(), {}),
        case('angularLoss', lambda e: angular(e, 55), {'angle': 55, **none}),
    ]


paired = draws('batchLosses, pairs')


def all_pairs():
    """The losses over all ordered pairs of a batch, positives and negatives."""
    labels = [2, 0, 1, 0, 1, 1, 2]
    same, different = masks(labels)
    rows = {'e': paired(7, 4)}

    def distances(e, normalize=True):
        e = e / e.norm(dim=1, keepdim=True) if normalize else e
        squares = ((e[:, None] - e[None, :]) ** 2).sum(dim=2)
        # No root of 0 on the diagonal, whose slope would be infinite.
        return squares.masked_fill(~(same | different), 1.0).sqrt()

    def active(costs):
        return costs.sum() / (costs > 0).sum()

    def contrastive(e):
        d = distances(e)
        return active(F.relu(d[same])) + active(F.relu(1 - d[different]))

    def contrastive_mean(e):
        d = distances(e, normalize=False)
        return F.relu(d[same] - 1.5).mean() + F.relu(3 - d[different]).mean()

    def margin(e, beta=None, alpha=0.2, normalize=True):
        d = distances(e, normalize)
        beta = torch.tensor(1.2) if beta is None else beta[torch.tensor(labels)][:, None]
        y = torch.where(same, 1.0, -1.0)
        return F.relu(alpha + y * (d - beta))[same | different].mean()

    def case(name, call, options, inputs):
        return reference(paired, name, call, {'labels': labels, **options}, inputs)

    return [
        case('batchContrastiveLoss', contrastive, {}, rows),
        case('batchContrastiveLoss', contrastive_mean,
             {'positiveMargin': 1.5, 'negativeMargin': 3, 'normalize': False, 'reduction': 'mean'}, rows),
        case('marginLoss', margin, {}, rows),
        case('marginLoss', lambda e, beta: margin(e, beta, 0.5, False), {'margin': 0.5, 'normalize': False},
             {**rows, 'beta': single(torch.tensor([2.0, 2.75, 2.5]))}),
    ]


triplets_drawn = draws('batchLosses, triplets')


def triplets_of_a_batch():
    """Triplet losses of a labelled batch: every anchor, positive and negative, then which of them count."""
    labels = [0, 0, 1, 1, 0, 2, 1, 0]
    same, different = masks(labels)
    a, p, n = torch.nonzero(same[:, :, None] & different[:, None, :]).T

    def euclidean(e):
        squares = ((e[:, None] - e[None, :]) ** 2).sum(dim=2)
        return squares.masked_fill(~(same | different), 1.0).sqrt()

    def squared(e):
        return ((e[:, None] - e[None, :]) ** 2).sum(dim=2)

    def cosine(e):
        return 1 - cosines(e)

    def hardest(d):
        """Of each triplet, whether its positive is the farthest and its negative the nearest one of the anchor."""
        farthest = d.masked_fill(~same, -math.inf).max(dim=1).values
        nearest = d.masked_fill(~different, math.inf).min(dim=1).values
        return d[a, p] == farthest[a], d[a, n] == nearest[a]

    def nearest_farther(d):
        """Of each triplet, whether its negative is the nearest of those farther than the positive."""
        farther = torch.where(different[a] & (d[a] > d[a, p][:, None]), d[a], torch.tensor(math.inf))
        return d[a, n] == farther.min(dim=1).values

    def nearest_or_farthest(d):
        last = d.masked_fill(~different, -math.inf).max(dim=1).values[a]
        return nearest_farther(d) | ((last <= d[a, p]) & (d[a, n] == last))

    def within(margin):
        return lambda d: (d[a, n] > d[a, p]) & (d[a, n] - d[a, p] <= margin)

    def everything(d):
        return torch.ones_like(a, dtype=torch.bool)

    chosen = {
        'all': everything,
        'hard': lambda d: hardest(d)[0] & hardest(d)[1],
        'nearestFarther': nearest_farther,
        'nearestOrFarthest': nearest_or_farthest,
        'beyondHardestPositive': lambda d: hardest(d)[0] & nearest_farther(d),
    }
    distances = {'euclidean': euclidean, 'squaredEuclidean': squared, 'cosine': cosine}

    def loss(e, mining, distance, margin, soft=False, swap=False, reduction='mean'):
        d = distances[distance](e)
        counts = within(margin)(d) if mining == 'withinMargin' else chosen[mining](d)
        far = torch.minimum(d[a, n], d[p, n]) if swap else d[a, n]
        gap = (d[a, p] - far + margin)[counts]
        costs = F.softplus(gap) if soft else F.relu(gap)
        return costs.sum() / (costs > 0).sum() if reduction == 'meanNonZero' else costs.mean()

    def case(**options):
        e = triplets_drawn(len(labels), 4, scale=0.5)
        return reference(
            triplets_drawn, 'batchTripletLoss', lambda x: loss(x, **options), {'labels': labels, **options}, {'e': e}
        )

    return [
        case(mining='all', distance='euclidean', margin=0.2),
        case(mining='all', distance='squaredEuclidean', margin=0.5, reduction='meanNonZero'),
        case(mining='all', distance='cosine', margin=0.2, swap=True),
        case(mining='all', distance='euclidean', margin=0.2, soft=True, swap=True),
        case(mining='hard', distance='euclidean', margin=0.2),
        case(mining='withinMargin', distance='euclidean', margin=0.4),
        case(mining='nearestFarther', distance='cosine', margin=0.3),
        case(mining='nearestOrFarthest', distance='euclidean', margin=0.5),
        case(mining='beyondHardestPositive', distance='squaredEuclidean', margin=2),
    ]


def parts():
    return {'ops': all_against_all() + all_pairs() + triplets_of_a_batch()}
