import type { Dtype } from "../../torch/dtype.ts";
import type { Parameter } from "../../torch/values.ts";
import type { AdaptedLinear } from "../../torch/ops/adapted_linear.ts";
import type { Convolution } from "../../torch/ops/convolution.ts";
import type { Norm } from "../../torch/ops/norms.ts";

/** What stands before a stack of layers. */
export interface EntryPlan {
  readonly table: Parameter;
  readonly types: Parameter | null;
  readonly positions: Parameter | null;
  /** Whether positions are looked up for each sequence. */
  readonly ownPositions: boolean;
  /** Whether positions are rows of waves, copied for each sequence. */
  readonly waves: boolean;
  readonly scaled: boolean;
  readonly norm: Norm | null;
  readonly dropout: number;
  /** Whether they are multiplied by the mask of padding. */
  readonly masked?: boolean;
  /** Whether those of masked words are nought and the others scaled up. */
  readonly dropsMasked: boolean;
  /** To the layers' width, where the table is narrower. */
  readonly projection: AdaptedLinear | null;
}

/** Whisper's way from frames of sound to positions. */
export interface SoundPlan {
  /** Features of each frame of each sequence, and their type. */
  readonly mels: number;
  readonly frames: number;
  readonly dtype: Dtype;
  readonly convolutions: readonly Convolution[];
  readonly positions: Parameter | null;
  readonly dropout: number;
}

/** What stands at both ends of a stack, and what its layers share. */
export interface StackEnds {
  readonly name: "encoder" | "decoder";
  readonly batch: number;
  readonly tokens: number;
  readonly width: number;
  readonly entry: EntryPlan | SoundPlan;
  /** The table of biases by relative position that all layers share. */
  readonly bias: Parameter | null;
  /** Whether those are made for every sequence. */
  readonly spreadsBias: boolean;
  /** Distances that all layers read embedded, and their norm; null of none. */
  readonly distances: {
    readonly table: Parameter;
    readonly norm: Norm | null;
  } | null;
  /** Whether the stack's code makes a mask of pairs, and distances of each. */
  readonly seesPairs: boolean;
  readonly heads: number;
  /** Whether kernels are handed a mask of padding for each pair of places. */
  readonly isMasked: boolean;
  /** Whether the stack's code refers to words, or to what layers read first. */
  readonly holdsWords: boolean;
  readonly holdsEmbeddings: boolean;
  /** Features of a head's rotary table; 0 where there is none. */
  readonly rotaryWidth: number;
  readonly last: Norm | null;
  readonly lastDropout: number;
}
