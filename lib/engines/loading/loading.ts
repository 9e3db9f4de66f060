import type { LiveTensors } from "../../play/readers/live.ts";

/** The most that stands on a GPU while its model is loaded. */
export interface Loading {
  readonly bytes: number;
  /** What stands then, largest first; sums to the bytes. */
  readonly live: readonly LiveTensors[];
  /** What is done then, in words. */
  readonly doing: string;
  /** What that takes for granted; null where nothing. */
  readonly assumption: string | null;
}
