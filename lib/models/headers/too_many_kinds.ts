import { MAX_KINDS } from "../tensors/limits.ts";
import { BrokenHeader } from "./ranges.ts";

/** A checkpoint whose tensors differ more than any model's. */
export class TooManyKinds extends BrokenHeader {
  /** @param by What kinds differ in. */
  constructor(by: string) {
    super(
      `must have at most ${MAX_KINDS} kinds of tensors, ${by}: it has more`,
    );
    this.name = "TooManyKinds";
  }
}
