import { createRandom, full, noGrad } from 'twingrad';
import { referenceEncoder } from './encoder.ts';

// What someone who ships an embedder runs first: build the encoder, embed one image.
const encoder = referenceEncoder(createRandom(1));
const embedding = noGrad(() => encoder.forward(full([1, 1, 28, 28], 0.5)));
console.log(embedding.data.reduce((sum, x) => sum + Math.abs(x), 0));
