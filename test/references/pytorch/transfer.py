"""Two twins trained by PyTorch, as a safetensors file with PyTorch's own names, and what they make of some inputs.

`python3 transfer.py FILE` goes the other way: it loads a file written by twingrad into the same models, strictly, and
prints what they make of the same inputs.
"""

import json
import sys
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

from common import draws, numbers, single

normal = draws('transfer')
FILE = Path(__file__).with_suffix('.safetensors')


class Words(nn.Module):
    """Ids of words to an embedding: attention, then a recurrent network whose last state is projected."""

    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 8, padding_idx=0)
        self.encoder = nn.TransformerEncoderLayer(8, 2, 16, dropout=0.0, activation='gelu', batch_first=True)
        self.gru = nn.GRU(8, 6, batch_first=True, bidirectional=True)
        self.head = nn.Linear(12, 4)

    def forward(self, words):
        _, hidden = self.gru(self.encoder(self.embedding(words)))
        return self.head(torch.cat([hidden[0], hidden[1]], 1))


def models():
    images = nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1),
        nn.BatchNorm2d(4),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(4, 8, 3, padding=1, groups=4),
        nn.GroupNorm(2, 8),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(8 * 3 * 3, 5),
    )
    return nn.ModuleDict({'images': images, 'words': Words()})


def inputs():
    ids = torch.tensor([[1, 5, 3, 9, 0], [2, 2, 7, 4, 10], [8, 1, 0, 0, 0]])
    return {'images': normal(3, 1, 6, 6), 'words': ids}


def train(model, batch, steps=20):
    """Steps of a contrastive loss: item 0 and 1 are to be alike, item 2 is not."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(steps):
        y = model(batch)
        near, far = ((y[0] - y[1]) ** 2).sum(), ((y[0] - y[2]) ** 2).sum()
        loss = near + F.relu(2 - far.sqrt()) ** 2
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def safetensors(tensors):
    """The bytes of a safetensors file: the length of a JSON header, the header, the numbers."""
    header, data = {}, b''
    for name, t in tensors.items():
        dtype = {torch.float32: 'F32', torch.int64: 'I64'}[t.dtype]
        content = t.contiguous().numpy().tobytes()
        header[name] = {'dtype': dtype, 'shape': list(t.shape), 'data_offsets': [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header, separators=(',', ':')).encode()
    text += b' ' * (-len(text) % 8)
    return len(text).to_bytes(8, 'little') + text + data


def read_safetensors(content):
    size = int.from_bytes(content[:8], 'little')
    header = json.loads(content[8:8 + size])
    header.pop('__metadata__', None)
    tensors = {}
    for name, entry in header.items():
        start, end = (8 + size + offset for offset in entry['data_offsets'])
        dtype = {'F32': torch.float32, 'I64': torch.int64}[entry['dtype']]
        tensors[name] = torch.frombuffer(bytearray(content[start:end]), dtype=dtype).reshape(entry['shape'])
    return tensors


def outputs(model, batch):
    """In inference, in double precision."""
    model.eval().double()
    with torch.no_grad():
        return {name: numbers(model[name](x)) for name, x in batch.items()}


def parts():
    torch.manual_seed(7)
    model = models()
    batch = inputs()
    for name, x in batch.items():
        train(model[name], x)
    state = {name: t.to(torch.float32) if t.is_floating_point() else t for name, t in model.state_dict().items()}
    FILE.write_bytes(safetensors(state))
    model.load_state_dict({name: single(t) if t.is_floating_point() else t for name, t in state.items()})
    return {
        'inputs': {'images': numbers(batch['images']), 'words': batch['words'].tolist()},
        'outputs': outputs(model, batch),
    }


if __name__ == '__main__':
    loaded = models()
    loaded.load_state_dict(read_safetensors(Path(sys.argv[1]).read_bytes()))
    print(json.dumps(outputs(loaded, inputs())))
