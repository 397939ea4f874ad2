"""Normalization: ops and layers."""

import torch
from torch import nn
from torch.nn import functional as F

from common import draws, layer as layer_reference, op as reference

normal = draws('normalization')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def layer(name, module, options, shape):
    return layer_reference(normal, name, module, options, {'x': normal(*shape)})


def rms_norm(x, shape, weight=None, eps=2.0 ** -23):
    """The formula of torch.nn.functional.rms_norm, which came with PyTorch 2.4."""
    axes = tuple(range(-len(shape), 0))
    y = x / torch.sqrt(x.square().mean(axes, keepdim=True) + eps)
    return y if weight is None else y * weight


class RMSNorm(nn.Module):
    """torch.nn.RMSNorm, which came with PyTorch 2.4."""

    def __init__(self, shape, eps=2.0 ** -23):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape))
        self.eps = eps

    def forward(self, x):
        return rms_norm(x, self.weight.shape, self.weight, self.eps)


def parts():
    images = normal(4, 3, 3, 2)
    offset = normal(2, 6, scale=0.1) + 1000
    affine = {'weight': normal(3), 'bias': normal(3)}
    return {
        'ops': [
            op('batchNorm', lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, True, eps=1e-3),
               {'training': True, 'epsilon': 1e-3}, {'x': images, **affine}),
            op('batchNorm', lambda x: F.batch_norm(x, None, None, None, None, True), {'training': True}, {'x': normal(5, 3)}),
            op('layerNorm', lambda x, weight, bias: F.layer_norm(x, (5,), weight, bias), {},
               {'x': normal(4, 5), 'weight': normal(5), 'bias': normal(5)}),
            op('layerNorm', lambda x, weight: F.layer_norm(x, (3, 4), weight, eps=0.1), {'axes': 2, 'epsilon': 0.1},
               {'x': normal(2, 2, 3, 4), 'weight': normal(3, 4)}),
            op('layerNorm', lambda x: F.layer_norm(x.transpose(1, 2), (3,)).transpose(1, 2), {'axes': [1]},
               {'x': normal(2, 3, 4)}),
            op('layerNorm', lambda x: F.layer_norm(x, (6,)), {}, {'x': offset.float().double()}),
            op('rmsNorm', lambda x, weight: rms_norm(x, (5,), weight), {}, {'x': normal(4, 5), 'weight': normal(5)}),
            op('rmsNorm', lambda x: rms_norm(x, (3, 4), eps=0.1), {'axes': 2, 'epsilon': 0.1}, {'x': normal(2, 3, 4)}),
            op('groupNorm', lambda x, weight, bias: F.group_norm(x, 2, weight, bias), {'groups': 2},
               {'x': normal(2, 4, 2, 3), 'weight': normal(4), 'bias': normal(4)}),
            op('groupNorm', lambda x: F.group_norm(x, 3, eps=0.1), {'groups': 3, 'epsilon': 0.1}, {'x': normal(3, 6)}),
            op('instanceNorm', lambda x, weight, bias: F.instance_norm(x, weight=weight, bias=bias), {}, {'x': images[:2], **affine}),
            op('instanceNorm', lambda x: F.instance_norm(x, eps=0.1), {'epsilon': 0.1}, {'x': normal(2, 2, 5)}),
            op('normalize', lambda x: F.normalize(x), {}, {'x': normal(3, 4)}),
            op('normalize', lambda x: F.normalize(x, dim=0, eps=1.5), {'axis': 0, 'epsilon': 1.5}, {'x': normal(3, 4)}),
        ],
        'layers': [
            layer('LayerNorm', nn.LayerNorm(5), {'shape': 5}, (3, 5)),
            layer('LayerNorm', nn.LayerNorm((3, 4), eps=0.1), {'shape': [3, 4], 'epsilon': 0.1}, (2, 3, 4)),
            layer('LayerNorm', nn.LayerNorm(4, elementwise_affine=False), {'shape': 4, 'affine': False}, (2, 2, 4)),
            layer('RMSNorm', RMSNorm(5), {'shape': 5}, (3, 5)),
            layer('GroupNorm', nn.GroupNorm(2, 4, eps=0.01), {'groups': 2, 'channels': 4, 'epsilon': 0.01}, (2, 4, 2, 3)),
            layer('GroupNorm', nn.GroupNorm(3, 6, affine=False), {'groups': 3, 'channels': 6, 'affine': False}, (3, 6)),
            layer('InstanceNorm2d', nn.InstanceNorm2d(2), {'channels': 2}, (2, 2, 3, 2)),
            layer('InstanceNorm2d', nn.InstanceNorm2d(2, affine=True, eps=0.1),
                  {'channels': 2, 'affine': True, 'epsilon': 0.1}, (2, 2, 3, 2)),
        ],
    }
