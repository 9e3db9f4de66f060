import type { Case } from "../case.ts";
import { estimateScenario, parseScenario } from "../doors.ts";
import type { TrueAdapters } from "../truth.ts";
import { truth } from "../truth.ts";

/** Random adapters of small models: what they train, or why they cannot. */
export function adapterCases(): Case[] {
  const { models } = truth<{ models: TrueAdapters[] }>("random_lora.json");
  return models.map(({ model_type, config, cases }, at) => ({
    id: `adapters ${model_type} ${at}`,
    answer: () =>
      cases.map(({ lora }) => {
        const parsed = parseScenario({
          model: { config },
          train: {
            method: "lora",
            sequence_length: 16,
            lora: {
              rank: lora.r,
              targets: lora.target_modules ?? "default",
              modules_to_save: lora.modules_to_save ?? [],
              target_parameters: lora.target_parameters ?? [],
              bias: lora.bias ?? "none",
              dora: lora.use_dora ?? false,
            },
          },
        });
        if (!parsed.ok) return parsed;
        const estimated = estimateScenario(parsed.value);
        if (!estimated.ok) return estimated;
        const { model, memory, warnings } = estimated.value;
        return {
          trainable: model.trainable_parameters,
          parts: memory.parts,
          warnings,
        };
      }),
  }));
}
