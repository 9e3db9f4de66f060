import type { At } from "../../answer/curve.ts";
import type { Stack } from "../../play/program/pass.ts";
import type { Block } from "../../play/record/block.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** Blocks that all stand at one place. */
export function placed(at: At, blocks: readonly Block[]): Stack {
  return blocks.map((block) => ({ block, at }));
}

/** The stack that ends in the loss. */
export function decoderStack(
  embedding: Block,
  layers: readonly Block[],
  head: Block,
): Stack {
  return [
    { block: embedding, at: "embeddings" },
    ...layers.map((block, at) => ({ block, at })),
    { block: head, at: "head" },
  ];
}

/**
 * "selective" is every second layer, as torchtitan's own configurations had it.
 *
 * Source: pytorch/torchtitan torchtitan/parallelisms, selective_ac_option "2"
 */
export function isCheckpointed(
  checkpointing: Scenario["train"]["checkpointing"],
  layer: number,
): boolean {
  return checkpointing === "full" ||
    (checkpointing === "selective" && layer % 2 === 0);
}
