/** Pairs of rows of one class, each once, in the order of their first rows and then of their second ones. */
interface SameClassPairs {
  readonly first: Int32Array;
  readonly second: Int32Array;
}

/** The pairs of a batch that has a row of another class for them; none of a batch of one class. */
export function sameClassPairs(classes: Int32Array): SameClassPairs {
  const first: number[] = [];
  const second: number[] = [];
  if (classes.every((label) => label === classes[0])) return { first: Int32Array.of(), second: Int32Array.of() };
  for (let i = 0; i < classes.length; i++) {
    for (let j = i + 1; j < classes.length; j++) {
      if (classes[i] !== classes[j]) continue;
      first.push(i);
      second.push(j);
    }
  }
  return { first: Int32Array.from(first), second: Int32Array.from(second) };
}
