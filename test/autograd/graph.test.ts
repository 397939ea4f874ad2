import { instance } from '@viz-js/viz';
import { describe, expect, test } from 'vitest';
import { graph } from '../../src/autograd/graph.ts';
import * as t from '../../src/portable.ts';

const { parameter, tensor } = t;
const viz = await instance();

/** What Graphviz reads out of a text: how many nodes and edges it draws, and its labels. */
function read(dot: string): { readonly nodes: number; readonly edges: number; readonly labels: string[] } {
  const { status, output, errors } = viz.render(dot, { format: 'json' });
  expect([status, errors]).toEqual(['success', []]);
  const { objects = [], edges = [] }: { objects?: { label: string }[]; edges?: unknown[] } = JSON.parse(output ?? '');
  return { nodes: objects.length, edges: edges.length, labels: objects.map(({ label }) => label) };
}

describe('nodes and edges', () => {
  test('of a loss, inputs first', () => {
    const w = parameter(tensor([[1, 2]]));
    const b = parameter(tensor([3]));
    const loss = t.mean(t.relu(t.add(t.matmul(tensor([[1], [2]]), w), b)));
    const { nodes, edges } = graph(loss, {
      names: new Map([
        ['layer.weight', w],
        ['layer.bias', b],
      ]),
    });
    const op = (id: string, name: string, shape: number[]) => ({ id, kind: 'op', op: name, name: undefined, shape });
    const leaf = (id: string, name: string, shape: number[]) => ({ id, kind: 'parameter', op: undefined, name, shape });
    expect(nodes).toEqual([
      leaf('n0', 'layer.weight', [1, 2]),
      op('n1', 'product', [2, 2]),
      leaf('n2', 'layer.bias', [1]),
      op('n3', 'add', [2, 2]),
      op('n4', 'relu', [2, 2]),
      op('n5', 'mean', [1, 1]),
      op('n6', 'reshape', []),
    ]);
    expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual([
      'n0 n1',
      'n1 n3',
      'n2 n3',
      'n3 n4',
      'n4 n5',
      'n5 n6',
    ]);
  });

  test('a tensor used twice is one node with two edges, a name may be that of an op', () => {
    const w = parameter(tensor([2]));
    const y = t.square(w);
    const { nodes, edges } = graph(t.mul(y, t.add(y, w)), { names: new Map([['y', y]]) });
    expect(nodes.map(({ op, name, kind }) => name ?? op ?? kind)).toEqual(['parameter', 'y', 'add', 'mul']);
    expect(nodes[1]).toMatchObject({ kind: 'op', op: 'square' });
    expect(edges.map(({ from, to }) => `${from} ${to}`)).toEqual(['n0 n1', 'n1 n2', 'n0 n2', 'n1 n3', 'n2 n3']);
  });

  test('the same program gives the same ids and text, whatever ran before', () => {
    const make = () => {
      const w = parameter(tensor([1, 2]));
      return graph(t.sum(t.mul(t.exp(w), t.sin(w)))).toDot();
    };
    const first = make();
    t.square(parameter(tensor([1])));
    expect(make()).toBe(first);
  });

  test('a leaf is alone', () => {
    expect(graph(parameter(tensor([1]))).nodes).toEqual([
      { id: 'n0', kind: 'parameter', op: undefined, name: undefined, shape: [1] },
    ]);
    const constant = graph(t.square(tensor([1, 2])));
    expect(constant).toMatchObject({ nodes: [{ kind: 'constant', shape: [2] }], edges: [] });
    expect(read(constant.toDot())).toMatchObject({ nodes: 1, edges: 0 });
  });

  test('of a gradient, with createGraph', () => {
    const w = parameter(tensor([3]));
    const g = t.backward(t.sum(t.mul(t.square(w), w)), { createGraph: true }).get(w);
    const { nodes, edges } = graph(g);
    expect(nodes.filter(({ kind }) => kind === 'parameter')).toHaveLength(1);
    expect(nodes.map(({ op }) => op)).toContain('accumulate');
    const place = new Map(nodes.map(({ id }, i) => [id, i]));
    expect(edges.every(({ from, to }) => (place.get(from) ?? 0) < (place.get(to) ?? 0))).toBe(true);
    expect(read(graph(g).toDot())).toMatchObject({ nodes: nodes.length, edges: edges.length });
  });

  test('is deeper than a call stack', () => {
    let y: t.Tensor = parameter(tensor([1]));
    for (let i = 0; i < 30_000; i++) y = t.neg(y);
    const { nodes, edges, toDot } = graph(y);
    expect([nodes.length, edges.length]).toEqual([30_001, 30_000]);
    expect(toDot()).toContain('n29999 -> n30000;');
  });

  test('of a scope that has closed is refused', () => {
    const w = parameter(tensor([1]));
    const closed = t.scope(() => t.square(w));
    for (const x of [closed, t.neg(closed)]) {
      expect(() => graph(x)).toThrow(
        new RangeError(
          'graph: a part of it was made inside a scope that has closed. Call graph inside the scope; wrap what needs no gradient in noGrad.',
        ),
      );
    }
    expect(t.scope(() => graph(t.square(w)).nodes.length)).toBe(2);
  });

  test('of what is no tensor, or with names that are no Map, is refused', () => {
    // @ts-expect-error: a number has no graph.
    expect(() => graph(3)).toThrow(
      new TypeError('graph: expected a Tensor; got 3. Pass a loss, or any result of ops.'),
    );
    const w = parameter(tensor([1]));
    // @ts-expect-error: a Map is wanted.
    expect(() => graph(w, { names: { w } })).toThrow(
      new TypeError(
        "graph: names must be a Map of names to tensors, as namedParameters(model) or new Map([['w', w]]).",
      ),
    );
  });

  test('names of tensors that are not on it do not matter', () => {
    const [w, other] = [parameter(tensor([1])), parameter(tensor([1]))];
    expect(graph(t.neg(w), { names: new Map([['other', other]]) })).toMatchObject({
      nodes: [{ name: undefined }, { name: undefined }],
    });
  });
});

describe('DOT', () => {
  test('is this text: leaves, ops and what comes out look different', () => {
    const w = parameter(tensor([1, 2]));
    const lines = graph(t.sum(t.square(w), { axis: 0 }), { names: new Map([['w', w]]) })
      .toDot()
      .split('\n');
    const op = 'shape=box, style="rounded,filled", fillcolor="#eef1f5", color="#8592a6"';
    const parameterStyle = 'shape=box, style=filled, fillcolor="#ffe2b8", color="#c77f1a"';
    const output = 'shape=box, style="rounded,filled", fillcolor="#cfe8d5", color="#3b8750"';
    expect(lines[0]).toBe('digraph {');
    expect(lines.slice(4)).toEqual([
      `  n0 [label="w\\n[2]", ${parameterStyle}];`,
      `  n1 [label="square\\n[2]", ${op}];`,
      `  n2 [label="sumTo\\n[1]", ${op}];`,
      `  n3 [label="reshape\\none number", ${output}];`,
      '  n0 -> n1;',
      '  n1 -> n2;',
      '  n2 -> n3;',
      '}',
      '',
    ]);
    expect(graph(w).toDot()).toContain(parameterStyle);
  });

  test('quotes what would end a label', () => {
    const name = 'a "b" \\n {c|d} <e> &lt;;\r\n]\r&\n';
    const w = parameter(tensor([1]));
    const { labels } = read(graph(t.neg(w), { names: new Map([[name, w]]) }).toDot());
    expect(labels[0]).toBe('a "b" \\\\n {c|d} <e> &amp;lt;;\\n]\\n&amp;\\n\\n[1]');
  });

  test('of a twin has as many nodes and edges as the graph', () => {
    const random = t.createRandom(1);
    const twin = new t.Twin(
      new t.Sequential(new t.Conv2d(1, 2, 3, { random }), t.relu, new t.Flatten(), new t.Linear(72, 3, { random })),
      {
        compare: t.euclidean,
      },
    );
    const distance = twin.compare(t.ones([2, 1, 8, 8]), t.zeros([2, 1, 8, 8]));
    const loss = t.contrastiveLoss(distance, { different: [0, 1] }, { margin: 1 });
    const { nodes, edges, toDot } = graph(loss, { names: t.namedParameters(twin) });
    expect(nodes.flatMap(({ kind, name }) => (kind === 'parameter' ? name : []))).toEqual([
      'encoder.0.weight',
      'encoder.0.bias',
      'encoder.3.weight',
      'encoder.3.bias',
    ]);
    expect(read(toDot())).toMatchObject({ nodes: nodes.length, edges: edges.length });
    expect(nodes.at(-1)).toMatchObject({ shape: [] });
  });
});
