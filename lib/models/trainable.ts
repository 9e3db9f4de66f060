import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { adaptersOf } from "./lora/adapters.ts";
import type { Model } from "./model.ts";
import type { Piece } from "./tensors/tensor.ts";
import { copiesOf, elementsOf } from "./tensors/tensor.ts";

/** How many parameters train, and what there is to say of it. */
export interface Trainable {
  parameters: number;
  notes: string[];
}

/**
 * Counts the parameters that a Scenario trains: all, some pieces of the model,
 * or adapters as PEFT adds them. A count of adapters that the user gives wins.
 */
export function trainableOf(
  model: Model,
  { task, train, software }: Scenario,
): Result<Trainable> {
  if (task === "serve") return ok(0);
  if (train.method === "full") {
    return train.trainable === "all"
      ? ok(model.parameters)
      : ok(countPieces(model, train.trainable));
  }
  const { lora } = train;
  if (lora.trainable_parameters !== null) return ok(lora.trainable_parameters);
  const adapters = adaptersOf(model.tensors, lora, {
    model_type: model.architecture.type,
    transformers: software.transformers?.startsWith("4.") ? 4 : 5,
  });
  return adapters.ok
    ? ok(adapters.value.trainable, adapters.value.notes)
    : adapters;
}

function countPieces(model: Model, pieces: readonly Piece[]): number {
  return model.tensors
    .filter(({ piece }) => pieces.includes(piece))
    .reduce((sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor), 0);
}

function ok(parameters: number, notes: string[] = []): Result<Trainable> {
  return { ok: true, value: { parameters, notes } };
}
