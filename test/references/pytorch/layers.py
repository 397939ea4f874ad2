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
    """Every layer that twingrad has, with its options there, in one model: state names, order and shapes."""
    layers = [
        ('Conv1d', {'inputs': 2, 'outputs': 3, 'size': 3}, nn.Conv1d(2, 3, 3)),
        ('Conv2d', {'inputs': 4, 'outputs': 2, 'size': [3, 2], 'groups': 2}, nn.Conv2d(4, 2, (3, 2), groups=2)),
        ('ConvTranspose2d', {'inputs': 4, 'outputs': 6, 'size': 2, 'groups': 2}, nn.ConvTranspose2d(4, 6, 2, groups=2)),
        ('MaxPool2d', {'size': 2}, nn.MaxPool2d(2)),
        ('AvgPool2d', {'size': 2}, nn.AvgPool2d(2)),
        ('AdaptiveAvgPool2d', {'size': 2}, nn.AdaptiveAvgPool2d(2)),
        ('Flatten', {}, nn.Flatten()),
        ('Dropout', {'p': 0.5}, nn.Dropout(0.5)),
        ('BatchNorm1d', {'channels': 4}, nn.BatchNorm1d(4)),
        ('BatchNorm2d', {'channels': 2}, nn.BatchNorm2d(2)),
        ('LayerNorm', {'shape': [2, 3]}, nn.LayerNorm([2, 3])),
        ('GroupNorm', {'groups': 2, 'channels': 6}, nn.GroupNorm(2, 6)),
        ('InstanceNorm2d', {'channels': 3, 'affine': True}, nn.InstanceNorm2d(3, affine=True)),
        ('RMSNorm', {'shape': 5}, RMSNorm(5)),
        ('Linear', {'inputs': 3, 'outputs': 2}, nn.Linear(3, 2)),
        ('Embedding', {'count': 7, 'width': 3}, nn.Embedding(7, 3)),
        ('MultiHeadAttention', {'width': 4, 'heads': 2}, nn.MultiheadAttention(4, 2)),
        ('TransformerEncoderLayer', {'width': 4, 'heads': 2, 'feedForward': 6}, nn.TransformerEncoderLayer(4, 2, 6)),
        ('GRU', {'inputs': 2, 'hidden': 3, 'layers': 2, 'bidirectional': True}, nn.GRU(2, 3, 2, bidirectional=True)),
        ('LSTM', {'inputs': 2, 'hidden': 3, 'bias': False}, nn.LSTM(2, 3, bias=False)),
        ('KochHead', {'size': 4}, nn.Linear(4, 1)),
        ('MahalanobisHead', {'size': 4, 'rank': 2}, nn.Linear(4, 2, bias=False)),
        *((loss, {'width': 3, 'classes': 5}, nn.Linear(3, 5, bias=False))
          for loss in ('ArcFaceLoss', 'CosFaceLoss', 'ProxyNcaLoss', 'ProxyAnchorLoss')),
    ]
    model = nn.ModuleList([module for _, _, module in layers])
    return {
        'layers': [{'layer': name, 'options': options} for name, options, _ in layers],
        'state': {name: list(t.shape) for name, t in model.state_dict().items()},
    }


class RMSNorm(nn.Module):
    """The state of torch.nn.RMSNorm, which came with PyTorch 2.4."""

    def __init__(self, width):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))


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
