/** A figure of one run, by its name, and what it must reach; a share between 0 and 1 unless it says otherwise. */
export interface Figure {
  readonly name: string;
  readonly value: number;
  /** The least, or the most, that it must be in the mean of the seeds. Without either it is only shown. */
  readonly least?: number;
  readonly most?: number;
}

/** Where a run says how far it is: a part of the work, and a line. */
export type Progress = (done: number, line: string) => void;

/** One comparison with published results, run once a seed. */
export interface Experiment {
  readonly name: string;
  /** What is trained, on what, by which settings: one paragraph for the report. */
  readonly about: string;
  /** Where the settings and the figure to reach come from. */
  readonly source: string;
  run(seed: number, progress: Progress): Promise<readonly Figure[]>;
}
