import type { At } from "../../answer/curve.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Stack } from "../../play/program/pass.ts";
import type { Block } from "../../play/record/block.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** Blocks that all stand at one place. */
export function placed(at: At, blocks: readonly Block[]): Stack {
  return blocks.map((block) => ({ block, at }));
}

/** Blocks of layers, by their numbers. */
export function numbered(blocks: readonly Block[]): Stack {
  return blocks.map((block, at) => ({ block, at }));
}

/** The stack that ends in the loss. */
export function decoderStack(
  embedding: Block,
  layers: Stack,
  head: Block,
): Stack {
  return [
    { block: embedding, at: "embeddings" },
    ...layers,
    { block: head, at: "head" },
  ];
}

type Train = Scenario["train"];

/**
 * "selective" is every second layer, as torchtitan's own configurations had it, or
 * as many as are said, or some operations of every layer.
 *
 * Source: pytorch/torchtitan 0.1.0
 * torchtitan/models/llama3/infra/parallelize.py, _apply_ac_to_transformer_block
 */
export function isCheckpointed(
  checkpointing: Train["checkpointing"],
  layer: number,
  selective: Train["selective"] = null,
): boolean {
  if (checkpointing !== "selective") return checkpointing === "full";
  if (selective === "op") return true;
  return selective === null
    ? layer % 2 === 0
    : layer % selective === selective - 1;
}

/** Whether checkpoints keep what some operations gave. */
export function keepsOutputs(
  { checkpointing, selective }: Pick<Train, "checkpointing" | "selective">,
): boolean {
  return checkpointing === "selective" && selective === "op";
}

/** Whether every layer is a checkpoint of the older, reentrant kind. */
export function reenters({ scenario: { train }, facts }: StepPlan): boolean {
  return train.checkpointing === "full" && !train.checkpoint_offload &&
    !facts.code.stopsEarly;
}
