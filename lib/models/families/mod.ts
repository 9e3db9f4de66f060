import { CLASSIC } from "./classic.ts";
import { DENSE } from "./dense.ts";
import type { Family } from "./family.ts";
import { RECENT } from "./recent.ts";
import { VISION } from "./vision.ts";

/** The family of each `model_type` of a config.json. */
export const FAMILIES: Readonly<Record<string, Family>> = {
  ...DENSE,
  ...CLASSIC,
  ...VISION,
  ...RECENT,
};
