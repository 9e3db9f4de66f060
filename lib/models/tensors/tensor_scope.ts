import { MAX_KINDS } from "./limits.ts";
import type {
  LayerRange,
  ModelBuffer,
  ModelPiece,
  ModuleKind,
  Role,
  Tensor,
} from "./tensor.ts";

/** A model of more kinds of tensors than any has. */
export class TooManyTensors extends Error {
  constructor() {
    super(
      `must have at most ${MAX_KINDS} kinds of tensors: its config describes more`,
    );
  }
}

/** How tensor parallelism cuts a linear layer: its outputs, its inputs, or not. */
export type SplitWay = "column" | "row" | null;

/** What may be said of a linear layer. */
export interface LinearOptions {
  role: Role;
  bias?: boolean;
  cut?: SplitWay;
  /** Whether quantisers leave it alone, as they do the head. */
  plain?: boolean;
  expert?: boolean;
}

/** What may be said of a bare parameter. */
export interface ParameterOptions {
  role: Role;
  split?: number | null;
  expert?: boolean;
  dtype?: "fp32" | null;
}

interface Place {
  prefix: string;
  piece: ModelPiece;
  layers: readonly LayerRange[] | null;
}

/**
 * A place in a model under which modules are declared, in the order of their
 * state dict. Scopes of one model share its list.
 */
export class TensorScope {
  /** Every tensor declared so far, of the whole model. */
  readonly tensors: Tensor[];
  /** Every buffer declared so far, of the whole model. */
  readonly buffers: ModelBuffer[];
  readonly #place: Place;

  constructor(
    place: Place = { prefix: "", piece: "language_model", layers: null },
    tensors: Tensor[] = [],
    buffers: ModelBuffer[] = [],
  ) {
    this.#place = place;
    this.tensors = tensors;
    this.buffers = buffers;
  }

  /** The place of a module inside this one, perhaps of another piece. */
  scope(name: string, piece: ModelPiece = this.#place.piece): TensorScope {
    return this.#at({
      prefix: this.#path(name) + ".",
      piece,
      layers: this.#place.layers,
    });
  }

  /** The same place, for modules of another piece of the model. */
  as(piece: ModelPiece): TensorScope {
    return this.#at({ ...this.#place, piece });
  }

  /**
   * The place of the layers of a stack: names under it begin "{stack}.N.".
   *
   * @param stack The stack's name here, such as "layers".
   * @param layers Which of its layers have what is declared there.
   */
  layers(stack: string, layers: readonly LayerRange[]): TensorScope {
    return this.#at({
      prefix: `${this.#path(stack)}.N.`,
      piece: this.#place.piece,
      layers,
    });
  }

  /** An `nn.Linear`: weight [out, in], and a bias where it has one. */
  linear(
    name: string,
    inputs: number,
    outputs: number,
    options: LinearOptions,
  ): void {
    const { role, bias = false, cut = null, plain = false, expert = false } =
      options;
    const quantized = !plain && role !== "head";
    this.#add(`${name}.weight`, [outputs, inputs], "linear", {
      role,
      split: cut === "column" ? 0 : cut === "row" ? 1 : null,
      expert,
      quantized,
    });
    if (bias) {
      this.#add(`${name}.bias`, [outputs], "linear", {
        role,
        split: cut === "column" ? 0 : null,
        expert,
      });
    }
  }

  /** GPT-2's `Conv1D`: a linear layer with weight [in, out] and a bias. */
  conv1d(
    name: string,
    inputs: number,
    outputs: number,
    options: LinearOptions,
  ): void {
    const { role, cut = null } = options;
    this.#add(`${name}.weight`, [inputs, outputs], "conv1d", {
      role,
      split: cut === "column" ? 1 : cut === "row" ? 0 : null,
      quantized: true,
    });
    this.#add(`${name}.bias`, [outputs], "conv1d", {
      role,
      split: cut === "column" ? 0 : null,
    });
  }

  /** An `nn.Embedding`: weight [rows, width], split by rows when it is the vocabulary. */
  embedding(
    name: string,
    rows: number,
    width: number,
    role: "embedding" | "position" | "other" = "embedding",
  ): void {
    this.#add(`${name}.weight`, [rows, width], "embedding", {
      role,
      split: role === "embedding" ? 0 : null,
    });
  }

  /** A norm: a weight, and a bias where it has one. */
  norm(
    name: string,
    size: number,
    { bias = false }: { bias?: boolean } = {},
  ): void {
    this.#add(`${name}.weight`, [size], "norm", { role: "norm" });
    if (bias) this.#add(`${name}.bias`, [size], "norm", { role: "norm" });
  }

  /** A convolution: weight [out, in / groups, ...kernel], and perhaps a bias. */
  conv(
    name: string,
    shape: readonly number[],
    { bias = false, role = "conv" }: { bias?: boolean; role?: Role } = {},
  ): void {
    this.#add(`${name}.weight`, shape, "conv", { role });
    if (bias) this.#add(`${name}.bias`, [shape[0] ?? 0], "conv", { role });
  }

  /** A bare `nn.Parameter`, such as 3-D experts or attention sinks. */
  parameter(
    name: string,
    shape: readonly number[],
    options: ParameterOptions,
  ): void {
    this.#add(name, shape, "parameter", options);
  }

  /** A buffer. */
  buffer(
    name: string,
    shape: readonly number[],
    bytesPerElement: number | "as weights",
  ): void {
    if (this.#isNowhere()) return;
    this.buffers.push({
      name: this.#path(name),
      shape,
      layers: this.#place.layers,
      bytes_per_element: bytesPerElement === "as weights" ? 4 : bytesPerElement,
      ...(bytesPerElement === "as weights" ? { as_weights: true } : {}),
    });
  }

  #add(
    name: string,
    shape: readonly number[],
    module: ModuleKind,
    { role, split = null, expert = false, quantized = false, dtype = null }:
      & ParameterOptions
      & { quantized?: boolean },
  ): void {
    if (this.#isNowhere()) return;
    if (this.tensors.length === MAX_KINDS) throw new TooManyTensors();
    this.tensors.push({
      name: this.#path(name),
      shape,
      role,
      piece: pieceOf(role, this.#place.piece),
      module,
      layers: this.#place.layers,
      split,
      expert,
      quantized,
      dtype,
    });
  }

  /** Whether this is the place of layers that the model has none of. */
  #isNowhere(): boolean {
    return this.#place.layers?.length === 0;
  }

  #path(name: string): string {
    return `${this.#place.prefix}${name}`;
  }

  #at(place: Place): TensorScope {
    return new TensorScope(place, this.tensors, this.buffers);
  }
}

/** Embeddings and head of the language model are pieces of their own. */
function pieceOf(role: Role, piece: ModelPiece): ModelPiece {
  if (piece !== "language_model") return piece;
  if (role === "embedding") return "embeddings";
  return role === "head" ? "lm_head" : piece;
}
