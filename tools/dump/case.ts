/** A question to lib/, and how it is answered. */
export interface Case {
  /** The same for the same question, whatever else is asked. */
  id: string;
  /** A promise where lib/ reads a file's parts. */
  answer(): unknown;
}

/** A Scenario's input, still unchecked. */
export type Input = Record<string, unknown>;
