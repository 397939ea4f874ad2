import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { erf } from '../../src/tensor/erf.ts';
import { cos, exp, expm1, log, pow, sin, tanh } from '../../src/tensor/math.ts';

/** What architecture decision 12 promises. */
const BOUND = 1 / 2 ** 48;
const SMALLEST_NORMAL = 2 ** -1022;
const SMALLEST = 5e-324;

interface Fixture {
  readonly madeBy: string;
  readonly cases: Readonly<Record<string, readonly (readonly string[])[]>>;
}

const fixture: Fixture = JSON.parse(readFileSync(new URL('../references/math.json', import.meta.url), 'utf8'));
const functions: Readonly<Record<string, (x: number, y: number) => number>> = {
  exp,
  log,
  tanh,
  erf,
  sin,
  cos,
  pow,
  expm1,
};

/** The relative errors that the docs state, sharper than BOUND. */
const stated: Readonly<Record<string, number>> = {
  exp: 2 ** -52,
  log: 2 ** -52,
  tanh: 2 ** -51,
  erf: 2 ** -50,
  sin: 2 ** -52,
  cos: 2 ** -52,
  pow: 2 ** -52,
  expm1: 2 ** -51,
};
/** The expected values are rounded to doubles themselves. */
const ROUNDING = 2 ** -53;

/** Error in units of what is allowed: the bound times the result, or one subnormal where the result is one. */
function excess(got: number, want: number, bound: number = BOUND): number {
  if (Object.is(got, want)) return 0;
  if (!Number.isFinite(got) || !Number.isFinite(want) || want === 0 || got * Math.sign(want) < 0) return Infinity;
  const size = Math.abs(want);
  return Math.abs(got - want) / (size < SMALLEST_NORMAL ? SMALLEST : size * bound);
}

function expectClose(got: number, want: number, what: string, bound: number = BOUND): void {
  expect(excess(got, want, bound), `${what}: ${got}, expected ${want}`).toBeLessThanOrEqual(1);
}

describe('against mpmath', () => {
  test('the fixture covers every function and says who made it', () => {
    expect(Object.keys(fixture.cases)).toEqual(Object.keys(functions));
    expect(fixture.madeBy).toMatch(/mpmath \d/);
    for (const [name, rows] of Object.entries(fixture.cases)) expect(rows.length, name).toBeGreaterThan(150);
  });

  test.each(Object.keys(functions))('%s', (name) => {
    for (const row of fixture.cases[name]) {
      const numbers = row.map(Number);
      const want = numbers[numbers.length - 1];
      const what = `${name}(${row.slice(0, -1).join(', ')})`;
      expectClose(functions[name](numbers[0], numbers[1]), want, what, stated[name] + ROUNDING);
    }
  });

  test('erf at the centers of its table, where no error of the sum that made it may pile up', () => {
    const centers = fixture.cases.erf.filter(([x]) => Number.isInteger(Number(x) * 16) && Math.abs(Number(x)) < 6);
    expect(centers.length).toBeGreaterThan(40);
    for (const [x, want] of centers) expectClose(erf(Number(x)), Number(want), `erf(${x})`, 2 ** -52 + ROUNDING);
  });

  test('the measure itself sees errors, signs and specials', () => {
    expect(excess(1 + 2 * BOUND, 1)).toBe(2);
    expect(excess(1e-320, 1.0005e-320)).toBe(1);
    for (const [got, want] of [
      [0, -0],
      [NaN, 1],
      [Infinity, -Infinity],
      [-1e-9, 1e-9],
      [SMALLEST, 0],
    ]) {
      expect(excess(got, want)).toBe(Infinity);
    }
  });
});

describe('special values', () => {
  const rows: readonly (readonly [name: string, x: number, want: number])[] = [
    ['exp', NaN, NaN],
    ['exp', Infinity, Infinity],
    ['exp', -Infinity, 0],
    ['exp', 0, 1],
    ['exp', -0, 1],
    ['exp', 709.7827128933841, Infinity],
    ['exp', Number.MAX_VALUE, Infinity],
    ['exp', -745.14, 0],
    ['exp', -745.13, SMALLEST],
    ['exp', -Number.MAX_VALUE, 0],
    ['expm1', NaN, NaN],
    ['expm1', Infinity, Infinity],
    ['expm1', -Infinity, -1],
    ['expm1', 0, 0],
    ['expm1', -0, -0],
    ['expm1', SMALLEST, SMALLEST],
    ['expm1', -Number.MAX_VALUE, -1],
    ['expm1', Number.MAX_VALUE, Infinity],
    ['log', NaN, NaN],
    ['log', Infinity, Infinity],
    ['log', -Infinity, NaN],
    ['log', 0, -Infinity],
    ['log', -0, -Infinity],
    ['log', -1, NaN],
    ['log', -SMALLEST, NaN],
    ['log', 1, 0],
    ['tanh', NaN, NaN],
    ['tanh', Infinity, 1],
    ['tanh', -Infinity, -1],
    ['tanh', 0, 0],
    ['tanh', -0, -0],
    ['tanh', -SMALLEST, -SMALLEST],
    ['erf', NaN, NaN],
    ['erf', Infinity, 1],
    ['erf', -Infinity, -1],
    ['erf', 0, 0],
    ['erf', -0, -0],
    ['sin', NaN, NaN],
    ['sin', Infinity, NaN],
    ['sin', -Infinity, NaN],
    ['sin', 0, 0],
    ['sin', -0, -0],
    ['sin', -SMALLEST, -SMALLEST],
    ['cos', NaN, NaN],
    ['cos', Infinity, NaN],
    ['cos', -Infinity, NaN],
    ['cos', 0, 1],
    ['cos', -0, 1],
  ];
  test.each(rows)('%s(%d) is %d', (name, x, want) => {
    expect(functions[name](x, 0)).toBe(want);
  });

  test('pow agrees with ECMAScript on every pair of specials', () => {
    const values = [
      0,
      0.5,
      1,
      1.5,
      2,
      3,
      4,
      1e300,
      2 ** 53 - 1,
      2 ** 53,
      2 ** 64,
      2 ** 65,
      Number.MAX_VALUE,
      SMALLEST,
      Infinity,
    ];
    const signed = [...values, ...values.map((v) => -v), NaN];
    for (const x of signed) {
      for (const y of signed) expectClose(pow(x, y), x ** y, `pow(${x}, ${y})`);
    }
  });

  test('pow differs from C where ECMAScript does', () => {
    for (const [x, y] of [
      [1, NaN],
      [1, Infinity],
      [1, -Infinity],
      [-1, Infinity],
      [-1, -Infinity],
    ])
      expect(pow(x, y)).toBeNaN();
    expect(pow(NaN, 0)).toBe(1);
    expect(pow(NaN, -0)).toBe(1);
    expect(pow(-0, -3)).toBe(-Infinity);
    expect(pow(-0, 3)).toBe(-0);
    expect(pow(-0, 2)).toBe(0);
    expect(pow(-8, 1 / 3)).toBeNaN();
    expect(pow(-Infinity, 3)).toBe(-Infinity);
    expect(pow(-Infinity, 0.5)).toBe(Infinity);
    expect(pow(-2, 2 ** 53)).toBe(Infinity);
  });
});

describe('laws', () => {
  const any = fc.double({ noNaN: true });
  const within = (min: number, max: number) => fc.double({ min, max, noNaN: true });

  test('exp grows', () => {
    fc.assert(fc.property(within(-750, 715), within(-750, 715), (a, b) => exp(Math.min(a, b)) <= exp(Math.max(a, b))));
  });

  test('log(exp(x)) is x', () => {
    fc.assert(
      fc.property(within(-700, 700), (x) => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(BOUND * Math.max(1, Math.abs(x)));
      }),
    );
  });

  test('sin, tanh and erf are odd, cos is even, to the bit', () => {
    fc.assert(
      fc.property(any, (x) => {
        for (const f of [sin, tanh, erf]) expect(f(-x)).toBe(-f(x));
        expect(cos(-x)).toBe(cos(x));
      }),
    );
  });

  test('sin(x)^2 + cos(x)^2 is 1', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        expectClose(sin(x) * sin(x) + cos(x) * cos(x), 1, `at ${x}`);
      }),
    );
  });

  test('tanh, erf, sin and cos stay within -1 and 1', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (x) => {
        for (const f of [tanh, erf, sin, cos]) expect(Math.abs(f(x))).toBeLessThanOrEqual(1);
      }),
    );
  });

  test('every function agrees with the one of this engine', () => {
    fc.assert(
      fc.property(any, within(-700, 700), within(1e-9, 1e9), (x, e, base) => {
        expectClose(exp(e), Math.exp(e), `exp(${e})`);
        expectClose(expm1(e), Math.expm1(e), `expm1(${e})`);
        expectClose(log(Math.abs(x)), Math.log(Math.abs(x)), `log(${Math.abs(x)})`);
        for (const y of [x, e]) {
          expectClose(tanh(y), Math.tanh(y), `tanh(${y})`);
          expectClose(sin(y), Math.sin(y), `sin(${y})`);
          expectClose(cos(y), Math.cos(y), `cos(${y})`);
        }
        const y = e / (Math.abs(Math.log(base)) + 1);
        expectClose(pow(base, y), base ** y, `pow(${base}, ${y})`);
      }),
    );
  });

  test('a power that is a double is exact', () => {
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 3000 }), fc.integer({ min: 0, max: 33 }), (n, k) => {
        fc.pre(BigInt(n) ** BigInt(k) <= 2n ** 53n && BigInt(n) ** BigInt(k) >= -(2n ** 53n));
        expect(BigInt(pow(n, k))).toBe(BigInt(n) ** BigInt(k));
      }),
    );
    fc.assert(fc.property(within(SMALLEST, Number.MAX_VALUE), (x) => Object.is(pow(x, 1), x)));
    fc.assert(fc.property(fc.integer({ min: 0, max: 2 ** 26 }), (n) => Object.is(pow(n * n, 0.5), n)));
  });
});

describe('same bits everywhere', () => {
  const code = ['math', 'series', 'erf'].map((name) => {
    const source = readFileSync(new URL(`../../src/tensor/${name}.ts`, import.meta.url), 'utf8');
    return source.replace(/\/\*[\s\S]*?\*\//g, '').replace(/\/\/.*/g, '');
  });

  test('the sources use no function whose last bits the language leaves open', () => {
    const open = /\bMath\b(?!\.(?:sqrt|abs|floor|fround|imul)\b)|\*\*|\bglobalThis\b/;
    for (const text of code) expect(text.match(open)?.[0]).toBeUndefined();
    expect(code.join('')).toContain('Math.floor');
    for (const wrong of ['Math.exp(x)', 'x ** 2', 'Math["exp"]', 'const { exp } = Math', 'Math.sqrt2']) {
      expect(open.test(wrong), wrong).toBe(true);
    }
  });

  // A changed bit changes training runs for every user who compares them, so this number moves only on purpose.
  test('the results over the whole fixture have these bits', () => {
    const view = new DataView(new ArrayBuffer(8));
    let hash = 0x811c9dc5;
    for (const [name, rows] of Object.entries(fixture.cases)) {
      for (const row of rows) {
        view.setFloat64(0, functions[name](Number(row[0]), Number(row[1])));
        for (let i = 0; i < 8; i++) hash = Math.imul(hash ^ view.getUint8(i), 0x01000193);
      }
    }
    expect((hash >>> 0).toString(16)).toBe('96660e94');
  });
});
