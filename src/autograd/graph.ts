import { formatShape, type Shape } from '../tensor/shape.ts';
import { Tensor } from '../tensor/tensor.ts';
import { Parameter } from './parameter.ts';
import { hasClosedGraph } from './scope.ts';

/** Options of `graph`. */
export interface GraphOptions {
  /** What parameters and other tensors are called in the picture, such as `namedParameters(twin)`. Default: no names. */
  readonly names?: ReadonlyMap<string, Tensor> | undefined;
}

/** A tensor of a graph. */
export interface GraphVertex {
  /** `n0`, `n1` ... in the order of calculation: the same program gives the same ids. */
  readonly id: string;
  /** The result of an op; a Parameter; or a constant, which is there only where it is all of the graph. */
  readonly kind: 'op' | 'parameter' | 'constant';
  /** The op that made the tensor, as it is recorded (`product` for `matmul` and `linear`); undefined for a leaf. */
  readonly op: string | undefined;
  /** What `names` calls the tensor. */
  readonly name: string | undefined;
  readonly shape: Shape;
}

/** One use of a tensor by an op. */
export interface GraphEdge {
  /** The id of the input. */
  readonly from: string;
  /** The id of the op's result. */
  readonly to: string;
}

/** What `graph` gives. */
export interface Graph {
  /** Inputs before what is made of them; the last one is the tensor asked for. */
  readonly nodes: readonly GraphVertex[];
  /** In the order of `to`, then of the op's inputs; an op that takes one tensor twice has two. */
  readonly edges: readonly GraphEdge[];
  /** The picture as text in DOT, which Graphviz and many viewers draw: from the parameters at the top down to the loss. */
  toDot(): string;
}

/**
 * The ops that a tensor was computed by and the parameters that it was computed from: what `backward(loss)` will visit.
 *
 * Inputs that need no gradient are not on it, nor what was computed from them alone: data, labels, masks, numbers.
 *
 * Cost: linear in the number of ops.
 * Throws: RangeError for a graph that was made in a scope which has closed; TypeError where `output` is no Tensor or
 * `names` no Map.
 *
 * @example
 * const w = parameter(tensor([1, 2]));
 * graph(sum(square(w))).nodes.map(({ op, kind }) => op ?? kind) // ['parameter', 'square', 'sumTo', 'reshape']
 * @example
 * const w = parameter(tensor([1, 2]));
 * graph(mul(w, w), { names: new Map([['w', w]]) }).edges // [{ from: 'n0', to: 'n1' }, { from: 'n0', to: 'n1' }]
 */
export function graph(output: Tensor, { names = new Map() }: GraphOptions = {}): Graph {
  if (!(output instanceof Tensor))
    throw new TypeError(`graph: expected a Tensor; got ${String(output)}. Pass a loss, or any result of ops.`);
  if (!(names instanceof Map))
    throw new TypeError(
      "graph: names must be a Map of names to tensors, as namedParameters(model) or new Map([['w', w]]).",
    );
  const called = new Map([...names].map(([name, x]) => [x, name]));
  const ids = new Map<Tensor, string>();
  const nodes: GraphVertex[] = [];
  const edges: GraphEdge[] = [];
  const idOf = (x: Tensor): string => {
    const known = ids.get(x);
    if (known !== undefined) return known;
    const id = `n${nodes.length}`;
    const kind = x.node !== undefined ? 'op' : x instanceof Parameter ? 'parameter' : 'constant';
    ids.set(x, id);
    nodes.push({ id, kind, op: x.node?.name, name: called.get(x), shape: x.shape });
    return id;
  };
  for (const x of opsBehind(output)) {
    const from = (x.node?.edges ?? []).map(([input]) => idOf(input));
    const to = idOf(x);
    for (const id of from) edges.push({ from: id, to });
  }
  // A leaf is its own graph.
  idOf(output);
  return { nodes, edges, toDot: () => toDot(nodes, edges) };
}

/** The recorded tensors that `output` depends on, and itself, earliest first. The stack is explicit, since graphs are deep. */
function opsBehind(output: Tensor): Tensor[] {
  const seen = new Set<Tensor>();
  const stack = [output];
  const found: { readonly x: Tensor; readonly serial: number }[] = [];
  for (let x = stack.pop(); x !== undefined; x = stack.pop()) {
    if (x.node === undefined) continue;
    if (hasClosedGraph(x)) {
      throw new RangeError(
        'graph: a part of it was made inside a scope that has closed. Call graph inside the scope; wrap what needs no gradient in noGrad.',
      );
    }
    found.push({ x, serial: x.node.serial });
    for (const [input] of x.node.edges) {
      if (seen.has(input)) continue;
      seen.add(input);
      stack.push(input);
    }
  }
  return found.sort((a, b) => a.serial - b.serial).map(({ x }) => x);
}

/** Readable on white and on dark pages: every node has a filling and dark letters. */
const STYLES = {
  op: 'shape=box, style="rounded,filled", fillcolor="#eef1f5", color="#8592a6"',
  parameter: 'shape=box, style=filled, fillcolor="#ffe2b8", color="#c77f1a"',
  constant: 'shape=box, style="filled,dashed", fillcolor="#ffffff", color="#8592a6"',
  output: 'shape=box, style="rounded,filled", fillcolor="#cfe8d5", color="#3b8750"',
} as const;

function toDot(nodes: readonly GraphVertex[], edges: readonly GraphEdge[]): string {
  const last = nodes.length - 1;
  return [
    'digraph {',
    '  graph [rankdir=TB, nodesep=0.25, ranksep=0.3, bgcolor="transparent"];',
    '  node [fontname="Helvetica", fontsize=11, fontcolor="#1c2430", height=0.3, margin="0.12,0.06"];',
    '  edge [color="#8592a6", arrowsize=0.6];',
    ...nodes.map((vertex, i) => {
      const style = STYLES[i === last && vertex.kind === 'op' ? 'output' : vertex.kind];
      return `  ${vertex.id} [label=${labelOf(vertex)}, ${style}];`;
    }),
    ...edges.map(({ from, to }) => `  ${from} -> ${to};`),
    '}',
    '',
  ].join('\n');
}

/** The name, or else the op or the kind, with the shape below. */
function labelOf({ kind, op, name, shape }: GraphVertex): string {
  const title = [name, op].filter((part) => part !== undefined).join(' = ') || kind;
  return quote(`${title}\n${shape.length === 0 ? 'one number' : formatShape(shape)}`);
}

/** A string of DOT: a backslash would begin an escape, a quote would end it, `&lt;` would be read as HTML. */
function quote(text: string): string {
  return `"${text
    .replaceAll('\\', '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll('&', '&amp;')
    .replace(/\r\n|\r|\n/g, '\\n')}"`;
}
