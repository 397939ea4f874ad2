import { type Arbitrary, oneof, record } from 'fast-check';
import { toDouble } from '../tensor/precision.ts';
import { fraction } from './draws.ts';
import { defineLaw, type Law } from './law.ts';
import { type DirectedMoves, embeddingsOf, inputsOf, mapEmbeddings, withEmbeddings } from './lossKind.ts';
import { changesOf, gradientsOf, type Loss, type LossSubject, lossOf, partsOf, ROUNDING, say } from './lossValues.ts';
import { largest } from './rows.ts';

/* The laws of which way a loss goes, and of where it is 0. */

export function directed<I extends object>({ subject, fn, setting }: LossSubject<I>, moves: DirectedMoves<I>): Law {
  return defineLaw({
    subject,
    name: moves.law,
    statement: moves.statement,
    inputs: moves.draw(setting),
    show: ({ before, after }) => ({ ...before, ...changesOf(before, after) }),
    violation: ({ before, after, moved }) => {
      const [from, to] = [lossOf(fn, before), lossOf(fn, after)];
      const wrong = moves.never === 'rise' ? to - from : from - to;
      if (!(wrong > ROUNDING * (setting.unit + Math.max(Math.abs(from), Math.abs(to))))) return undefined;
      return `the loss ${moves.never === 'rise' ? 'rose' : 'fell'} from ${say(from)} to ${say(to)} when ${moved}.`;
    },
  });
}

/** How long a step against the gradient is, of the unit: so short that only the slope counts, in double precision. */
const STEP = 1e-6;

export function gradientStepHelps<I extends object>({ kind, subject, fn, setting }: LossSubject<I>): Law[] {
  const steps = kind.steps?.(setting);
  if (steps === undefined) return [];
  return [
    defineLaw({
      ...{
        subject,
        name: 'gradient step helps',
        statement: kind.words?.step ?? 'a small step against the gradient helps',
      },
      inputs: steps,
      show: ({ input }) => partsOf(input),
      violation: ({ input, measure, wanted, what }) => {
        const exact = mapEmbeddings(kind, input, toDouble);
        const gradients = gradientsOf(kind, fn, exact);
        const steepest = largest(gradients);
        if (steepest === 0) return `the gradient is 0, so that no step makes ${what} ${wanted}.`;
        const length = (STEP * setting.space.lengthOf(setting.unit)) / steepest;
        const stepped = embeddingsOf(kind, exact).map((x, t) => {
          const moved = toDouble(x);
          moved.data.forEach((v, i) => {
            moved.data[i] = v - length * gradients[t].data[i];
          });
          return moved;
        });
        const [from, to] = [measure(exact), measure(withEmbeddings(kind, exact, stepped))];
        const gain = wanted === 'smaller' ? from - to : to - from;
        // A chessboard distance of two coordinates that tie stays when one of them gets smaller.
        const least = setting.metric === 'chebyshev' ? -1e-12 * setting.unit : 0;
        // Not what is NaN: that is the matter of another law.
        if (gain > least || Number.isNaN(gain)) return undefined;
        return `a small step against the gradient took ${what} from ${from.toPrecision(9)} to ${to.toPrecision(9)}; it should get ${wanted}.`;
      },
    }),
  ];
}

export function largerMargin<I extends object>(
  { kind, subject, setting }: LossSubject<I>,
  margin: number,
  withMargin: (margin: number) => Loss<I>,
): Law {
  const margins = record({ low: fraction(0.9, 0.5), high: fraction(1.1, 2) });
  const drawn: Arbitrary<{ low: number; high: number; input: I; costs: boolean }> = margins.chain(({ low, high }) => {
    const [least, most] = [margin * low, Math.min(margin * high, setting.space.bound)];
    const above = { ...setting, margin: most, unit: most };
    const violated = kind.violated?.(above)?.map((input) => ({ input, costs: true }));
    const any = inputsOf(kind, above).map((input) => ({ input, costs: false }));
    return (violated === undefined ? any : oneof(any, violated)).map((input) => ({ low: least, high: most, ...input }));
  });
  return defineLaw({
    subject,
    name: 'larger margin',
    statement: 'a larger margin never lowers the loss, and what lies within it costs something',
    inputs: drawn,
    show: ({ input, low, high }) => ({ ...input, 'smaller margin': low, 'larger margin': high }),
    violation: ({ input, low, high, costs }) => {
      const [from, to] = [lossOf(withMargin(low), input), lossOf(withMargin(high), input)];
      if (from - to > ROUNDING * (setting.unit + Math.abs(from)))
        return `the loss fell from ${say(from)} to ${say(to)} when the margin grew from ${say(low)} to ${say(high)}.`;
      return costs && to <= 0 ? `the loss is ${say(to)} with a margin of ${say(high)}, which is not kept.` : undefined;
    },
  });
}

export function zeroWhereSatisfied<I extends object>({ kind, subject, fn, setting }: LossSubject<I>): Law[] {
  const satisfied = kind.satisfied?.(setting);
  if (satisfied === undefined) return [];
  const where = kind.words?.satisfied ?? 'where nothing is left to do';
  return [
    defineLaw({
      ...{
        subject,
        name: 'zero where satisfied',
        statement: `${where}, the loss and its gradients are 0, but for rounding`,
      },
      inputs: satisfied,
      violation: (input) => {
        const value = lossOf(fn, input);
        // A cosine of equal rows is 1 but for rounding, and a root may have a guard of 1e-12; NaN is for another law.
        if (Math.abs(value) > ROUNDING * setting.unit) return `the loss is ${say(value)}.`;
        const gradients = gradientsOf(kind, fn, input);
        for (const [t, name] of kind.embeddings.entries()) {
          const at = gradients[t].data.findIndex((g) => Math.abs(g) > ROUNDING * Math.max(1, setting.unit));
          if (at >= 0) return `the gradient with respect to ${name} is ${say(gradients[t].data[at])} at element ${at}.`;
        }
        return undefined;
      },
    }),
  ];
}

export function costsWhereViolated<I extends object>({ kind, subject, fn, setting }: LossSubject<I>): Law[] {
  const violated = kind.violated?.(setting);
  if (violated === undefined) return [];
  const where = kind.words?.violated ?? 'where something is left to do';
  return [
    defineLaw({
      ...{ subject, name: 'costs where violated', statement: `${where}, the loss is above 0` },
      inputs: violated,
      violation: (input) => {
        const value = lossOf(fn, input);
        return value <= 0 ? `the loss is ${say(value)}.` : undefined;
      },
    }),
  ];
}
