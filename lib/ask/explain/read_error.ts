import type { FilledField } from "../../answer/explanation.ts";
import type { FailureReading } from "../../failures/read.ts";

/** An error that was read, and the scenario that it became. */
export interface ReadError {
  readonly reading: FailureReading;
  /** A Scenario's input, unchecked; null where nobody names a model. */
  readonly input: Record<string, unknown> | null;
  readonly filled: readonly FilledField[];
  /** Whether the asker named the model, so that what is wrong with it is told. */
  readonly isGiven: boolean;
}
