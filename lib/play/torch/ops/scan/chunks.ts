/** The sizes of a chunked scan of Mamba's second version. */
export interface ChunkScan {
  readonly batch: number;
  readonly sequence: number;
  /** Tokens of a chunk. */
  readonly chunk: number;
  readonly heads: number;
  /** Channels of a head. */
  readonly width: number;
  readonly groups: number;
  /** Numbers of a channel's state. */
  readonly state: number;
  /** Of the GPU, which decides how sums are split; null where not known. */
  readonly multiprocessors: number | null;
}

/** Elements of what a scan lays out by chunks. */
export function chunkedSizes(
  { batch, sequence, chunk, heads, width, groups, state }: ChunkScan,
) {
  const chunks = Math.ceil(sequence / chunk);
  return {
    /** [batch × heads × chunks × chunk] */
    steps: batch * heads * chunks * chunk,
    /** [batch × chunks × heads × width × state] */
    states: batch * chunks * heads * width * state,
    /** [batch × heads × width × state] */
    last: batch * heads * width * state,
    /** [batch × chunks × groups × chunk × chunk] */
    products: batch * chunks * groups * chunk * chunk,
    /** [batch × sequence × groups × state] */
    inputs: batch * sequence * groups * state,
    chunks,
  };
}
