import type { Dtype } from "../../dtype.ts";
import type { Parameter, Value } from "../../values.ts";
import type { Context } from "./context.ts";

/** The sizes of one attention. */
export interface Heads {
  /** Sequences of the batch. */
  readonly batch: number;
  /** Tokens that ask, and tokens that are looked at, of each sequence. */
  readonly queries: number;
  readonly keys: number;
  readonly heads: number;
  readonly kvHeads: number;
  /** Features of a query's and of a value's head. */
  readonly width: number;
  readonly valueWidth: number;
}

/** How attention is computed. */
export interface AttentionSettings {
  readonly implementation: "flash" | "sdpa" | "eager";
  /** Whether a mask beside the causal one is handed to the kernel. */
  readonly masked: boolean;
  /** Whether tokens look at those before them only. */
  readonly causal: boolean;
  /** Whether that mask is one row a sequence: which keys are seen at all. */
  readonly keyMask: boolean;
  readonly dropout: number;
  /** Whether the softmax runs in fp32 whatever the type of the heads. */
  readonly wideSoftmax: boolean;
  /** Whether scores pass a soft cap, which flash kernels have built in. */
  readonly softcap: boolean;
  /** A score of each head that nothing is read by; null without any. */
  readonly sinks?: Parameter | null;
  /** Whether weights keep the softmax's type until they are multiplied. */
  readonly leavesWeights?: boolean;
  /**
   * Whether each sequence has a call of its own, whose outputs are joined, unless a
   * flash kernel takes the lengths of all.
   */
  readonly joins?: boolean;
  /** Whether a flash kernel gets the tokens alone, without their padding. */
  readonly unpads?: boolean;
  /** Whether one head of keys and values is left for products to broadcast. */
  readonly broadcastsHeads?: boolean;
  /** Whether no kernel is picked: heads are repeated, and PyTorch does the rest. */
  readonly byArithmetic?: boolean;
  /** Whether scores are products of queries and keys in fp32. */
  readonly wideScores?: boolean;
  /**
   * Whether queries are scaled in place of scores, and masked scores are floored,
   * which saves them; those of fp16 have a softmax in fp32.
   *
   * Source: huggingface/transformers models/xglm/modeling_xglm.py, XGLMAttention
   */
  readonly floorsScores?: boolean;
  /** Whether scores are scaled in place, and held until the softmax is made. */
  readonly scalesInPlace?: boolean;
  /**
   * The type of a mask that is a bias already, which kernels of that type take as it
   * is; null or left out of one that each call makes a bias of.
   */
  readonly biasDtype?: Dtype | null;
  /**
   * Whether a bias of positions, one of each sequence, is added in place, by code
   * that gives no weights back: MPNet.
   */
  readonly addsInPlace?: boolean;
  /** What heads in fp32 become for a flash kernel outside autocast; else null. */
  readonly flashDtype?: Dtype | null;
  /** How the sequence is shared with other ranks; null where it is whole. */
  readonly context?: Context | null;
}

/** What is added to the scores of every sequence, by position. */
export interface PositionBias {
  /** [1 × heads × queries × keys]. */
  readonly value: Value;
  /** Whether it lies position by position, as a look-up gives it. */
  readonly isTurned: boolean;
}
