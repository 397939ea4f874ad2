import type { HostArrays } from '../arrays.ts';
import { type Prepared, serve } from '../serve.ts';

/** The product as the definition says it: what it costs without register blocks. */
function matmul({ a, b }: HostArrays): Prepared {
  const [m, k] = a.shape;
  const n = b.shape[1];
  return {
    run: () => {
      const out = new Float32Array(m * n);
      for (let i = 0; i < m; i++) {
        for (let j = 0; j < n; j++) {
          let sum = 0;
          for (let d = 0; d < k; d++) sum += a.data[i * k + d] * b.data[d * n + j];
          out[i * n + j] = sum;
        }
      }
      return out;
    },
  };
}

await serve({ version: 'the product as the definition says it' }, { matmul });
