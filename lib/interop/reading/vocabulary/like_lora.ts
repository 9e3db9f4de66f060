import type { Draft, FileSetting } from "../draft.ts";

/** PEFT's OFTConfig.oft_block_size. */
const USUAL_BLOCK = 32;

/**
 * The rank of a LoRA that trains as much as rotations of blocks of a square matrix's
 * inputs do: b (b - 1) / 2 numbers a block.
 */
export function rankOfBlocks(size: number | null): number {
  return Math.max(1, Math.round(((size ?? USUAL_BLOCK) - 1) / 4));
}

/** States a LoRA that stands for another kind of adapter. */
export function stateLikeLora(
  setting: FileSetting,
  draft: Draft,
  name: string,
  rank: number,
  holds: string,
): void {
  draft.fact(setting, "adapters", true);
  draft.assume(
    "train.lora.rank",
    rank,
    `${name} trains ${holds}: a LoRA of this rank stands for it`,
  );
  draft.leave(
    setting,
    `${name} is estimated as a LoRA of rank ${rank}: what its own code keeps is not known`,
    true,
  );
}
