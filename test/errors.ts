/** The error that `fn` throws, which must be of a class. */
export function errorOf<E extends Error>(kind: new (...args: never[]) => E, fn: () => unknown): E {
  try {
    fn();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`expected a ${kind.name}; nothing was thrown`);
}
