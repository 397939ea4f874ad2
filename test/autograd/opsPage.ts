import { backward, parameter, sum } from '../../src/portable.ts';
import { type Kernels, portableKernels, useKernels } from '../../src/tensor/kernels/kernels.ts';
import { createSimdKernels } from '../../src/tensor/kernels/simd/simd.ts';
import { layerTable } from '../nn/layerTable.ts';
import { FAMILIES, type LayerCase, type OpCase, readFixture } from '../references/fixture.ts';
import { families } from './opTable.ts';
import type { Case, Edge, Row } from './table/row.ts';

/** The text of docs/ops.md, from the table that the tests run. */
export function opsPage(): string {
  const ops = Object.entries(families).map(
    ([family, rows]) => `## ${family[0].toUpperCase()}${family.slice(1)}\n\n${familyTable(family, rows)}`,
  );
  const { torch } = readFixture('layers').madeBy;
  return `# Ops and layers, and what is checked of each

Made by \`npm run docs\` from the tables that the tests run; \`npm test\` fails where this page is not current.

- **Values**: ways to call the op, each element of which is compared with an index-by-index definition, to 1e-13 in double precision and to 1e-6 in float32 under both sets of kernels.
- **Gradients**: in double precision within 1e-6 of finite differences (2nd: the gradients of the gradients, by the inputs and by the gradient of the output, within 1e-5); in float32 within 2e-5 of those (2nd: 5e-4), under both sets of kernels. *Of a surrogate*: the derivatives take a part of the op for a constant, and so do the differences.
- **Kernels**: the functions of a kernel set that the op or its gradient calls. Those in bold have a SIMD form; an op that names none has one loop, the same under both sets.
- **Edges**: points where a domain ends, with value and gradient to the last two bits.
- **Refused**: calls that throw, with class and whole message.
- **PyTorch**: cases in test/references/pytorch/, values and gradients within \`1e-5 |reference| + 2e-6 max |reference|\` of PyTorch ${torch} in double precision; or why there are none.

${ops.join('\n\n')}

## Layers

State dict names are PyTorch's, in its order. Outputs and the gradients of inputs and parameters are compared as above, under both sets of kernels.

${layersTable()}
`;
}

function familyTable(family: string, rows: Readonly<Record<string, Row>>): string {
  const { ops } = readFixture<{ readonly ops: readonly OpCase[] }>(family as keyof typeof families);
  return table(
    ['op', 'values', 'gradients', 'kernels', 'edges', 'refused', 'PyTorch'],
    Object.entries(rows).map(([name, row]) => [
      `\`${name}\``,
      String(row.cases.length),
      gradientsOf(row),
      kernelsOf(row.cases),
      edgesOf(row.edges ?? []),
      String(row.refuses?.length ?? 0),
      typeof row.pytorch === 'string' ? row.pytorch : String(ops.filter(({ op }) => op === name).length),
    ]),
  );
}

function gradientsOf({ cases, noGradient }: Row): string {
  if (noGradient !== undefined) return `none: ${noGradient}`;
  return cases.some(({ withConstantsAt }) => withConstantsAt !== undefined) ? '1st, 2nd, of a surrogate' : '1st, 2nd';
}

/** Kinds of edges, with their number where there are several. */
function edgesOf(edges: readonly Edge[]): string {
  const kinds = [...new Set(edges.map(({ edge }) => edge))];
  const count = (kind: string) => edges.filter(({ edge }) => edge === kind).length;
  return kinds.map((kind) => (count(kind) === 1 ? kind : `${kind} (${count(kind)})`)).join(', ');
}

/** What the cases ask of the active kernels, found by watching. */
function kernelsOf(cases: readonly Case[]): string {
  const asked = new Set<string>();
  const watched = new Proxy<Kernels>(portableKernels, {
    get(target, key, receiver) {
      if (key !== 'name' && key !== 'reserve') asked.add(String(key));
      return Reflect.get(target, key, receiver);
    },
  });
  const watch = <T>(fn: () => T): T => {
    const previous = useKernels(watched);
    try {
      return fn();
    } finally {
      useKernels(previous);
    }
  };
  for (const { fn, inputs } of cases) {
    const y = watch(() => fn(...inputs.map((x) => parameter(x))));
    const loss = sum(y);
    if (loss.node !== undefined) watch(() => backward(loss));
  }
  const simd = createSimdKernels();
  return [...asked].map((name) => (name in simd ? `**${name}**` : name)).join(', ');
}

function layersTable(): string {
  const cases = FAMILIES.flatMap(
    (family) => readFixture<{ readonly layers?: readonly LayerCase[] }>(family).layers ?? [],
  );
  return table(
    ['layer', 'state', 'PyTorch'],
    Object.entries(layerTable).map(([name, { pytorch }]) => {
      const own = cases.filter(({ layer }) => layer === name);
      const state = [...new Set(own.flatMap((c) => Object.keys(c.state)))].map((key) => `\`${key}\``);
      return [`\`${name}\``, state.join(' '), pytorch ?? String(own.length)];
    }),
  );
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}
