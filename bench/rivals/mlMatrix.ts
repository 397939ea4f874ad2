import { Matrix } from 'ml-matrix';
import type { HostArray, HostArrays } from '../arrays.ts';
import { type Prepared, serve } from '../serve.ts';
import manifest from './package.json' with { type: 'json' };

/** Matrices of double precision, rows of their own; the result is read row by row for the checksum alone. */
function matmul(arrays: HostArrays): Prepared {
  const [a, b] = [toMatrix(arrays.a), toMatrix(arrays.b)];
  let product = a;
  return {
    run: () => {
      product = a.mmul(b);
      return 0;
    },
    order: () => Float32Array.from(product.to1DArray()),
  };
}

function toMatrix({ shape, data }: HostArray): Matrix {
  return Matrix.from1DArray(shape[0], shape[1], Array.from(data));
}

await serve({ version: manifest.dependencies['ml-matrix'] }, { matmul });
