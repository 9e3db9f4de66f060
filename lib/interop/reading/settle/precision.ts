import type { Stated } from "../draft.ts";
import { plainText } from "../plain_text.ts";
import type { Merged } from "./merged.ts";
import { mergedValueAt } from "./merged.ts";

/**
 * In which type parameters lie, and whether autocast runs: DeepSpeed casts the
 * model, accelerate's FSDP casts what trains to fp32, the Trainer leaves it as
 * it was loaded.
 */
export function settlePrecision(merged: Merged): void {
  const { stated, facts, assumed } = merged;
  const mixed = facts.get("mixed_precision");
  const loaded = facts.get("loaded");
  const engine = plainText(mergedValueAt(merged, "engine.name") ?? "auto");
  const full = mergedValueAt(merged, "train.method") === "full" ||
    mergedValueAt(merged, "train.method") === undefined;
  const state = (path: string, value: unknown, by: Stated): void => {
    if (!stated.has(path)) stated.set(path, { value, key: by.key });
  };
  const type = mixed?.value === "no" ? undefined : mixed?.value;
  if (engine === "deepspeed") {
    if (mixed && type) state("precision.weights", type, mixed);
    else if (loaded) state("precision.weights", loaded.value, loaded);
    return;
  }
  if (mixed && type) state("precision.autocast", type, mixed);
  const trained = facts.get("trainable_fp32");
  const sharded = engine === "fsdp" || engine === "fsdp2";
  if (
    type && full && (trained || sharded) && !stated.has("precision.weights")
  ) {
    assumed.set("precision.weights", {
      value: "fp32",
      reason: trained
        ? `${trained.key} casts parameters that train to fp32`
        : "accelerate casts sharded parameters that train to fp32 under mixed precision",
    });
  } else if (loaded) state("precision.weights", loaded.value, loaded);
  else if (type && !stated.has("precision.weights")) {
    assumed.set("precision.weights", {
      value: type,
      reason:
        `no file says in which type the model is loaded; taken as ${type}, as ${mixed?.key}`,
    });
  }
}
