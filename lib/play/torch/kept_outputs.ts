import type { StorageId } from "../memory/tape.ts";
import type { Dtype } from "./dtype.ts";
import type { Machine } from "./machine.ts";
import type { Source, Value } from "./values.ts";

/** Operations whose outputs a checkpoint may keep. */
export type KeptKind = "product" | "attention" | "exchange";

/** A tensor that an operation gives. */
export interface Output {
  readonly elements: number;
  readonly dtype: Dtype;
  readonly label: string;
  readonly source?: Source | null;
}

/**
 * Outputs that a checkpointed layer keeps from its first run, so that its second one
 * has them without computing: those of attention, of exchanges between ranks, and of
 * every second matrix product.
 *
 * Sources: pytorch/torchtitan 0.1.0
 * torchtitan/models/llama3/infra/parallelize.py, _save_list and _custom_policy;
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

  /** An output: made, made and kept, or taken. */
  of(m: Machine, kind: KeptKind, given: Output): Value {
    if (kind === "product" && ++this.#products % 2 === 0) return made(m, given);
    if (this.#taken === null) {
      const value = made(m, given);
      m.tape.retain(value.storage);
      this.kept.push(value.storage);
      return value;
    }
    const at = this.#next++;
    const storage = at < this.#taken ? this.kept[at] : undefined;
    if (storage === undefined) return made(m, given);
    const { elements, dtype, source = null } = given;
    const value = m.view({ storage, elements, dtype, source, held: true });
    m.tape.release(storage);
    return value;
  }
}

/** An output of an operation that checkpoints may keep. */
export function output(m: Machine, kind: KeptKind, given: Output): Value {
  return m.outputs ? m.outputs.of(m, kind, given) : made(m, given);
}

function made(m: Machine, { elements, dtype, label, source }: Output): Value {
  return m.create(elements, dtype, label, source);
}
