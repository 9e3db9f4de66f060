import type { Model, Result } from "../lib/mod.ts";
import type { LookUpOptions } from "./mod.ts";

/** One model being looked up, or what came of it. */
export interface LookUp {
  readonly name: string;
  /** Whether the checkpoint's headers are read in any case. */
  readonly headers: boolean;
  /** Files of the checkpoint whose headers have been read. */
  readonly done: number;
  /** Files that there are; null before the headers are read. */
  readonly total: number | null;
  /** Null while it is under way. */
  readonly result: Result<Model> | null;
  /** Whether it was refused for being gated, which another account may not be. */
  readonly gated?: boolean;
}

/** What the options of two look-ups of the same thing have in common. */
export type Wanted = Pick<LookUpOptions, "headers" | "gguf">;

/** How far to go for a model. */
export interface AskOptions extends Wanted {
  /** Whether it is looked up where it is not known, or failed before. */
  lookUp: "never" | "once" | "anew";
  /** Milliseconds to wait before telling how far it is; null: until it is over. */
  waitMs: number | null;
}

/** Where every door asks for models: one look-up of a model serves them all. */
export interface LookUps {
  /**
   * @returns The look-up as it stands after the wait; null where there is none
   *   and none was to be begun.
   */
  ask(name: string, options: AskOptions): Promise<LookUp | null>;
}
