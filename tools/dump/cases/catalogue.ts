import type { Case, Input } from "../case.ts";
import { CATALOGUE, PRESETS } from "../doors.ts";
import { withFields } from "../with.ts";
import { scenarioCase } from "./scenario_case.ts";

const USES: Readonly<Record<string, Input>> = {
  full: {},
  qlora: {
    "train.method": "qlora",
    "quantization.weights": "nf4",
    "train.checkpointing": "full",
    "precision.autocast": "bf16",
  },
  serve: { task: "serve", "serve.input_tokens": 4096 },
};

/** Every model of the catalogue, and every preset. */
export function catalogueCases(): Case[] {
  return [
    ...CATALOGUE.flatMap(({ id }) =>
      Object.entries(USES).map(([use, fields]) =>
        scenarioCase(
          `catalogue ${id} ${use}`,
          withFields({ model: id }, fields),
        )
      )
    ),
    ...PRESETS.map(({ id, scenario }) =>
      scenarioCase(`preset ${id}`, scenario)
    ),
  ];
}
