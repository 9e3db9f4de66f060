/** A mask that a model makes for its layers before the first of them runs. */
export interface Mask {
  readonly elements: number;
  /** Whether it holds truth values, or numbers that are added to scores. */
  readonly isTruth: boolean;
}
