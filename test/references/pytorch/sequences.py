"""Layers of sequences: embeddings, attention, transformers and recurrent layers."""

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

from common import draws, layer as reference

normal = draws('sequences')


def layer(name, module, options, inputs, call=None):
    return reference(normal, name, module, options, inputs, call)


def heads(width, count, bias=True, **inputs):
    """Self-attention of x, or of x over memory; a mask has 1 where a position may attend."""
    def call(module, x, *others):
        given = dict(zip(list(inputs)[1:], others))
        memory = given.get('memory', x)
        mask = given.get('mask')
        # Of each sequence and head, in this order; PyTorch's masks say what is left out.
        left_out = None if mask is None else (mask == 0).repeat_interleave(count, 0)
        return module(x, memory, memory, attn_mask=left_out, need_weights=False)[0]

    module = nn.MultiheadAttention(width, count, bias=bias, batch_first=True)
    return layer('MultiHeadAttention', module, {'width': width, 'heads': count, 'bias': bias}, inputs, call)


def encoder(x, mask=None, causal=False, **options):
    def call(module, x, *others):
        later = torch.ones(x.shape[1], x.shape[1]).triu(1).bool() if causal else None
        return module(x, src_mask=later, src_key_padding_mask=others[0][:, 0] == 0 if others else None)

    names = {'activation': 'activation', 'normFirst': 'norm_first', 'epsilon': 'layer_norm_eps'}
    module = nn.TransformerEncoderLayer(
        4, 2, 6, 0, batch_first=True, **{names[key]: value for key, value in options.items()})
    made = {'width': 4, 'heads': 2, 'feedForward': 6, **options, **({'causal': True} if causal else {})}
    return layer('TransformerEncoderLayer', module, made, {'x': x, **({} if mask is None else {'mask': mask})}, call)


def recurrent(kind, inputs, hidden, x, returns='sequence', start=(), lengths=None, **options):
    names = {'layers': 'num_layers', 'bidirectional': 'bidirectional', 'bias': 'bias'}
    module = kind(inputs, hidden, batch_first=True, **{names[key]: value for key, value in options.items()})
    directions = 2 if options.get('bidirectional') else 1

    def call(module, x, *others):
        first = others[:len(start)]
        state = None if not first else first if kind is nn.LSTM else first[0]
        given = x if lengths is None else pack_padded_sequence(x, lengths, True, False)
        output, last = module(given, state)
        last = last if kind is nn.LSTM else (last,)
        if start or lengths is not None:
            if lengths is not None:
                output = pad_packed_sequence(output, True, total_length=x.shape[1])[0]
            return torch.cat([output.reshape(-1), *(part.reshape(-1) for part in last)])
        return output if returns == 'sequence' else torch.cat(list(last[0][-directions:]), 1)

    shape = (options.get('layers', 1) * directions, x.shape[0], hidden)
    given = {'x': x, **{name: normal(*shape) for name in start}}
    if lengths is not None:
        given['lengths'] = lengths
    return layer(kind.__name__, module, {'inputs': inputs, 'hidden': hidden, 'returns': returns, **options}, given, call)


def parts():
    padding = torch.tensor([[[1, 1, 1]], [[1, 1, 0]]])
    both = [case for kind, start in ((nn.GRU, ('hidden',)), (nn.LSTM, ('hidden', 'cell'))) for case in (
        recurrent(kind, 3, 2, normal(2, 4, 3)),
        recurrent(kind, 2, 3, normal(2, 3, 2), returns='last', bias=False),
        recurrent(kind, 2, 2, normal(2, 3, 2), layers=2, bidirectional=True),
        recurrent(kind, 2, 2, normal(2, 3, 2), returns='last', layers=2, bidirectional=True),
        recurrent(kind, 2, 2, normal(2, 3, 2), start=start, layers=2),
        recurrent(kind, 2, 2, normal(3, 4, 2), lengths=torch.tensor([2, 4, 1]), layers=2, bidirectional=True),
        recurrent(kind, 2, 2, normal(2, 3, 2), start=start, lengths=torch.tensor([1, 3]), bidirectional=True),
    )]
    return {'layers': [
        layer('Embedding', nn.Embedding(5, 3), {'count': 5, 'width': 3}, {'x': torch.tensor([[1, 4], [1, 0]])}),
        layer('Embedding', nn.Embedding(4, 2, padding_idx=1), {'count': 4, 'width': 2, 'paddingIndex': 1},
              {'x': torch.tensor([[0, 1, 3], [3, 1, 1]])}),
        heads(4, 2, x=normal(2, 3, 4)),
        heads(4, 4, bias=False, x=normal(2, 3, 4)),
        heads(4, 1, x=normal(2, 2, 4), memory=normal(2, 3, 4)),
        heads(6, 3, x=normal(2, 3, 6), mask=torch.tensor([[[1, 0, 0], [1, 1, 0], [0, 1, 1]], [[1, 1, 1], [0, 0, 1], [1, 0, 1]]])),
        encoder(normal(2, 3, 4)),
        encoder(normal(2, 3, 4), normFirst=True, activation='gelu', epsilon=1e-3),
        encoder(normal(2, 3, 4), padding),
        encoder(normal(2, 3, 4), causal=True, normFirst=True),
        *both,
    ]}
