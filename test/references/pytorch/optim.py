"""Optimizers and clipping, step by step."""

import torch
from torch import nn

from common import draws, numbers, values

LATE = 3
normal = draws('optim')


def trajectories():
    """Ten steps from one start with the same gradients: the fifth is zero everywhere, one element always.

    `late` are the steps without the bias's first three gradients: its state begins with the fourth.
    """
    start = {'weight': normal(2, 3), 'bias': normal(2)}
    steps = [{'weight': normal(2, 3), 'bias': normal(2)} for _ in range(10)]
    for g in steps:
        g['weight'][0, 0] = 0
    for t in steps[4].values():
        t.zero_()
    runs = []
    for name, make, options, theirs in [
        ('SGD', torch.optim.SGD, {'learningRate': 0.1}, {'lr': 0.1}),
        ('SGD', torch.optim.SGD, {'learningRate': 0.1, 'weightDecay': 0.3}, {'lr': 0.1, 'weight_decay': 0.3}),
        ('SGD', torch.optim.SGD, {'learningRate': 0.05, 'momentum': 0.9}, {'lr': 0.05, 'momentum': 0.9}),
        ('SGD', torch.optim.SGD, {'learningRate': 0.05, 'momentum': 0.8, 'dampening': 0.4, 'weightDecay': 0.1},
         {'lr': 0.05, 'momentum': 0.8, 'dampening': 0.4, 'weight_decay': 0.1}),
        ('SGD', torch.optim.SGD, {'learningRate': 0.05, 'momentum': 0.9, 'nesterov': True, 'weightDecay': 0.1},
         {'lr': 0.05, 'momentum': 0.9, 'nesterov': True, 'weight_decay': 0.1}),
        ('Adam', torch.optim.Adam, {'learningRate': 0.1}, {'lr': 0.1}),
        ('Adam', torch.optim.Adam, {'learningRate': 0.1, 'weightDecay': 0.3}, {'lr': 0.1, 'weight_decay': 0.3}),
        ('Adam', torch.optim.Adam, {'learningRate': 0.02, 'betas': [0.6, 0.9], 'epsilon': 0.01},
         {'lr': 0.02, 'betas': (0.6, 0.9), 'eps': 0.01}),
    ]:
        def run(late):
            parameters = {key: nn.Parameter(t.clone()) for key, t in start.items()}
            optimizer = make(parameters.values(), **theirs)
            after = []
            for i, g in enumerate(steps):
                for key, p in parameters.items():
                    p.grad = None if late and key == 'bias' and i < LATE else g[key].clone()
                optimizer.step()
                after.append(values(parameters))
            return after

        runs.append({'optimizer': name, 'options': options, 'after': run(False), 'late': run(True)})
    return {'start': values(start), 'gradients': [values(g) for g in steps], 'skipped': LATE, 'runs': runs}


def clipping():
    gradients = {'weight': normal(3, 4, scale=5.0), 'bias': normal(4, scale=5.0)}
    cases = []
    for max_norm in (1.0, 10.0, 1000.0):
        parameters = {key: nn.Parameter(torch.zeros_like(t)) for key, t in gradients.items()}
        for key, p in parameters.items():
            p.grad = gradients[key].clone()
        norm = nn.utils.clip_grad_norm_(parameters.values(), max_norm)
        clipped = {key: numbers(p.grad) for key, p in parameters.items()}
        cases.append({'maxNorm': max_norm, 'norm': numbers(norm), 'clipped': clipped})
    return {'gradients': values(gradients), 'cases': cases}


def parts():
    return {'trajectories': trajectories(), 'clipping': clipping()}
