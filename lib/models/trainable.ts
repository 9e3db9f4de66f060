import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Adapters } from "./lora/adapters.ts";
import { adaptersOf } from "./lora/adapters.ts";
import type { Facts, LoraSettings } from "./lora/settings.ts";
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
  const facts = factsOf(model, software);
  const adapters = adaptersOf(model.tensors, lora, facts);
  if (!adapters.ok) return adapters;
  const { trainable, notes } = adapters.value;
  return ok(
    trainable,
    software.peft === null
      ? [...notes, ...olderSays(model, lora, facts, trainable)]
      : notes,
  );
}

/** The adapters that a Scenario adds to a model. */
export function scenarioAdapters(
  model: Model,
  { train, software }: Scenario,
): Result<Adapters> {
  return adaptersOf(model.tensors, train.lora, factsOf(model, software));
}

function factsOf(model: Model, software: Scenario["software"]): Facts {
  return {
    model_type: model.architecture.type,
    transformers: software.transformers?.startsWith("4.") ? 4 : 5,
    peft: minorOf(software.peft) ?? NEWEST,
  };
}

/** PEFT 0.18, the last that adapts what bears a target's name and no more. */
const BEFORE_FUSED = 18;

/** PEFT 0.21, which takes linears' names of transformers 4 for fused experts. */
const NEWEST = 21;

/** The minor version of PEFT 0.x, or null for none. */
function minorOf(version: string | null): number | null {
  const [major, minor] = (version ?? "").split(".").map(Number);
  if (version === null) return null;
  return major === 0 ? minor ?? null : NEWEST;
}

/** What an older PEFT makes of the same settings, where that is something else. */
function olderSays(
  model: Model,
  lora: LoraSettings,
  facts: Facts,
  trainable: number,
): string[] {
  const older = adaptersOf(model.tensors, lora, {
    ...facts,
    peft: BEFORE_FUSED,
  });
  if (older.ok && older.value.trainable === trainable) return [];
  const says = older.ok
    ? `trains ${older.value.trainable} parameters`
    : `stops (${older.problems[0]?.message ?? ""})`;
  return [
    `PEFT before 0.19 does not take the names of experts' layers for the fused experts of transformers 5, and ${says}; software.peft says which is meant`,
  ];
}

function countPieces(model: Model, pieces: readonly Piece[]): number {
  return model.tensors
    .filter(({ piece }) => pieces.includes(piece))
    .reduce((sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor), 0);
}

function ok(parameters: number, notes: string[] = []): Result<Trainable> {
  return { ok: true, value: { parameters, notes } };
}
