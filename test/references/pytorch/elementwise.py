"""Arithmetic, functions of one number and comparisons."""

import torch

from common import draws, op as reference

normal = draws('elementwise')


def op(name, call, options, inputs):
    return reference(normal, name, call, options, inputs)


def away(x, gap=0.25):
    """x moved away from 0, where quotients are steep."""
    return x + torch.where(x < 0, -gap, gap)


def binary(name, call, draw):
    """Equal shapes, broadcasts of either side, and a number on either side."""
    yield op(name, call, {}, {'a': draw(2, 3), 'b': draw(2, 3)})
    yield op(name, call, {}, {'a': draw(2, 1, 3), 'b': draw(4, 1)})
    yield op(name, call, {}, {'a': draw(), 'b': draw(2, 2)})
    yield op(name, lambda x: call(x, torch.tensor(1.25)), {'right': 1.25}, {'x': draw(4)})
    yield op(name, lambda x: call(torch.tensor(1.25), x), {'left': 1.25}, {'x': draw(4)})


def comparison(name, compare):
    """PyTorch gives booleans; the zeros added let it take the gradients, which are 0. Halves make ties."""
    def call(a, b):
        return compare(a, b).to(a.dtype) + 0 * (a + b)

    halves = torch.tensor([[-0.5, 0.0, 0.5], [1.0, 1.25, 1.5]])
    yield op(name, call, {}, {'a': halves, 'b': torch.tensor([[0.5, 0.0, 0.5], [-1.0, 1.25, 2.0]])})
    yield op(name, call, {}, {'a': torch.tensor([[0.5], [1.25]]), 'b': torch.tensor([0.5, 1.25, 2.0])})
    yield op(name, lambda x: call(x, torch.tensor(1.25)), {'right': 1.25}, {'x': halves})
    yield op(name, lambda x: call(torch.tensor(1.25), x), {'left': 1.25}, {'x': halves})


def powers():
    positive = lambda *shape: normal(*shape).abs() + 0.25
    yield from binary('pow', torch.pow, positive)
    # No gradient of the exponent is wanted where the base is negative: it is NaN.
    for exponent in (-3.0, -1.0, 0.0, 1.0, 2.0, 3.0, 4.0):
        yield op('pow', lambda x: torch.pow(x, exponent), {'right': exponent}, {'x': away(normal(4))})
    # Zeros, where formulas say 0 times infinity.
    yield op('pow', torch.pow, {}, {'a': torch.zeros(4), 'b': torch.tensor([0.0, 1.0, 2.0, 3.5])})
    yield op('pow', lambda x: torch.pow(x, 0.0), {'right': 0}, {'x': torch.tensor([0.0, 1.0, -2.0])})
    yield op('pow', lambda x: torch.pow(0.0, x), {'left': 0}, {'x': torch.tensor([0.0, 1.0, 2.5])})


def conditions():
    def call(condition, a, b):
        return torch.where(condition.bool(), a, b)

    mask = torch.tensor([[1.0, 0.0, 1.0], [0.0, 0.0, 1.0]])
    yield op('where', call, {}, {'condition': mask, 'a': normal(2, 3), 'b': normal(2, 3)})
    yield op('where', call, {}, {'condition': mask, 'a': normal(3), 'b': normal(2, 1)})
    yield op('where', call, {}, {'condition': torch.tensor([[0.0], [1.0]]), 'a': normal(2, 1, 3), 'b': normal()})


def clamps():
    # The bounds themselves are among the elements.
    x = torch.tensor([-2.0, -0.5, -0.25, 0.0, 0.75, 1.0, 3.0])
    for options in ({'min': -0.5}, {'max': 0.75}, {'min': -0.5, 'max': 0.75}, {'min': 0, 'max': 0}):
        yield op('clamp', lambda x: torch.clamp(x, **options), options, {'x': x})


def parts():
    return {'ops': [
        *binary('add', torch.add, normal),
        *binary('sub', torch.sub, normal),
        *binary('mul', torch.mul, normal),
        *binary('div', torch.div, lambda *shape: away(normal(*shape))),
        *binary('maximum', torch.maximum, normal),
        *binary('minimum', torch.minimum, normal),
        *powers(),
        *comparison('equal', torch.eq),
        *comparison('notEqual', torch.ne),
        *comparison('less', torch.lt),
        *comparison('lessEqual', torch.le),
        *comparison('greater', torch.gt),
        *comparison('greaterEqual', torch.ge),
        *conditions(),
        *clamps(),
        op('neg', torch.neg, {}, {'x': normal(2, 3)}),
        op('abs', torch.abs, {}, {'x': torch.tensor([-1.5, -0.25, 0.0, 0.75, 2.0])}),
        op('sign', torch.sign, {}, {'x': torch.tensor([-1.5, -0.25, 0.0, 0.75, 2.0])}),
        op('reciprocal', torch.reciprocal, {}, {'x': away(normal(2, 3))}),
        op('exp', torch.exp, {}, {'x': normal(2, 3, scale=3.0)}),
        op('log', torch.log, {}, {'x': normal(2, 3).abs() + 0.125}),
        op('sqrt', torch.sqrt, {}, {'x': normal(2, 3).abs() + 0.125}),
        op('square', torch.square, {}, {'x': normal(2, 3)}),
        op('sin', torch.sin, {}, {'x': normal(2, 3, scale=4.0)}),
        op('cos', torch.cos, {}, {'x': normal(2, 3, scale=4.0)}),
    ]}
