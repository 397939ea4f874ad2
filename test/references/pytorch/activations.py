"""Activations, at moderate and at large numbers."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('activations')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def parts():
    # 0 is the kink of the rectifiers. Not -3 and 3: torch 1.13 gives hardswish slopes there that later ones do not.
    moderate = torch.tensor([-3.5, -2.75, -1.5, -0.5, -0.125, -0.0078125, 0.0, 0.015625, 0.25, 0.75, 1.0, 2.0, 2.75, 3.5])
    large = torch.tensor([-90.0, -20.5, -9.0, -6.25, 4.5, 6.5, 21.0, 90.0])
    return {'ops': [op(name, call, options, {'x': x}) for x in (moderate, large) for name, call, options in [
        ('relu', F.relu, {}),
        ('leakyRelu', F.leaky_relu, {}),
        ('leakyRelu', lambda x: F.leaky_relu(x, 0.25), {'slope': 0.25}),
        ('elu', F.elu, {}),
        ('elu', lambda x: F.elu(x, 0.5), {'alpha': 0.5}),
        ('selu', F.selu, {}),
        ('sigmoid', torch.sigmoid, {}),
        ('tanh', torch.tanh, {}),
        ('softplus', lambda x: F.softplus(x, threshold=1e9), {}),
        ('silu', F.silu, {}),
        ('gelu', lambda x: F.gelu(x), {'approximate': 'none'}),
        ('gelu', lambda x: F.gelu(x, approximate='tanh'), {'approximate': 'tanh'}),
        ('hardSigmoid', F.hardsigmoid, {}),
        ('hardSwish', F.hardswish, {}),
    ]]}
