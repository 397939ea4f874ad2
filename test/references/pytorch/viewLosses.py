"""Losses of two views, from their formulas: PyTorch has none of them."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('viewLosses')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def cosines(a, b):
    return F.normalize(a, dim=1) @ F.normalize(b, dim=1).T


def nt_xent(z1, z2, temperature=0.5):
    z = torch.cat([z1, z2])
    n = len(z1)
    s = cosines(z, z) / temperature
    losses = []
    for i in range(2 * n):
        others = torch.cat([s[i, :i], s[i, i + 1:]])
        losses.append(torch.logsumexp(others, 0) - s[i, (i + n) % (2 * n)])
    return torch.stack(losses)


def info_nce(a, p, scale=20.0):
    return F.cross_entropy(scale * cosines(a, p), torch.arange(len(a)), reduction='none')


def n_pairs(a, p):
    products = a @ p.T
    n = len(a)
    others = products - products.diagonal()[:, None]
    return torch.stack([(1 + sum(others[i, j].exp() for j in range(n) if j != i)).log() for i in range(n)])


def barlow_twins(z1, z2, weight):
    def standard(z):
        return (z - z.mean(0)) / (z.var(0, unbiased=False) + 1e-5).sqrt()
    c = standard(z1).T @ standard(z2) / len(z1)
    off = c - torch.diag(c.diagonal())
    return ((1 - c.diagonal()) ** 2).sum() + weight * (off ** 2).sum()


def vic_reg(z1, z2, invariance, variance, covariance):
    def spread(z):
        return F.relu(1 - (z.var(0) + 1e-4).sqrt()).mean()

    def redundancy(z):
        c = torch.cov(z.T)
        return (c ** 2).sum() / z.shape[1] - (c.diagonal() ** 2).sum() / z.shape[1]
    return (invariance * F.mse_loss(z1, z2) + variance * (spread(z1) + spread(z2)) / 2
            + covariance * (redundancy(z1) + redundancy(z2)))


def sim_siam(p1, p2, z1, z2):
    def direction(p, z):
        return -F.cosine_similarity(p, z.detach(), dim=1, eps=0)
    return direction(p1, z2) / 2 + direction(p2, z1) / 2


def byol(p1, p2, z1, z2):
    def direction(p, z):
        return ((F.normalize(p, dim=1) - F.normalize(z.detach(), dim=1)) ** 2).sum(1)
    return direction(p1, z2) + direction(p2, z1)


def alignment(a, b, alpha=2):
    return (F.normalize(a, dim=1) - F.normalize(b, dim=1)).norm(dim=1) ** alpha


def uniformity(x, t=2):
    return torch.pdist(F.normalize(x, dim=1)).pow(2).mul(-t).exp().mean().log()


def parts():
    views = {'z1': normal(6, 4), 'z2': normal(6, 4)}
    pairs = {'a': views['z1'], 'p': views['z2']}
    four = {'p1': normal(4, 3), 'p2': normal(4, 3), 'z1': normal(4, 3), 'z2': normal(4, 3)}
    rows = {'a': normal(5, 3), 'b': normal(5, 3)}

    def both(a, p):
        return (info_nce(a, p, 5.0) + info_nce(p, a, 5.0)) / 2

    def lengths(a, p):
        return n_pairs(a, p).mean() + 0.02 * torch.cat([a, p]).pow(2).sum(1).mean()

    return {'ops': [
        op('ntXentLoss', lambda z1, z2: nt_xent(z1, z2).mean(), {}, views),
        op('ntXentLoss', lambda z1, z2: nt_xent(z1, z2, 0.1), {'temperature': 0.1, 'reduction': 'none'}, views),
        op('infoNceLoss', lambda a, p: info_nce(a, p).mean(), {}, pairs),
        op('infoNceLoss', both, {'scale': 5, 'symmetric': True, 'reduction': 'none'}, pairs),
        op('nPairsLoss', lambda a, p: n_pairs(a, p).mean(), {}, pairs),
        op('nPairsLoss', lengths, {'l2': 0.02}, pairs),
        op('barlowTwinsLoss', lambda z1, z2: barlow_twins(z1, z2, 0.005), {}, views),
        op('barlowTwinsLoss', lambda z1, z2: barlow_twins(z1, z2, 0.5), {'lambda': 0.5}, views),
        op('vicRegLoss', lambda z1, z2: vic_reg(z1, z2, 25, 25, 1), {}, views),
        op('vicRegLoss', lambda z1, z2: vic_reg(z1 / 4, z2 / 4, 3, 11, 7),
           {'invariance': 3, 'variance': 11, 'covariance': 7, 'shrink': 4}, views),
        op('simSiamLoss', lambda *v: sim_siam(*v).mean(), {}, four),
        op('simSiamLoss', sim_siam, {'reduction': 'none'}, four),
        op('byolLoss', lambda *v: byol(*v).mean(), {}, four),
        op('byolLoss', byol, {'reduction': 'none'}, four),
        op('alignment', lambda a, b: alignment(a, b).mean(), {}, rows),
        op('alignment', lambda a, b: alignment(a, b, 3).sum(), {'alpha': 3, 'reduction': 'sum'}, rows),
        op('uniformity', uniformity, {}, {'x': rows['a']}),
        op('uniformity', lambda x: uniformity(x, 7), {'t': 7}, {'x': rows['b']}),
    ]}
