"""Matrix products and what is made of them."""

import torch
from torch.nn import functional as F

from common import draws, op as reference

normal = draws('products')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def parts():
    return {'ops': [
        op('linear', F.linear, {}, {'x': normal(5, 4), 'weight': normal(3, 4), 'bias': normal(3)}),
        op('linear', lambda x, weight: F.linear(x, weight), {}, {'x': normal(2, 3, 4), 'weight': normal(2, 4)}),
    ]}
