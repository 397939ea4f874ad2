"""A whole training of a twin network."""

import torch
from torch import nn
from torch.nn import functional as F

from common import draws, numbers, single, values

normal = draws('twin')


def parts():
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
            p.copy_(single(p))
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
