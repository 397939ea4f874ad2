/**
 * Bytes that are not what their format says.
 *
 * The message reads `op: what is wrong, where. What to do.`; `op` names the function that read them.
 */
export class FormatError extends Error {
  override readonly name = 'FormatError';
  readonly op: string;

  constructor(op: string, problem: string, remedy: string) {
    super(`${op}: ${problem}. ${remedy}`);
    this.op = op;
  }
}
