import type { Config } from "../../../models/config.ts";
import type { Backends } from "../ggml/backends.ts";
import type { Extent } from "../ggml/tensor.ts";

/** A weight of a GGUF file as a graph reads it. */
export interface GraphWeight {
  /** Elements of a row, rows of a matrix, matrices. */
  readonly ne: Extent;
  /** Bytes of an element, in the mean. */
  readonly unit: number;
  /** What a copy of it takes on a CUDA device. */
  readonly deviceBytes: number;
  readonly backend: number;
}

/** Rows of keys or of values in a cache. */
export interface CacheUnit {
  /** Bytes of an element, in the mean. */
  readonly unit: number;
  readonly isQuantised: boolean;
}

/** A cache of keys and values: one of the whole context, or of a window. */
export interface CellsOf {
  /** Cells of a stream. */
  readonly cells: number;
  readonly streams: number;
  /** Whether it is a window's. */
  readonly isWindow: boolean;
}

/** A layer as a graph computes it. */
export interface GraphLayer {
  readonly index: number;
  readonly backend: number;
  /** Where its keys, values and states lie. */
  readonly memory: number;
  /** What its attention reads; null where it has none or reads another layer's. */
  readonly cache: CellsOf | null;
  /** Heads of the keys and values that it reads, and a head's features. */
  readonly keys: { readonly heads: number; readonly width: number };
  readonly values: { readonly heads: number; readonly width: number };
  /** Whether they are an earlier layer's, which it reads and does not write. */
  readonly isShared: boolean;
  /** Features of an indexer's keys, which a cache of their own holds. */
  readonly indexed: number;
  /** Floats of its convolution's and its running state; null of attention alone. */
  readonly states: StateFloats | null;
}

/** Floats of one sequence's states. */
export interface StateFloats {
  readonly convolution: number;
  readonly running: number;
}

/** One ubatch of a model, as llama.cpp reserves its buffers for. */
export interface GraphPlan {
  readonly type: string;
  readonly config: Config;
  readonly backends: Backends;
  readonly hidden: number;
  readonly heads: number;
  readonly headWidth: number;
  /** Tokens, sequences that they belong to, and those whose logits are made. */
  readonly tokens: number;
  readonly sequences: number;
  readonly outputs: number;
  readonly isFlash: boolean;
  readonly key: CacheUnit;
  readonly value: CacheUnit;
  /** The caches in the order in which the graph asks for their inputs. */
  readonly layers: readonly GraphLayer[];
  /** Layers of the whole model: rows are cut in its last. */
  readonly depth: number;
  /** Where the output's weights lie. */
  readonly output: number;
  /** Rows that a matrix of this name has in a model like Llama. */
  rowsOf(stem: string, layer: number | null): number;
  /** @returns Null where the file has no such tensor. */
  weight(stem: string, layer: number | null): GraphWeight | null;
}
