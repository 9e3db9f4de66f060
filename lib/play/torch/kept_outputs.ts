import type { StorageId } from "../memory/tape.ts";

/** Operations whose outputs a checkpoint may keep. */
export type KeptKind = "product" | "attention" | "exchange" | "choice";

/**
 * Outputs that a checkpointed layer keeps from its first run, so that its second one
 * has them without computing: those of PyTorch's attention, of exchanges between
 * ranks, of choices of experts, and of every second matrix product.
 *
 * Sources: pytorch/torchtitan 0.1.0
 * torchtitan/models/llama3/infra/parallelize.py, _save_list and _custom_policy;
 * 0.3.0 torchtitan/distributed/activation_checkpoint.py, SelectiveAC;
 * pytorch torch/utils/checkpoint.py, _CachingTorchDispatchMode
 */
export class KeptOutputs {
  /** What the first run kept, in order. */
  readonly kept: StorageId[] = [];
  /** How many the second run takes before it stops; null in the first. */
  #taken: number | null = null;
  #products = 0;
  #next = 0;

  /** From now on the layer runs again, and takes so many of what it kept. */
  runAgain(taken: number): void {
    this.#taken = taken;
    this.#products = 0;
    this.#next = 0;
  }

  /** What the second run has left: it goes when the layer has run backwards. */
  left(): readonly StorageId[] {
    return this.kept.slice(this.#taken ?? 0);
  }

  /** What becomes of the next output: it is made, made and kept, or was kept. */
  next(kind: KeptKind): "made" | "kept" | StorageId {
    if (kind === "product" && ++this.#products % 2 === 0) return "made";
    if (this.#taken === null) return "kept";
    const at = this.#next++;
    return at < this.#taken ? this.kept[at] ?? "made" : "made";
  }
}
