import { concat, matmul, mean, noGrad, normalize, type Random, sub, Tensor, transpose } from 'twingrad';

/** Power iterations; the picture needs directions to about a percent. */
const ROUNDS = 100;

/**
 * Principal component analysis by power iteration: the directions along which rows differ most, one after the other.
 *
 * Shapes: `[N, D] -> [N, count]`, the coordinates of the rows, centered.
 */
export function principalComponents(rows: Tensor, count: number, random: Random): Tensor {
  return noGrad(() => {
    let rest = sub(rows, mean(rows, { axis: 0 }));
    const coordinates: Tensor[] = [];
    for (let i = 0; i < count; i++) {
      let direction = new Tensor(random.fillNormal(new Float32Array(rows.shape[1]), 0, 1), [1, rows.shape[1]]);
      for (let round = 0; round < ROUNDS; round++) {
        direction = normalize(matmul(matmul(direction, transpose(rest)), rest));
      }
      const along = matmul(rest, transpose(direction));
      coordinates.push(along);
      rest = sub(rest, matmul(along, direction));
    }
    return concat(coordinates, { axis: 1 });
  });
}
