"""Writes pytorch.json: values, gradients, optimizer steps and a whole training of a twin network, by PyTorch.

Run by hand, with a Python that has torch (Debian: python3-torch): python3 test/references/pytorch.py

Reference for test/references/pytorch.test.ts. Inputs are float32 numbers; everything is computed from them in float64,
so that what the test measures is the error of twingrad alone, which computes in float32. `g` is the gradient arriving
at the output, so a gradient is that of sum(output * g).
"""

import json
import platform
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

SEED = 20240707
LATE = 3
torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
generator = torch.Generator().manual_seed(SEED)


def normal(*shape, scale=1.0):
    """Normal numbers with four decimals, as float32 holds them: short in the file, and the same on both sides."""
    drawn = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
    return ((drawn * 1e4).round() / 1e4).to(torch.float32).to(torch.float64)


def numbers(x):
    """Nested lists; a float32 as the shortest decimals that give it back, anything else with nine digits."""
    if isinstance(x, torch.Tensor):
        x = x.detach().tolist()
    if isinstance(x, list):
        return [numbers(v) for v in x]
    single = np.float32(x)
    return float(str(single) if single == x else f'{x:.9g}')


def values(tensors):
    return {name: numbers(t) for name, t in tensors.items()}


def op(name, call, options, inputs):
    """One call: inputs by name, output, g, and the gradient of every input."""
    leaves = {key: t.clone().requires_grad_() for key, t in inputs.items()}
    out = call(*leaves.values())
    g = normal(*out.shape)
    gradients = torch.autograd.grad((out * g).sum(), list(leaves.values()))
    return {
        'op': name,
        'options': options,
        'inputs': values(inputs),
        'output': numbers(out),
        'g': numbers(g),
        'gradients': values(dict(zip(leaves, gradients))),
    }


def convolution(x, weight, bias=False, **options):
    inputs = {'x': normal(*x), 'weight': normal(*weight), **({'bias': normal(weight[0])} if bias else {})}
    return op('conv2d', lambda *t: F.conv2d(*t, **options), options, inputs)


def pooling(x, size, **options):
    return op('maxPool2d', lambda x: F.max_pool2d(x, size, **options), {'size': size, **options}, {'x': x})


def ops():
    # Halves make ties: relu's zeros do so in every network.
    tied = (normal(2, 2, 6, 6) * 2).round().clamp(min=0) / 2
    moderate = torch.tensor([-3.0, -1.5, -0.5, -0.125, -0.0078125, 0.0, 0.015625, 0.25, 0.75, 1.0, 2.0])
    large = torch.tensor([-90.0, -20.5, -9.0, -6.25, 4.5, 6.5, 21.0, 90.0])
    images = normal(4, 3, 3, 2)
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

    return [
        convolution((2, 2, 5, 4), (3, 2, 3, 2), bias=True),
        convolution((2, 1, 7, 6), (2, 1, 3, 3), bias=True, stride=[2, 3], padding=[2, 1]),
        convolution((1, 2, 7, 7), (2, 2, 2, 3), padding=[0, 2], dilation=[3, 2]),
        convolution((2, 4, 4, 5), (6, 2, 3, 3), bias=True, padding=1, groups=2),
        convolution((2, 3, 6, 5), (3, 1, 3, 3), bias=True, stride=2, padding=1, groups=3),
        convolution((1, 4, 9, 8), (4, 2, 3, 2), stride=[2, 1], padding=[1, 2], dilation=[2, 3], groups=2),
        pooling(normal(2, 2, 6, 6), [2, 2]),
        pooling(normal(1, 2, 7, 7), [3, 3], stride=[2, 2], padding=[1, 1]),
        pooling(normal(2, 1, 5, 6), [3, 2], stride=[2, 1], padding=[1, 1]),
        pooling(tied, [2, 2], stride=[2, 2]),
        pooling(tied, [3, 3], stride=[1, 1], padding=[1, 1]),
        op('linear', F.linear, {}, {'x': normal(5, 4), 'weight': normal(3, 4), 'bias': normal(3)}),
        op('linear', lambda x, weight: F.linear(x, weight), {}, {'x': normal(2, 3, 4), 'weight': normal(2, 4)}),
        *(op(name, call, options, {'x': x}) for x in (moderate, large) for name, call, options in [
            ('relu', F.relu, {}),
            ('sigmoid', torch.sigmoid, {}),
            ('tanh', torch.tanh, {}),
            ('softplus', lambda x: F.softplus(x, threshold=1e9), {}),
            ('gelu', lambda x: F.gelu(x), {'approximate': 'none'}),
            ('gelu', lambda x: F.gelu(x, approximate='tanh'), {'approximate': 'tanh'}),
        ]),
        op('batchNorm', lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, True, eps=1e-3),
           {'training': True, 'epsilon': 1e-3}, {'x': images, 'weight': normal(3), 'bias': normal(3)}),
        # PyTorch adds eps to the difference of coordinates here, twingrad never does.
        op('euclidean', lambda a, b: F.pairwise_distance(a, b, eps=0), {}, pair),
        op('cosineSimilarity', lambda a, b: F.cosine_similarity(a, b), {}, pair),
        op('cosineDistance', lambda a, b: 1 - F.cosine_similarity(a, b), {}, pair),
        op('pairwiseDistances', lambda a, b: torch.cdist(a, b, compute_mode='donot_use_mm_for_euclid_dist'), {},
           {'a': normal(4, 3), 'b': normal(5, 3)}),
        op('normalize', lambda x: F.normalize(x), {}, {'x': normal(3, 4)}),
        op('contrastiveLoss', contrastive, {'margin': 3, 'different': different.tolist()}, pair),
        op('tripletLoss', triplet, {}, triple),
        op('tripletLoss', l2_triplet, {'distance': 'euclidean', 'margin': 0.7, 'swap': True, 'reduction': 'none'},
           triple),
    ]


def batch_norm(layer, shape):
    """Two training passes, each with gradients, then inference; statistics after each."""
    with torch.no_grad():
        layer.weight.copy_(normal(*layer.weight.shape))
        layer.bias.copy_(normal(*layer.bias.shape))
    passes = []
    for training in (True, True, False):
        layer.train(training)
        x = normal(*shape, scale=2.0).requires_grad_()
        out = layer(x)
        g = normal(*shape)
        gradients = torch.autograd.grad((out * g).sum(), [x, layer.weight, layer.bias])
        passes.append({
            'training': training,
            'x': numbers(x),
            'output': numbers(out),
            'g': numbers(g),
            'gradients': dict(zip(('x', 'weight', 'bias'), map(numbers, gradients))),
            'runningMean': numbers(layer.running_mean),
            'runningVar': numbers(layer.running_var),
        })
    return {
        'layer': type(layer).__name__,
        'options': {'momentum': layer.momentum, 'epsilon': layer.eps},
        'weight': numbers(layer.weight),
        'bias': numbers(layer.bias),
        'passes': passes,
    }


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


def twin():
    """A twin network trained for five steps; both sides run as one batch, as in twingrad."""
    encoder = nn.Sequential(
        nn.Conv2d(2, 3, 3, padding=1),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(3),
        nn.Conv2d(3, 4, 3),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(16, 5),
    )
    with torch.no_grad():
        for name, p in encoder.named_parameters():
            p.copy_(normal(*p.shape, scale=0.3) + (1 if name == '3.weight' else 0))
            p.copy_(p.to(torch.float32).to(torch.float64))
    # num_batches_tracked counts batches for a mode that twingrad does not have.
    initial = values({name: t for name, t in encoder.state_dict().items() if t.is_floating_point()})
    optimizer = torch.optim.Adam(encoder.parameters(), lr=0.01)
    batches = [(normal(4, 2, 8, 8), normal(4, 2, 8, 8), [1.0, 0.0, 1.0, 0.0]) for _ in range(2)]
    losses = []
    for step in range(5):
        a, b, different = batches[step % 2]
        y = torch.tensor(different)
        both = encoder(torch.cat([a, b]))
        d = ((both[:4] - both[4:]) ** 2).sum(1).sqrt()
        loss = ((1 - y) * d ** 2 + y * F.relu(2 - d) ** 2).mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(numbers(loss))
    final = values({name: t for name, t in encoder.state_dict().items() if t.is_floating_point()})
    encoder.eval()
    with torch.no_grad():
        embeddings = encoder(batches[0][0])
    return {
        'batches': [{'a': numbers(a), 'b': numbers(b), 'different': y} for a, b, y in batches],
        'learningRate': 0.01,
        'margin': 2,
        'initial': initial,
        'losses': losses,
        'final': final,
        'embeddings': numbers(embeddings),
    }


def names():
    model = nn.Sequential(
        nn.Conv2d(1, 2, 3),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.BatchNorm2d(2),
        nn.Flatten(),
        nn.Linear(18, 4),
        nn.BatchNorm1d(4),
    )
    return {name: list(t.shape) for name, t in model.state_dict().items()}


def main():
    made_by = {
        'script': 'test/references/pytorch.py',
        'python': platform.python_version(),
        'torch': torch.__version__,
        'seed': SEED,
    }
    parts = {
        'madeBy': made_by,
        'ops': ops(),
        'batchNorm': [
            batch_norm(nn.BatchNorm1d(3, eps=1e-3, momentum=0.3), (6, 3)),
            batch_norm(nn.BatchNorm1d(2), (3, 2, 4)),
            batch_norm(nn.BatchNorm2d(3), (4, 3, 3, 2)),
        ],
        'trajectories': trajectories(),
        'clipping': clipping(),
        'twin': twin(),
        'stateDict': names(),
    }

    def text(part):
        return json.dumps(part, separators=(',', ':'))

    rows = []
    for name, part in parts.items():
        several = isinstance(part, list)
        rows.append(f'"{name}": ' + ('[\n' + ',\n'.join(map(text, part)) + '\n]' if several else text(part)))
    Path(__file__).with_suffix('.json').write_text('{\n' + ',\n'.join(rows) + '\n}\n')
    print(json.dumps(made_by))


if __name__ == '__main__':
    main()
