"""Answers the requests of bench/protocol.ts with PyTorch. Its one argument is the number of threads."""

import json
import statistics
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn.functional import conv2d, relu

# As in benchmarks.ts.
LEARNING_RATE = 2e-5
CHAIN = 64


def mixed(index, seed):
    """Twin of `hash` in arrays.ts, on arrays of uint32."""
    h = index ^ numpy.uint32(seed * 0x9E3779B1 & 0xFFFFFFFF)
    h = (h ^ (h >> numpy.uint32(16))) * numpy.uint32(0x85EBCA6B)
    h = (h ^ (h >> numpy.uint32(13))) * numpy.uint32(0xC2B2AE35)
    return h ^ (h >> numpy.uint32(16))


def fractions(count, seed):
    """Multiples of 2^-23 in [0, 2), in double precision."""
    return (mixed(numpy.arange(count, dtype=numpy.uint32), seed) >> numpy.uint32(8)) / 2.0**23


def make(spec):
    size = int(numpy.prod(spec["shape"]))
    values = (fractions(size, spec["seed"]) - 1) * spec["bound"]
    return torch.from_numpy(values.astype(numpy.float32)).reshape(spec["shape"])


def checksum(result):
    if isinstance(result, float):
        return result
    parts = result if isinstance(result, list) else [result]
    values = numpy.concatenate([part.detach().numpy().astype(numpy.float64).ravel() for part in parts])
    return float((values * (fractions(values.size, 0) / 2 + 0.5)).sum() / values.size)


def matmul(arrays):
    a, b = arrays["a"], arrays["b"]
    return lambda: a @ b


def conv_forward(arrays):
    x, weight = arrays["x"], arrays["weight"]
    return lambda: conv2d(x, weight, padding=1)


def conv_gradients(arrays):
    x, weight = arrays["x"].requires_grad_(), arrays["weight"].requires_grad_()
    return lambda: list(torch.autograd.grad(conv2d(x, weight, padding=1).mean(), [x, weight]))


def depthwise_gradients(arrays):
    x, weight = arrays["x"].requires_grad_(), arrays["weight"].requires_grad_()
    groups = x.shape[1]
    return lambda: list(torch.autograd.grad(conv2d(x, weight, padding=1, groups=groups).mean(), [x, weight]))


def encoder(arrays):
    layers = nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(1568, 128), nn.ReLU(), nn.Linear(128, 64),
    )
    return with_weights(layers, arrays)


def with_weights(layers, arrays):
    state = layers.state_dict()
    layers.load_state_dict({name: arrays.get(name, value) for name, value in state.items()})
    return layers


def training_step(layers, loss):
    optimizer = torch.optim.Adam(layers.parameters(), lr=LEARNING_RATE)

    def run():
        value = loss()
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
        return value.item()

    return run


def reference_step(arrays):
    layers = encoder(arrays)
    a, b = arrays["a"], arrays["b"]
    pairs = len(a)
    different = torch.arange(pairs) % 2

    def loss():
        y = layers(torch.cat([a, b]))
        distance = (y[:pairs] - y[pairs:]).norm(dim=1)
        return ((1 - different) * distance.square() + different * relu(1 - distance).square()).mean()

    return training_step(layers, loss)


def conv_heavy_step(arrays):
    def block(inputs):
        return [nn.Conv2d(inputs, 64, 3, padding=1), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(2)]

    layers = with_weights(nn.Sequential(*block(1), *block(64), *block(64), *block(64), nn.Flatten()), arrays)
    x = arrays["x"]
    labels = torch.arange(len(x)) // 8
    same = labels[:, None] == labels[None, :]

    def loss():
        y = layers(x)
        with torch.no_grad():
            distances = torch.cdist(y, y)
            positive = torch.where(same, distances, -torch.inf).argmax(1)
            negative = torch.where(same, torch.inf, distances).argmin(1)
        near = (y - y[positive]).square().sum(1)
        far = (y - y[negative]).square().sum(1)
        return relu(near - far + 1).mean()

    return training_step(layers, loss)


def gru_step(arrays):
    gru, x = with_weights(nn.GRU(64, 128, batch_first=True), arrays), arrays["x"]
    return training_step(gru, lambda: gru(x)[1].square().mean())


def transformer_step(arrays):
    layer = nn.TransformerEncoderLayer(64, 4, 256, dropout=0.0, activation="gelu", batch_first=True)
    layer, x = with_weights(layer, arrays), arrays["x"]
    return training_step(layer, lambda: layer(x).square().mean())


def embed(arrays):
    layers, x = encoder(arrays), arrays["x"]

    def run():
        with torch.no_grad():
            return layers(x)

    return run


def pairwise(arrays):
    a, b = arrays["a"], arrays["b"]
    return lambda: torch.cdist(a, b)


def add(arrays):
    a, b = arrays["a"], arrays["b"]
    return lambda: a + b


def chain(arrays):
    x, b = arrays["a"].requires_grad_(), arrays["b"]

    def run():
        y = x
        for _ in range(CHAIN):
            y = y + b
        return [y, *torch.autograd.grad(y, x)]

    return run


KINDS = {
    "matmul": matmul, "convForward": conv_forward, "convGradients": conv_gradients,
    "depthwiseGradients": depthwise_gradients, "gruStep": gru_step, "transformerStep": transformer_step,
    "referenceStep": reference_step, "convHeavyStep": conv_heavy_step, "embed": embed,
    "pairwise": pairwise, "add": add, "chain": chain,
}


class Subject:
    def __init__(self, request):
        self.run = KINDS[request["kind"]]({name: make(spec) for name, spec in request["arrays"].items()})
        self.runs = 0
        self.checksum = None

    def time(self, request):
        samples = [self.sample(request["repetitions"]) for _ in range(request["samples"])]
        return {"ms": statistics.median(samples), "checksum": self.checksum, "made": 0, "held": 0}

    def sample(self, repetitions):
        run = self.run
        start = time.perf_counter()
        for _ in range(repetitions):
            result = run()
        milliseconds = (time.perf_counter() - start) * 1000 / repetitions
        self.runs += repetitions
        if self.runs == 2:
            self.checksum = checksum(result)
        return milliseconds


def say(message):
    print(json.dumps(message), flush=True)


def main():
    torch.set_num_threads(int(sys.argv[1]))
    # Debian builds the source of 1.13.1 under the version 1.13.0a0.
    say({"version": f"{torch.__version__}, Python {sys.version.split()[0]}"})
    subject_id, subject = None, None
    for line in sys.stdin:
        request = json.loads(line)
        if request["id"] != subject_id:
            subject_id, subject = request["id"], Subject(request)
        say(subject.time(request))


main()
