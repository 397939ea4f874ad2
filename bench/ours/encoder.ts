import { Conv2d, Flatten, Linear, MaxPool2d, type Random, relu, Sequential } from 'twingrad';

/** The encoder of `reference-step`, `embed` and `start-up`: `[N, 1, 28, 28] -> [N, 64]`. */
export function referenceEncoder(random: Random): Sequential {
  return new Sequential(
    new Conv2d(1, 16, 5, { padding: 2, random }),
    relu,
    new MaxPool2d(2),
    new Conv2d(16, 32, 3, { padding: 1, random }),
    relu,
    new MaxPool2d(2),
    new Flatten(),
    new Linear(1568, 128, { random }),
    relu,
    new Linear(128, 64, { random }),
  );
}
