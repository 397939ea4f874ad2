/** What a check of a margin says, where it is not `margin` and `distance`. */
interface MarginWords {
  readonly name?: string;
  readonly measure?: string;
}

/** A margin must be above 0, and within what the distance can reach. */
export function checkMargin(
  op: string,
  margin: number,
  bound: number,
  { name = 'margin', measure = 'distance' }: MarginWords = {},
): void {
  if (!(margin > 0 && margin < Infinity))
    throw new RangeError(`${op}: ${name} must be a finite number above 0; got ${margin}.`);
  if (margin > bound) {
    throw new RangeError(
      `${op}: a ${name} of ${margin} can never be satisfied by a ${measure} of at most ${bound}. Use a ${name} below ${bound}.`,
    );
  }
}
