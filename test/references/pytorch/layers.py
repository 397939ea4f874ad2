"""Layers: their state, outputs and the gradients of inputs and parameters."""

import torch
from torch import nn

from common import draws, layer, numbers

normal = draws('layers')


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


def parts():
    return {
        'layers': [
            layer(normal, 'Linear', nn.Linear(4, 3), {'inputs': 4, 'outputs': 3}, {'x': normal(2, 4)}),
            layer(normal, 'Conv2d', nn.Conv2d(2, 4, (3, 2), stride=2, padding=1, groups=2, bias=False),
                  {'inputs': 2, 'outputs': 4, 'size': [3, 2], 'stride': 2, 'padding': 1, 'groups': 2, 'bias': False},
                  {'x': normal(2, 2, 5, 6)}),
        ],
        'batchNorm': [
            batch_norm(nn.BatchNorm1d(3, eps=1e-3, momentum=0.3), (6, 3)),
            batch_norm(nn.BatchNorm1d(2), (3, 2, 4)),
            batch_norm(nn.BatchNorm2d(3), (4, 3, 3, 2)),
        ],
        'stateDict': names(),
    }
