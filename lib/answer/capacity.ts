/** How many sequences of a length an engine holds at once. */
export interface ContextCapacity {
  /** Tokens of each sequence. */
  tokens: number;
  /** Sequences at once. */
  sequences: number;
}

/** What an engine holds beside everything else: contexts against users. */
export interface Capacity {
  /** Ascending; the last is the longest that the model or the engine takes. */
  contexts: ContextCapacity[];
  /** The users that a table sets against them. */
  users: number[];
}
