"""Normalization."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('normalization')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def parts():
    images = normal(4, 3, 3, 2)
    return {'ops': [
        op('batchNorm', lambda x, weight, bias: F.batch_norm(x, None, None, weight, bias, True, eps=1e-3),
           {'training': True, 'epsilon': 1e-3}, {'x': images, 'weight': normal(3), 'bias': normal(3)}),
        op('normalize', lambda x: F.normalize(x), {}, {'x': normal(3, 4)}),
    ]}
