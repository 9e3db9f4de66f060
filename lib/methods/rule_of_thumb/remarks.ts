import { namedFormat } from "../../scenario/weight_format.ts";
import type { Model } from "../../models/model.ts";
import { changesOf } from "../../scenario/default_scenario.ts";
import { groupDigits } from "../../units/mod.ts";
import type { Answer } from "../method.ts";
import { defaultsTaken } from "../defaults_taken.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";
import type { RuleOfThumbSetup } from "./terms.ts";
import { bytesWithScales } from "./weight_types.ts";

/** Fields that the method models for any task, or that change no memory. */
const ALWAYS = [
  "model",
  "task",
  "method",
  "hardware",
  "rule_of_thumb",
  "precision.weights",
  "quantization.weights",
  "parallel.gpus",
  "parallel.tp",
  "parallel.pp",
  "parallel.ep",
  "engine.name",
];

const WHEN_TRAINING = new Set([
  ...ALWAYS,
  "optimizer.name",
  "train.method",
  "train.lora.rank",
  "train.lora.alpha",
  "train.gradient_accumulation",
]);

const WHEN_SERVING = new Set(ALWAYS);

/** Collects what the method took for granted and what it left out. */
export function remarks(
  { scenario, parameters }: RuleOfThumbSetup,
  model: Model,
): Pick<Answer, "assumptions" | "warnings"> {
  const changes = changesOf(scenario);
  const meaningless = unused(scenario, changes);
  const covered = scenario.task === "train" ? WHEN_TRAINING : WHEN_SERVING;
  return {
    assumptions: [
      ...defaultsTaken(scenario, model, changes, covered),
      ...model.notes,
      ...(parameters === model.parameters ? [] : [
        `rule_of_thumb.count = "dimensions" counts ${
          groupDigits(parameters)
        } parameters; the model has ${groupDigits(model.parameters)}`,
      ]),
      "Batch and sequence length change nothing: the factors stand for activations and cache",
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...warningsOf(namedFormat(scenario)),
      ...uncovered(changes, covered, meaningless).map((field) =>
        `${field} has no effect: the rule-of-thumb method does not model it here`
      ),
    ],
  };
}

function warningsOf(type: string): string[] {
  const whole = bytesWithScales(type);
  return whole === null ? [] : [
    `quantization.weights = "${type}" is counted with 0.5 bytes a parameter; with the scales of its blocks it has ${whole}`,
  ];
}
