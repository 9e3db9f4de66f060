import type { Case, Input } from "../case.ts";
import { Draw } from "../draw.ts";
import { withFields } from "../with.ts";
import { CONFIGS, ofConfig } from "./bases.ts";
import { scenarioCase } from "./scenario_case.ts";
import { FIELDS } from "./values.ts";

const COUNT = 1200;
const SEED = 20_260_101;

/** Fields that are drawn for every scenario: what code branches on most. */
const OFTEN = new Set([
  "train.method",
  "train.attention",
  "train.checkpointing",
  "train.loss",
  "train.kernels",
  "train.padding_mask",
  "precision.weights",
  "precision.autocast",
  "optimizer.name",
  "optimizer.implementation",
  "optimizer.bits",
  "software.model_code",
]);

/** Fields most values of which are refused beside most others. */
const NEVER = /^(?:parallel\.(?:tp|pp|cp|ep)|serve\.|train\.lora\.targets)/;

/** Many settings at once, drawn alike every time. */
export function mixedCases(): Case[] {
  const draw = new Draw(SEED);
  return Array.from({ length: COUNT }, (_, at) => {
    const name = draw.of(Object.keys(CONFIGS));
    const fields: Input = {};
    for (const { path, values } of FIELDS) {
      if (NEVER.test(path)) continue;
      const chance = OFTEN.has(path) ? 0.7 : 0.04;
      if (draw.next() < chance) fields[path] = draw.of(values);
    }
    fields["method"] = "timeline";
    fields["task"] = draw.next() < 0.05 ? "serve" : "train";
    return scenarioCase(
      `mixed ${at} ${name}`,
      withFields(ofConfig(name), fields),
    );
  });
}
