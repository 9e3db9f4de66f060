import type { OptimizerName } from "../scenario/optimizers.ts";
import type { OptimizerRule } from "./rule.ts";

/**
 * Everything that is known of an optimizer. States are functions of a tensor, so
 * that a shard's are those of a tensor with the shard's shape.
 */
export interface OptimizerRecord {
  /**
   * What it keeps of a tensor in the tensor's own type, what its step takes, and
   * how it can be run.
   */
  readonly rule: OptimizerRule;
  /**
   * The same at another rank of its projections, or with states in 8 bits; null
   * where its project has none so.
   */
  readonly ranked?: (rank: number | null, bits: 32 | 8) => OptimizerRule | null;
  /** bitsandbytes' classes of it; absent where there are none. */
  readonly bitsandbytes?: BitsandbytesClass;
  /** Whether torchao has classes with its two states in 8 and in 4 bits. */
  readonly torchao?: true;
  /** Whether HF Trainer asks for the fused step where nobody chooses. */
  readonly trainerFuses?: true;
  /**
   * What tools call it, the plainest name of each first: that one is written. A
   * name means the same whatever tool it is read from. Where one depends on
   * another setting, as DeepSpeed's Adam does, the tool's reader knows.
   */
  readonly spellings: Partial<Record<Speller, Spellings>>;
}

/** An optimizer that bitsandbytes has, in 8 bits and, paged, in 32. */
export interface BitsandbytesClass {
  /** How many states it quantises: momentum alone, or more. */
  readonly states: number;
  /** Whether there is a paged class of it. */
  readonly paged: boolean;
}

/**
 * Whose names they are: values of transformers' OptimizerNames, values that
 * Axolotl adds, DeepSpeed's optimizer types, Megatron-LM's, and classes: those
 * that torchtune's components name, and the names that projects go by.
 */
export type Speller =
  | "transformers"
  | "axolotl"
  | "deepspeed"
  | "megatron"
  | "classes";

/** Names as they are written; whoever reads them looks at no case. */
export type Spellings = Readonly<Record<string, Spelling>>;

/** What a name says besides the optimizer. */
export interface Spelling {
  readonly bits?: 8 | 4;
  readonly paged?: true;
  readonly implementation?: "fused";
  readonly in_backward?: true;
  /** What of it no Scenario says. */
  readonly note?: string;
}

/** Records of optimizers that are kin. */
export type Kin = Partial<Record<OptimizerName, OptimizerRecord>>;
