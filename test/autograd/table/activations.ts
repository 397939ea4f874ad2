import * as t from '../../../src/portable.ts';
import { erf } from '../../../src/tensor/erf.ts';
import { draws, type Edge, hinge, logistic, type Row, unary } from './row.ts';

const { normal } = draws('activations');

const sigmoid = (v: number) => 1 / (1 + Math.exp(-v));
const elu = (v: number) => (v > 0 ? v : Math.expm1(v));
const gelu = (v: number) => 0.5 * v * (1 + erf(v / Math.SQRT2));
const geluTanh = (v: number) => 0.5 * v * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (v + 0.044715 * v ** 3)));
const hardSigmoid = (v: number) => Math.min(Math.max(v / 6 + 0.5, 0), 1);
const SELU_SCALE = 1.0507009873554805;
const SELU_BELOW = SELU_SCALE * 1.6732632423543772;

/** Half of float32's 1e-40, as it rounds: what silu and gelu make of it. */
const HALF_DENORMAL = Math.fround(1e-40) / 2;
/** e^-95 is 5.5e-42. */
const DENORMAL_EXP = Math.fround(Math.exp(-95));

type Activation = (x: t.Tensor) => t.Tensor;
const empty = (fn: Activation): Edge => ({ edge: 'empty', inputs: [t.zeros([0, 3])], fn, value: [], shape: [0, 3], gradients: [[]] });
const ofNaN = (fn: Activation, gradient: number): Edge => ({ edge: 'NaN', inputs: [[NaN, 1]], fn: (x) => t.slice(fn(x), [[0, 1]]), value: [NaN], gradients: [[gradient, 0]] });
/** Values and slopes far out; the slopes are those at 1e4 too. */
const far = (fn: Activation, low: readonly [number, number, number], high: readonly [number, number, number], slopes: readonly [number, number], atInfinity: readonly [number, number]): Edge[] => [
  { edge: 'huge', inputs: [[-3e38, -3e19, -1e4, 1e4, 3e19, 3e38]], fn, value: [...low, ...high], gradients: [[slopes[0], slopes[0], slopes[0], slopes[1], slopes[1], slopes[1]]] },
  { edge: 'infinity', inputs: [[-Infinity, Infinity]], fn, value: atInfinity, gradients: [slopes] },
];
/** Those of an activation that is 0 on the left and x on the right. */
const likeRelu = (fn: Activation): Edge[] => far(fn, [0, 0, 0], [1e4, 3e19, 3e38], [0, 1], [0, Infinity]);

const tanhGelu = (x: t.Tensor) => t.gelu(x, { approximate: 'tanh' });

export const activations = {
  relu: {
    cases: unary(t.relu, normal([4, 5], 0.01), hinge),
    edges: [
      { edge: 'kink', inputs: [[0, -0]], fn: t.relu, value: [0, 0], gradients: [[0, 0]] },
      ...likeRelu(t.relu), ofNaN(t.relu, 1), empty(t.relu),
      { edge: 'denormal', inputs: [[1e-45, -1e-45]], fn: t.relu, value: [1e-45, 0], gradients: [[1, 0]] },
    ],
    pytorch: ({ x }) => t.relu(x),
  },
  leakyRelu: {
    cases: [
      ...unary(t.leakyRelu, normal([4, 5], 0.01), (v) => (v > 0 ? v : 0.01 * v)),
      { name: 'slope', inputs: [normal([6], 0.01)], fn: (x) => t.leakyRelu(x, { slope: 0.3 }), shape: [6], oracle: ([i], x) => (x(i) > 0 ? x(i) : 0.3 * x(i)) },
      { name: 'slope above 1', inputs: [normal([6], 0.01)], fn: (x) => t.leakyRelu(x, { slope: 2 }), shape: [6], oracle: ([i], x) => (x(i) > 0 ? x(i) : 2 * x(i)) },
      { name: 'negative slope', inputs: [normal([6], 0.01)], fn: (x) => t.leakyRelu(x, { slope: -1 }), shape: [6], oracle: ([i], x) => Math.abs(x(i)) },
      { name: 'of what has slopes', inputs: [t.tensor([-1.5, 0.5, 2])], fn: (x) => t.leakyRelu(t.sub(t.square(x), 1)), shape: [3], oracle: ([i], x) => (x(i) ** 2 > 1 ? 1 : 0.01) * (x(i) ** 2 - 1) },
    ],
    edges: [
      { edge: 'kink', inputs: [[0, -0]], fn: (x) => t.leakyRelu(x, { slope: 0.25 }), value: [0, 0], gradients: [[0.25, 0.25]] },
      ...far((x) => t.leakyRelu(x, { slope: 0.25 }), [-0.75e38, -0.75e19, -2500], [1e4, 3e19, 3e38], [0.25, 1], [-Infinity, Infinity]),
      ofNaN((x) => t.leakyRelu(x, { slope: 0.25 }), 0.25), empty(t.leakyRelu),
      { edge: 'denormal', inputs: [[1e-45, -1e-45, -1e-40]], fn: (x) => t.leakyRelu(x), value: [1e-45, 0, Math.fround(-1e-40) * 0.01], gradients: [[1, 0.01, 0.01]] },
    ],
    refuses: [
      { call: () => t.leakyRelu(t.zeros([1]), { slope: NaN }), error: RangeError, message: 'leakyRelu: slope must be a finite number; got NaN.' },
      { call: () => t.leakyRelu(t.zeros([1]), { slope: Infinity }), error: RangeError, message: 'leakyRelu: slope must be a finite number; got Infinity.' },
    ],
    pytorch: ({ x }, options) => t.leakyRelu(x, options),
  },
  elu: {
    cases: [
      ...unary(t.elu, normal([2, 3], 0.01), elu),
      { name: 'alpha', inputs: [normal([6], 0.01)], fn: (x) => t.elu(x, { alpha: 0.4 }), shape: [6], oracle: ([i], x) => (x(i) > 0 ? x(i) : 0.4 * Math.expm1(x(i))) },
      { name: 'of what has slopes', inputs: [t.tensor([-1.5, 0.5, 2])], fn: (x) => t.elu(t.sub(t.square(x), 1)), shape: [3], oracle: ([i], x) => elu(x(i) ** 2 - 1) },
    ],
    edges: [
      { edge: 'kink', inputs: [[0, -0]], fn: (x) => t.elu(x), value: [0, 0], gradients: [[1, 1]] },
      { edge: 'kink', inputs: [[0, -0]], fn: (x) => t.elu(x, { alpha: 0.25 }), value: [0, 0], gradients: [[0.25, 0.25]] },
      // Without cancellation: exp(x) - 1 in float32 would be 0 or 5.96e-8.
      { edge: 'zero', inputs: [[-1e-7, -1e-4]], fn: (x) => t.elu(x), value: [Math.expm1(Math.fround(-1e-7)), Math.expm1(Math.fround(-1e-4))], gradients: [[Math.exp(-1e-7), Math.exp(-1e-4)]] },
      ...far(t.elu, [-1, -1, -1], [1e4, 3e19, 3e38], [0, 1], [-1, Infinity]), ofNaN(t.elu, NaN), empty(t.elu),
      { edge: 'denormal', inputs: [[1e-45, -1e-45, -1e-40]], fn: (x) => t.elu(x), value: [1e-45, -1e-45, -1e-40], gradients: [[1, 1, 1]] },
    ],
    refuses: [
      { call: () => t.elu(t.zeros([1]), { alpha: NaN }), error: RangeError, message: 'elu: alpha must be a finite number; got NaN.' },
      { call: () => t.elu(t.zeros([1]), { alpha: -Infinity }), error: RangeError, message: 'elu: alpha must be a finite number; got -Infinity.' },
    ],
    pytorch: ({ x }, options) => t.elu(x, options),
  },
  selu: {
    cases: unary(t.selu, normal([2, 3], 0.01), (v) => (v > 0 ? SELU_SCALE * v : SELU_BELOW * Math.expm1(v))),
    edges: [
      { edge: 'kink', inputs: [[0, -0]], fn: t.selu, value: [0, 0], gradients: [[SELU_BELOW, SELU_BELOW]] },
      { edge: 'zero', inputs: [[-1e-7]], fn: t.selu, value: [SELU_BELOW * Math.expm1(Math.fround(-1e-7))], gradients: [[SELU_BELOW * Math.exp(-1e-7)]] },
      ...far(t.selu, [-SELU_BELOW, -SELU_BELOW, -SELU_BELOW], [SELU_SCALE * 1e4, SELU_SCALE * 3e19, SELU_SCALE * 3e38], [0, SELU_SCALE], [-SELU_BELOW, Infinity]),
      ofNaN(t.selu, NaN), empty(t.selu),
      { edge: 'denormal', inputs: [[1e-40, -1e-40]], fn: t.selu, value: [SELU_SCALE * Math.fround(1e-40), -SELU_BELOW * Math.fround(1e-40)], gradients: [[SELU_SCALE, SELU_BELOW]] },
    ],
    pytorch: ({ x }) => t.selu(x),
  },
  sigmoid: {
    cases: unary(t.sigmoid, normal([2, 3]), sigmoid),
    edges: [
      ...far(t.sigmoid, [0, 0, 0], [1, 1, 1], [0, 0], [0, 1]), ofNaN(t.sigmoid, NaN), empty(t.sigmoid),
      { edge: 'denormal', inputs: [[1e-45, -95]], fn: t.sigmoid, value: [0.5, DENORMAL_EXP], gradients: [[0.25, DENORMAL_EXP]] },
    ],
    pytorch: ({ x }) => t.sigmoid(x),
  },
  tanh: {
    cases: unary(t.tanh, normal([2, 3]), Math.tanh),
    edges: [
      ...far(t.tanh, [-1, -1, -1], [1, 1, 1], [0, 0], [-1, 1]), ofNaN(t.tanh, NaN), empty(t.tanh),
      { edge: 'denormal', inputs: [[1e-45, -1e-40]], fn: t.tanh, value: [1e-45, -1e-40], gradients: [[1, 1]] },
    ],
    pytorch: ({ x }) => t.tanh(x),
  },
  softplus: {
    cases: unary(t.softplus, normal([2, 3]), logistic),
    edges: [
      ...likeRelu(t.softplus), ofNaN(t.softplus, NaN), empty(t.softplus),
      { edge: 'denormal', inputs: [[1e-45, -95]], fn: t.softplus, value: [Math.LN2, DENORMAL_EXP], gradients: [[0.5, DENORMAL_EXP]] },
    ],
    pytorch: ({ x }) => t.softplus(x),
  },
  silu: {
    cases: unary(t.silu, normal([2, 3]), (v) => v * sigmoid(v)),
    edges: [
      ...likeRelu(t.silu), ofNaN(t.silu, NaN), empty(t.silu),
      { edge: 'denormal', inputs: [[1e-40, -1e-40, -80]], fn: t.silu, value: [HALF_DENORMAL, -HALF_DENORMAL, -80 * Math.exp(-80)], gradients: [[0.5, 0.5, -79 * Math.exp(-80)]] },
    ],
    pytorch: ({ x }) => t.silu(x),
  },
  gelu: {
    cases: [
      ...unary(t.gelu, normal([2, 3]), gelu),
      { name: 'tanh', inputs: [normal([5])], fn: tanhGelu, shape: [5], oracle: ([i], x) => geluTanh(x(i)) },
    ],
    edges: [
      ...likeRelu(t.gelu), ofNaN(t.gelu, NaN), empty(t.gelu),
      { edge: 'denormal', inputs: [[1e-40, -1e-40]], fn: (x) => t.gelu(x), value: [HALF_DENORMAL, -HALF_DENORMAL], gradients: [[0.5, 0.5]] },
      ...likeRelu(tanhGelu), ofNaN(tanhGelu, NaN), empty(tanhGelu),
      { edge: 'denormal', inputs: [[1e-40, -1e-40]], fn: tanhGelu, value: [HALF_DENORMAL, -HALF_DENORMAL], gradients: [[0.5, 0.5]] },
    ],
    refuses: [
      { call: () => t.gelu(t.zeros([1]), { approximate: JSON.parse('"fast"') }), error: RangeError, message: "gelu: approximate must be 'none' or 'tanh'; got 'fast'." },
    ],
    pytorch: ({ x }, options) => t.gelu(x, options),
  },
  hardSigmoid: {
    cases: [
      ...unary(t.hardSigmoid, normal([2, 3]), hardSigmoid),
      { name: 'on both sides of the kinks', inputs: [t.tensor([-7, -3.1, -2.9, 2.9, 3.1, 7])], fn: t.hardSigmoid, shape: [6], oracle: ([i], x) => hardSigmoid(x(i)) },
      { name: 'of what has slopes', inputs: [t.tensor([-1.5, 0.5, 3])], fn: (x) => t.hardSigmoid(t.square(x)), shape: [3], oracle: ([i], x) => hardSigmoid(x(i) ** 2) },
    ],
    edges: [
      { edge: 'kink', inputs: [[-3, 3]], fn: t.hardSigmoid, value: [0, 1], gradients: [[0, 0]] },
      ...far(t.hardSigmoid, [0, 0, 0], [1, 1, 1], [0, 0], [0, 1]), ofNaN(t.hardSigmoid, 0), empty(t.hardSigmoid),
      { edge: 'denormal', inputs: [[1e-45, -1e-40]], fn: t.hardSigmoid, value: [0.5, 0.5], gradients: [[1 / 6, 1 / 6]] },
    ],
    pytorch: ({ x }) => t.hardSigmoid(x),
  },
  hardSwish: {
    cases: [
      ...unary(t.hardSwish, normal([2, 3]), (v) => v * hardSigmoid(v)),
      { name: 'on both sides of the kinks', inputs: [t.tensor([-7, -3.1, -2.9, 2.9, 3.1, 7])], fn: t.hardSwish, shape: [6], oracle: ([i], x) => x(i) * hardSigmoid(x(i)) },
      { name: 'of what has slopes', inputs: [t.tensor([-1.5, 0.5, 3])], fn: (x) => t.hardSwish(t.square(x)), shape: [3], oracle: ([i], x) => x(i) ** 2 * hardSigmoid(x(i) ** 2) },
    ],
    edges: [
      { edge: 'kink', inputs: [[-3, 3]], fn: t.hardSwish, value: [0, 3], gradients: [[0, 1]] },
      ...likeRelu(t.hardSwish), ofNaN(t.hardSwish, NaN), empty(t.hardSwish),
      { edge: 'denormal', inputs: [[1e-40, -1e-40]], fn: t.hardSwish, value: [HALF_DENORMAL, -HALF_DENORMAL], gradients: [[0.5, 0.5]] },
    ],
    pytorch: ({ x }) => t.hardSwish(x),
  },
} satisfies Record<string, Row>;
