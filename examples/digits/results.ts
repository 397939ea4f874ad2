import type { Exam, Measured } from './measure.ts';
import type { Settings } from './options.ts';

/** Test pair accuracy of the MNIST twin in the Keras examples, an MLP of 133,504 parameters, at a fixed threshold. */
const KERAS_ACCURACY = 0.972;

/** What was measured of one twin, in numbers; all but the threshold are shares, 0 to 1. */
interface Figures {
  /** Test pairs called right at the threshold, which was found on other pairs. */
  readonly accuracy: number;
  /** The same at the threshold that suits the test pairs best: optimistic, no one knows it beforehand. */
  readonly bestAccuracy: number;
  readonly auc: number;
  readonly eer: number;
  readonly threshold: number;
  readonly oneShot: number;
  /** Half the 95 % confidence interval of `oneShot`. */
  readonly oneShotConfidence95: number;
}

/** The content of `results.json`. All but `seconds` is the same for the same settings. */
export interface Results extends Figures, Settings {
  /** The same figures for the distance between raw pixels. */
  readonly baselines: Figures;
  /** Test pairs that were measured. */
  readonly testPairs: number;
  readonly calibrationPairs: number;
  /** Classes in an episode of one-shot recognition. */
  readonly ways: number;
  readonly steps: number;
  /** Weights of the encoder. */
  readonly parameters: number;
  /** Training time. */
  readonly seconds: number;
  readonly version: string;
}

/** The numbers of a measurement. */
function figuresOf({ report, oneShot }: Measured): Figures {
  return {
    accuracy: report.accuracy,
    bestAccuracy: report.best.accuracy,
    auc: report.auc,
    eer: report.eer,
    threshold: report.threshold,
    oneShot: oneShot.accuracy,
    oneShotConfidence95: oneShot.confidence95,
  };
}

/** Rows of the table of results: name, the twin, the baseline. */
export function resultRows(results: Results): [string, string, string][] {
  const { baselines, ways } = results;
  const row = (name: string, show: (figures: Figures) => string): [string, string, string] => [
    name,
    show(results),
    show(baselines),
  ];
  return [
    row('Pairs called right, threshold from held-out pairs', ({ accuracy }) => percent(accuracy)),
    row('... with the best threshold in hindsight (optimistic)', ({ bestAccuracy }) => percent(bestAccuracy)),
    row('Area under the ROC (1 is perfect, 0.5 guessing)', ({ auc }) => auc.toFixed(4)),
    row('Equal error rate (lower is better)', ({ eer }) => percent(eer)),
    row('Threshold (largest distance called same)', ({ threshold }) => threshold.toFixed(3)),
    row(
      `${ways}-way one-shot recognition (guessing: ${percent(1 / ways)})`,
      ({ oneShot, oneShotConfidence95 }) => `${percent(oneShot)} ± ${percent(oneShotConfidence95)}`,
    ),
  ];
}

/** One line with what the figures can be compared with. */
export function comparison({ unseen }: Results): string {
  return unseen.length === 0
    ? `To compare: the twin MLP of the Keras examples reaches ${percent(KERAS_ACCURACY)} of test pairs, at a fixed threshold.`
    : `The digits ${unseen.join(', ')} were never trained on, nor was the threshold calibrated on them.`;
}

/** A share as a percentage. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

/** Collects everything for `results.json`. */
export function collect(
  settings: Settings,
  exam: Exam,
  twin: Measured,
  pixels: Measured,
  rest: Pick<Results, 'steps' | 'parameters' | 'seconds' | 'version'>,
): Results {
  const { testPairs, calibrationPairs, ways } = exam;
  return { ...figuresOf(twin), baselines: figuresOf(pixels), ...settings, testPairs, calibrationPairs, ways, ...rest };
}
