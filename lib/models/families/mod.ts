import { allHeaded } from "../heads/headed.ts";
import { CLASSIC, WITH_TASKS } from "./classic.ts";
import { DENSE } from "./dense.ts";
import type { Family } from "./family.ts";
import { RECENT } from "./recent.ts";
import { TOWERS, VISION } from "./vision.ts";

/**
 * The family of each `model_type` of a config.json, with the head of the class
 * that its `architectures` names.
 */
export const FAMILIES: Readonly<Record<string, Family>> = {
  ...allHeaded({ ...DENSE, ...CLASSIC, ...VISION, ...RECENT }),
  ...WITH_TASKS,
  ...TOWERS,
};
