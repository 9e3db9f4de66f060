import { z } from "zod";
import { field } from "./about.ts";
import { METHOD_NAMES } from "./methods.ts";
import { modelField } from "./model_field.ts";
import { engine } from "./sections/engine.ts";
import { hardware, overheads, software } from "./sections/hardware.ts";
import {
  engineFormulasSection,
  factorsSection,
  multipliersSection,
  ruleOfThumbSection,
} from "./sections/methods.ts";
import { parallel } from "./sections/parallel.ts";
import {
  optimizerSection,
  precision,
  quantization,
} from "./sections/precision.ts";
import { serve } from "./sections/serve.ts";
import { train } from "./sections/train.ts";

/**
 * A Scenario: the model, the way to train or serve it, and the hardware. This
 * is its only definition: field names and meanings are the project's contract
 * with other programs, and the form, the flags, the reference and the remarks
 * on fields without effect read what stands beside each. Unknown keys are
 * errors, and all but `model` have defaults.
 */
export const scenarioSchema = z.strictObject({
  model: field(modelField, {
    label: "Model",
    group: "model",
    help:
      'a catalogue name, a short name (`llama2-7b`), on the command line also a path to a config.json or its folder; or `{"config": {…}}` with a config.json inside, or `{"dims": {…}}`',
    hint:
      "A name from the catalogue, such as llama2-7b, or of the Hub: owner/name",
    list: "models",
    flag: {
      name: "--model",
      value: "<name>",
      help: "catalogue name, config.json or folder",
    },
  }),
  task: field(z.enum(["train", "serve"]).default("train"), {
    label: "Task",
    group: "task",
    help: "`train` or `serve`",
    flag: { name: "--task", value: "<task>", help: "train or serve" },
  }),
  train: train.prefault({}),
  precision: precision.prefault({}),
  quantization: quantization.prefault({}),
  optimizer: optimizerSection.prefault({}),
  parallel: parallel.prefault({}),
  engine: engine.prefault({}),
  serve: serve.prefault({}),
  hardware: hardware.prefault({}),
  software: software.prefault({}),
  overheads: overheads.prefault({}),
  method: field(z.enum(METHOD_NAMES).default("timeline"), {
    label: "Method",
    group: "method",
    help:
      "`timeline` plays a training step through, on one GPU or several; `factors` answers, with a warning, what the method asked for does not cover; for `engine-formulas` see [engine-formulas.md](engine-formulas.md), for `multipliers` [multipliers.md](multipliers.md), for `rule-of-thumb` [rule-of-thumb.md](rule-of-thumb.md)",
    flag: {
      name: "--method",
      value: "<method>",
      help: METHOD_NAMES.join(", "),
    },
  }),
  factors: factorsSection.prefault({}),
  engine_formulas: engineFormulasSection.prefault({}),
  multipliers: multipliersSection.prefault({}),
  rule_of_thumb: ruleOfThumbSection.prefault({}),
});

/** A Scenario with every default filled in. */
export type Scenario = z.infer<typeof scenarioSchema>;
