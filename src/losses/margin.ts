/** A margin must be above 0, and within what the distance can reach. */
export function checkMargin(op: string, margin: number, bound: number): void {
  if (!(margin > 0 && margin < Infinity))
    throw new RangeError(`${op}: margin must be a finite number above 0; got ${margin}.`);
  if (margin > bound) {
    throw new RangeError(
      `${op}: a margin of ${margin} can never be satisfied by a distance of at most ${bound}. Use a margin below ${bound}.`,
    );
  }
}
