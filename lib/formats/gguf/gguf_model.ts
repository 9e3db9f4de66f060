import type { GgmlType } from "../../models/headers/ggml_types.ts";
import type { LayerRange, Tensor } from "../../models/tensors/tensor.ts";

/**
 * Where llama.cpp has a tensor: "input" on the host whatever is offloaded, "layer"
 * and "output" where their layers are, a "table" on every device that has layers,
 * a "draft" nowhere unless tokens are predicted ahead with it.
 *
 * Source: llama.cpp src/llama-arch.cpp, LLM_TENSOR_INFOS.
 */
export type GgufPlace = "input" | "layer" | "output" | "table" | "draft";

/** A tensor of a GGUF file, one entry for all layers that have it alike. */
export interface GgufWeight {
  /**
   * Its name in the file, with N for the number of the layer:
   * "blk.N.attn_q.weight".
   */
  readonly name: string;
  /**
   * The model's tensor that it holds, or of which it holds a part; a tensor of the
   * file's own where the model was read from one.
   */
  readonly tensor: Tensor;
  readonly place: GgufPlace;
  /** The layers that have it; null for a tensor that stands once. */
  readonly layers: readonly LayerRange[] | null;
  /** Whether it holds routed experts: what `--cpu-moe` leaves to the host. */
  readonly expert: boolean;
  readonly type: GgmlType;
  /** Elements of a row: ggml's ne[0]. */
  readonly row: number;
  /** Rows, all dimensions behind the first together. */
  readonly rows: number;
  /** ggml's ne[2]: matrices, experts or heads; 1 for a plain matrix. */
  readonly matrices: number;
  /** Bytes of one in the file. */
  readonly bytes: number;
  /** What one takes of a buffer on a CUDA device. */
  readonly deviceBytes: number;
  /** What one takes of a buffer of the host. */
  readonly hostBytes: number;
}

/** A model as a GGUF file holds it. */
export interface GgufModel {
  /** The file type: "Q4_K_M". */
  readonly type: string;
  /** In no order; each tensor of the file is told once. */
  readonly weights: readonly GgufWeight[];
  /**
   * Whether the file has no tensor for the output: llama.cpp then has
   * `token_embd` twice, on the host for the input and with the output's layer.
   */
  readonly tied: boolean;
  /** Bytes of all tensors, without the header and alignment. */
  readonly bytes: number;
  readonly basis: "exact" | "derived" | "assumed";
  readonly notes: readonly string[];
}
