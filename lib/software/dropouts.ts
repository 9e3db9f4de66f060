/** Shares that are dropped, between 0 and 1. */
export interface Dropouts {
  readonly attention: number;
  readonly residual: number;
  readonly embedding: number;
}
