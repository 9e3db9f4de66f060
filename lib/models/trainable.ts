import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import { codeOfType } from "./families/mod.ts";
import { withFrozenParts } from "./frozen_parts.ts";
import { savedHeads } from "./heads/saved_heads.ts";
import type { Adapters } from "./lora/adapters.ts";
import { adaptersOf } from "./lora/adapters.ts";
import { megatronAdapters } from "./lora/megatron.ts";
import type { Facts, LoraSettings } from "./lora/settings.ts";
import type { Model } from "./model.ts";
import type { ModelPiece } from "./tensors/tensor.ts";
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
  scenario: Scenario,
): Result<Trainable> {
  const { task, train } = scenario;
  if (task === "serve") return ok(0);
  if (train.method === "full") {
    const cut = withFrozenParts(model, scenario);
    return train.trainable === "all" && cut === model
      ? ok(model.parameters)
      : ok(countPieces(cut, train.trainable));
  }
  const { lora } = train;
  if (lora.trainable_parameters !== null) return ok(lora.trainable_parameters);
  const adapters = scenarioAdapters(model, scenario);
  if (!adapters.ok) return adapters;
  return ok(adapters.value.trainable, adapters.value.notes);
}

/** The adapters that a Scenario adds to a model: PEFT's, or Megatron-Bridge's. */
export function scenarioAdapters(
  model: Model,
  { train, software, engine }: Scenario,
): Result<Adapters> {
  const peft = () => adaptersBy(model, train.lora, software);
  if (engine.name !== "megatron") return peft();
  const bridge = megatronAdapters(model.tensors, train.lora);
  if (bridge.ok) return bridge;
  // What Megatron-Core is not played with is told as PEFT would train it.
  const other = peft();
  return other.ok ? other : bridge;
}

/**
 * The adapters of a release of PEFT. One that is not said is the newest, or one
 * before it where the newest stops; what the other makes of the settings is noted.
 */
function adaptersBy(
  model: Model,
  lora: LoraSettings,
  software: Scenario["software"],
): Result<Adapters> {
  const facts = factsOf(model, software);
  const settings = withHeads(lora, model, facts);
  const own = adaptersOf(model.tensors, settings, facts);
  const isNew = facts.transformers === 5 &&
    codeOfType(facts.model_type).peft.experts !== null;
  if (software.peft !== null || !isNew) return own;
  const older = adaptersOf(model.tensors, settings, {
    ...facts,
    peft: BEFORE_FUSED,
  });
  if (own.ok) {
    return noted(own.value, olderSays(own.value.trainable, older));
  }
  if (!older.ok) return own;
  return noted(older.value, [
    `PEFT from 0.20 takes the names of experts' layers for the fused experts of transformers 5, and stops (${
      own.problems[0]?.message ?? ""
    }): an older one is followed, and software.peft says which is meant`,
  ]);
}

/**
 * The settings with the heads that PEFT saves because of the model's class; as
 * they are where PEFT would stop with these, so that no task type can be given.
 */
function withHeads(
  lora: LoraSettings,
  model: Model,
  facts: Facts,
): LoraSettings {
  const heads = savedHeads(model, lora.targets)
    .filter((head) => model.tensors.some(({ name }) => name.includes(head)));
  if (heads.length === 0) return lora;
  const modules_to_save = [...lora.modules_to_save, ...heads];
  const settings = { ...lora, modules_to_save };
  return adaptersOf(model.tensors, settings, facts).ok ? settings : lora;
}

function noted(adapters: Adapters, notes: string[]): Result<Adapters> {
  return {
    ok: true,
    value: { ...adapters, notes: [...adapters.notes, ...notes] },
  };
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
function olderSays(trainable: number, older: Result<Adapters>): string[] {
  if (older.ok && older.value.trainable === trainable) return [];
  const says = older.ok
    ? `trains ${older.value.trainable} parameters`
    : `stops (${older.problems[0]?.message ?? ""})`;
  return [
    `PEFT before 0.19 does not take the names of experts' layers for the fused experts of transformers 5, and ${says}; software.peft says which is meant`,
  ];
}

function countPieces(
  model: Model,
  pieces: "all" | readonly ModelPiece[],
): number {
  return model.tensors
    .filter(({ piece, frozen }) =>
      !frozen && (pieces === "all" || pieces.includes(piece))
    )
    .reduce((sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor), 0);
}

function ok(parameters: number, notes: string[] = []): Result<Trainable> {
  return { ok: true, value: { parameters, notes } };
}
