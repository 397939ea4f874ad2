import { Command, CommanderError, InvalidArgumentError } from 'commander';

/** What a person can mend: shown as one line, without a stack, and ends the program with exit code 2. */
export class UserError extends Error {}

/** A program whose every message about bad arguments is one line, with exit code 2. */
export function createCommand(name: string, description: string): Command {
  return new Command(name)
    .description(description)
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
}

/** Runs a program, and turns what it throws into a message and an exit code. */
export async function runCommand(main: () => Promise<void> | void): Promise<void> {
  try {
    await main();
  } catch (error) {
    if (error instanceof CommanderError && error.exitCode === 0) return;
    if (!(error instanceof UserError || error instanceof CommanderError)) throw error;
    // commander puts its suggestions on a line of their own.
    console.error(`error: ${error.message.replace(/^error: /, '').replaceAll('\n', ' ')}`);
    process.exitCode = 2;
  }
}

/** Reads an option as a whole number from `least` to `most`. */
export function integer(least: number, most: number = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const range = most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`It must be a whole number ${range}.`);
  };
}

/** The message of whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
