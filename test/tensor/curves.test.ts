import { describe, expect, test } from 'vitest';
import type { Kernels } from '../../src/tensor/kernels/kernels.ts';
import * as curves from '../../src/tensor/kernels/portable/curves.ts';
import * as gates from '../../src/tensor/kernels/portable/gates.ts';
import { curveChecks } from './conformanceCurves.ts';

describe('the checks of curves and gates find a set that', () => {
  const { sigmoid, tanh, gelu, silu, geluGradient } = curves;
  const sets: Readonly<Record<string, Omit<Kernels, 'name'>>> = {
    'loses what is left of a sigmoid far below 0': {
      sigmoid: (x, out) => {
        sigmoid(x, out);
        for (let i = 0; i < out.length; i++) if (out[i] < 1e-9) out[i] = 0;
      },
    },
    'makes tanh of a sigmoid, which cancels near 0': {
      tanh: (x, out) => {
        sigmoid(
          x.map((v) => 2 * v),
          out,
        );
        for (let i = 0; i < out.length; i++) out[i] = 2 * out[i] - 1;
      },
    },
    'has other bits for a number alone': {
      tanh: (x, out) => {
        tanh(x, out);
        if (out.length === 1) out[0] *= 1 + 2 ** -23;
      },
    },
    'multiplies -Infinity by 0': {
      silu: (x, out) => {
        silu(x, out);
        for (let i = 0; i < out.length; i++) if (x[i] === -Infinity) out[i] = NaN;
      },
    },
    'approximates gelu by tanh': {
      gelu: (x, out) => {
        for (let i = 0; i < out.length; i++)
          out[i] = 0.5 * x[i] * (1 + Math.tanh(0.7978845608 * (x[i] + 0.044715 * x[i] * x[i] * x[i])));
      },
    },
    'writes past its end': {
      gelu: (x, out) => {
        gelu(x, out);
        new Float32Array(out.buffer, out.byteOffset, out.length + 1)[out.length] = 0;
      },
    },
    'forgets the density': {
      geluGradient: (x, y, g, out) => {
        geluGradient(x, y, g, out);
        for (let i = 0; i < out.length; i++) out[i] -= g[i] * x[i] * 1e-6;
      },
    },
    'swaps the gates i and f': {
      lstmGates: (input, step, state, next, spec) => {
        gates.lstmGates(input, step, state, next, spec);
        const { hidden, rows } = spec;
        for (let row = 0; row < rows; row++)
          step.gates.copyWithin(4 * row * hidden, (4 * row + 1) * hidden, (4 * row + 2) * hidden);
      },
    },
    'goes on where a sequence rests': {
      lstmGates: (input, step, state, next, spec) =>
        gates.lstmGates(input, step, state, next, { ...spec, lengths: undefined }),
    },
    'leaves out the bias': {
      gruGates: (input, _bias, step, next, spec) => gates.gruGates(input, undefined, step, next, spec),
    },
  };

  test.each(Object.entries(sets))('%s', (name, set) => {
    const [kind] = Object.keys(set);
    const checks = curveChecks({ name, ...set }).filter((check) => check.name.startsWith(`${kind},`));
    expect(checks.length).toBeGreaterThan(1);
    expect(() => {
      for (const { run } of checks) run();
    }).toThrow();
  });
});
