import type { Machine } from "../../machine.ts";
import type { Value } from "../../values.ts";

/** The sizes of a selective scan of Mamba's first version. */
export interface SelectiveScan {
  readonly batch: number;
  readonly sequence: number;
  /** Channels. */
  readonly inner: number;
  /** Numbers of a channel's state. */
  readonly state: number;
  /** Features that time steps are projected from. */
  readonly rank: number;
}

/** What a scan reads beside activations, in fp32. */
export interface ScanConstants {
  /** [inner × state] */
  readonly a: Value;
  /** [inner] */
  readonly d: Value;
  /** [inner] */
  readonly dtBias: Value;
}

/**
 * Tokens whose last state the kernel keeps together.
 *
 * Source: state-spaces/mamba csrc/selective_scan/selective_scan.cpp, n_chunks
 */
const CHUNK = 2048;

/** [batch × inner × chunks × 2 state] in fp32: x of selective_scan_cuda.fwd. */
export function chunkStates(
  m: Machine,
  { batch, sequence, inner, state }: SelectiveScan,
): Value {
  const chunks = Math.ceil(sequence / CHUNK);
  return m.create(
    batch * inner * chunks * 2 * state,
    "fp32",
    "states at chunks' ends",
  );
}
