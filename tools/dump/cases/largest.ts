import type { Case, Input } from "../case.ts";
import { INVERSE_FIELDS, largest, parseScenario } from "../doors.ts";
import { withFields } from "../with.ts";
import { ofConfig } from "./bases.ts";

const WAYS: Readonly<Record<string, Input>> = {
  usual: {},
  small: { "hardware.gpu": { memory_gib: 2 } },
  tiny: { "hardware.gpu": { memory_gib: 0.2 } },
  lora: { "train.method": "lora", "train.checkpointing": "full" },
  factors: { method: "factors" },
  "engine-formulas": { method: "engine-formulas", "parallel.gpus": 4 },
  multipliers: { method: "multipliers" },
  "rule-of-thumb": { method: "rule-of-thumb" },
  vllm: { "serve.engine": "vllm" },
};

/** The largest values of fields that fit. */
export function largestCases(): Case[] {
  return ["llama", "moe", "encoder", "space"].flatMap((name) =>
    Object.entries(WAYS).flatMap(([way, fields]) =>
      Object.entries(INVERSE_FIELDS).map(([path, { task }]) => ({
        id: `largest ${path} ${name} ${way}`,
        answer: () => {
          const parsed = parseScenario(
            withFields(ofConfig(name), {
              "hardware.gpu": { memory_gib: 8 },
              ...fields,
              task,
            }),
          );
          return parsed.ok
            ? largest(parsed.value, path as keyof typeof INVERSE_FIELDS)
            : parsed;
        },
      }))
    )
  );
}
