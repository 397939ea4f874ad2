"""What the families of PyTorch references share: drawn inputs, numbers as text, one call of an op or a layer.

Inputs are float32 numbers; everything is computed from them in float64, so that what a test measures is the error of
twingrad alone, which computes in float32. `g` is the gradient arriving at the output, so a gradient is that of
sum(output * g).
"""

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)

SEED = 20240707


def draws(family):
    """A maker of normal numbers with four decimals, as float32 holds them: short in a file, the same on both sides."""
    generator = torch.Generator().manual_seed(SEED + sum(family.encode()))

    def normal(*shape, scale=1.0):
        drawn = torch.randn(shape, generator=generator, dtype=torch.float64) * scale
        return single((drawn * 1e4).round() / 1e4)

    return normal


def single(x):
    """x rounded to float32, held in float64."""
    return x.to(torch.float32).to(torch.float64)


def numbers(x):
    """Nested lists; a float32 as the shortest decimals that give it back, anything else with nine digits."""
    if isinstance(x, torch.Tensor):
        x = x.detach().tolist()
    if isinstance(x, (list, tuple)):
        return [numbers(v) for v in x]
    rounded = np.float32(x)
    return float(str(rounded) if rounded == x else f'{x:.9g}')


def values(tensors):
    return {name: numbers(t) for name, t in tensors.items()}


def op(normal, name, call, options, inputs):
    """One call of an op: inputs by name, output, g, and the gradient of every input."""
    leaves = {key: t.clone().requires_grad_() for key, t in inputs.items()}
    out = call(*leaves.values())
    g = normal(*out.shape)
    gradients = torch.autograd.grad((out * g).sum(), list(leaves.values()), allow_unused=True)
    # What an op does not depend on has gradient 0.
    known = {key: torch.zeros_like(x) if dx is None else dx for (key, x), dx in zip(leaves.items(), gradients)}
    return {
        'op': name,
        'options': options,
        'inputs': values(inputs),
        'output': numbers(out),
        'g': numbers(g),
        'gradients': values(known),
    }


def layer(normal, name, module, options, inputs, call=None):
    """One forward pass of a layer with drawn parameters: its state, output, g, and all gradients.

    `options` are those that twingrad's constructor takes, its sizes among them. `call` says how the module is called
    where it is not module(*inputs). num_batches_tracked counts batches for a mode that twingrad does not have.
    """
    with torch.no_grad():
        for p in module.parameters():
            p.copy_(normal(*p.shape, scale=0.5))
    state = values({key: t for key, t in module.state_dict().items() if t.is_floating_point()})
    leaves = {key: t.clone().requires_grad_() if t.is_floating_point() else t for key, t in inputs.items()}
    out = (call or (lambda m, *xs: m(*xs)))(module, *leaves.values())
    g = normal(*out.shape)
    wanted = {key: t for key, t in leaves.items() if t.requires_grad} | dict(module.named_parameters())
    gradients = torch.autograd.grad((out * g).sum(), list(wanted.values()))
    return {
        'layer': name,
        'options': options,
        'state': state,
        'inputs': {key: numbers(t) if t.is_floating_point() else t.tolist() for key, t in inputs.items()},
        'output': numbers(out),
        'g': numbers(g),
        'gradients': values(dict(zip(wanted, gradients))),
    }
