import { Conv2d, createRandom, Flatten, full, Linear, MaxPool2d, noGrad, relu, Sequential } from 'twingrad';

// What someone who ships an embedder runs first: build the encoder, embed one image.
const random = createRandom(1);
const encoder = new Sequential(
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
const embedding = noGrad(() => encoder.forward(full([1, 1, 28, 28], 0.5)));
console.log(embedding.data.reduce((sum, x) => sum + Math.abs(x), 0));
