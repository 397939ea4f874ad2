import { Presets, SingleBar } from 'cli-progress';

/** How often a line is printed where there is no terminal to redraw it on. */
const LINE_EVERY_MS = 5000;

/** What a progress bar shows beside how far it is. */
interface Shown {
  readonly loss: number;
  readonly perSecond: number;
}

/** The bar of a training: redrawn on a terminal, a line every few seconds elsewhere. */
export class TrainingBar {
  readonly #bar: SingleBar;
  readonly #unit: string;

  /** `unit` is what `perSecond` counts, such as 'pairs'. */
  constructor(unit: string) {
    this.#unit = unit;
    this.#bar = new SingleBar(
      {
        format: '{bar} {percentage} % | step {value}/{total} | loss {loss} | {rate} | {eta_formatted} left',
        barsize: 24,
        hideCursor: true,
        etaBuffer: 50,
        stream: process.stdout,
        noTTYOutput: true,
        notTTYSchedule: LINE_EVERY_MS,
      },
      Presets.rect,
    );
  }

  start(steps: number, done: number): void {
    this.#bar.start(steps, done, { loss: '-', rate: `- ${this.#unit}/s` });
  }

  update(step: number, { loss, perSecond }: Shown): void {
    this.#bar.update(step, { loss: loss.toFixed(4), rate: `${Math.round(perSecond)} ${this.#unit}/s` });
  }

  /** Gives the cursor back; call it also when the training ends with an error. */
  stop(): void {
    this.#bar.stop();
  }
}
