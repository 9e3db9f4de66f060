/** The batch that a layer's mixer reads. */
export interface MixedBatch {
  readonly batch: number;
  readonly sequence: number;
  /** Whether attention is handed a mask of padding. */
  readonly masked: boolean;
}
