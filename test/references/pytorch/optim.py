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
        ('AdamW', torch.optim.AdamW, {'learningRate': 0.1}, {'lr': 0.1}),
        ('AdamW', torch.optim.AdamW, {'learningRate': 0.05, 'weightDecay': 0.4, 'betas': [0.6, 0.9], 'epsilon': 0.01},
         {'lr': 0.05, 'weight_decay': 0.4, 'betas': (0.6, 0.9), 'eps': 0.01}),
        ('RMSprop', torch.optim.RMSprop, {'learningRate': 0.05}, {'lr': 0.05}),
        ('RMSprop', torch.optim.RMSprop,
         {'learningRate': 0.02, 'alpha': 0.7, 'epsilon': 0.01, 'momentum': 0.8, 'weightDecay': 0.3},
         {'lr': 0.02, 'alpha': 0.7, 'eps': 0.01, 'momentum': 0.8, 'weight_decay': 0.3}),
        ('RMSprop', torch.optim.RMSprop, {'learningRate': 0.02, 'alpha': 0.8, 'momentum': 0.5, 'centered': True},
         {'lr': 0.02, 'alpha': 0.8, 'momentum': 0.5, 'centered': True}),
        ('RMSprop', torch.optim.RMSprop, {'learningRate': 0.02, 'alpha': 0.6, 'centered': True, 'weightDecay': 0.2},
         {'lr': 0.02, 'alpha': 0.6, 'centered': True, 'weight_decay': 0.2}),
        ('Adagrad', torch.optim.Adagrad, {'learningRate': 0.1}, {'lr': 0.1}),
        ('Adagrad', torch.optim.Adagrad,
         {'learningRate': 0.3, 'learningRateDecay': 0.2, 'initialAccumulator': 0.5, 'epsilon': 0.01, 'weightDecay': 0.3},
         {'lr': 0.3, 'lr_decay': 0.2, 'initial_accumulator_value': 0.5, 'eps': 0.01, 'weight_decay': 0.3}),
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


def factors(make, steps):
    """The learning rate of each step as a part of the optimizer's own."""
    base = 0.5
    optimizer = torch.optim.SGD([nn.Parameter(torch.zeros(1))], lr=base)
    scheduler = make(optimizer, base)
    found = []
    for _ in range(steps):
        found.append(optimizer.param_groups[0]['lr'] / base)
        optimizer.step()
        scheduler.step()
    return numbers(found)


def schedules():
    rates = torch.optim.lr_scheduler

    def cosine(o, base, steps, minimum):
        return rates.CosineAnnealingLR(o, steps, eta_min=minimum * base)

    def warm(o, base):
        after = [rates.LinearLR(o, start_factor=0.25, total_iters=4), cosine(o, base, 7, 0.1)]
        return rates.SequentialLR(o, after, milestones=[4])

    def cycle(steps, **options):
        return lambda o, base: rates.OneCycleLR(o, max_lr=base, total_steps=steps, cycle_momentum=False, **options)

    rows = [
        ('stepDecay', {'every': 3, 'factor': 0.3}, lambda o, base: rates.StepLR(o, 3, gamma=0.3), 12),
        ('stepDecay', {'every': 4}, lambda o, base: rates.StepLR(o, 4), 12),
        ('cosineDecay', {'steps': 9}, lambda o, base: cosine(o, base, 9, 0), 10),
        ('cosineDecay', {'steps': 8, 'minimum': 0.2}, lambda o, base: cosine(o, base, 8, 0.2), 9),
        ('warmup', {'steps': 5, 'from': 0.2}, lambda o, base: rates.LinearLR(o, start_factor=0.2, total_iters=5), 9),
        # What follows is a schedule: the test reads it as the options of cosineDecay.
        ('warmup', {'steps': 4, 'from': 0.25, 'next': {'steps': 7, 'minimum': 0.1}}, warm, 11),
        ('oneCycle', {'steps': 20}, cycle(20), 20),
        ('oneCycle', {'steps': 13, 'pctStart': 0.45, 'divFactor': 4, 'finalDivFactor': 10},
         cycle(13, pct_start=0.45, div_factor=4, final_div_factor=10), 13),
        ('oneCycle', {'steps': 3}, cycle(3), 3),
    ]
    return [
        {'schedule': name, 'options': options, 'factors': factors(make, steps)} for name, options, make, steps in rows
    ]


def parts():
    return {'trajectories': trajectories(), 'schedules': schedules(), 'clipping': clipping()}
