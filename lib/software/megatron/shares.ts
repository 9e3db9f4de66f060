import type { Parameter } from "../../play/torch/values.ts";
import type { Norm } from "../../play/torch/ops/norms.ts";

/** How a rank shares a layer with others. */
export interface Shares {
  /** Sequences of a micro-batch. */
  readonly batch: number;
  /** Tokens of a sequence that this rank's context-parallel place has. */
  readonly sequence: number;
  /** Ranks that a layer's matrices are cut over. */
  readonly tp: number;
  /** Ranks that a sequence's keys and values go around. */
  readonly cp: number;
  /** Whether they share the tokens too wherever a layer works token by token. */
  readonly splitsTokens: boolean;
  /** Modules that run again in the backward pass. */
  readonly recomputed: ReadonlySet<string>;
  /** Whose layers they are: Megatron-Core's, or those of Megatron-DeepSpeed. */
  readonly code: "core" | "deepspeed";
}

/** Tokens of a micro-batch that all tensor-parallel ranks see together. */
export function tokensOf({ batch, sequence }: Shares): number {
  return batch * sequence;
}

/** Those that one of them keeps between the layers' matrices. */
export function ownTokens(shares: Shares): number {
  return tokensOf(shares) / (shares.splitsTokens ? shares.tp : 1);
}

/** This rank's part of a matrix, with the sizes of that part. */
export interface CutMatrix {
  readonly name: string;
  readonly in: number;
  readonly out: number;
  readonly weight: Parameter;
  readonly bias: Parameter | null;
}

/** The same with the adapters beside it. */
export interface MatrixPart extends CutMatrix {
  /** None where it has none; those of its outputs' parts, in order. */
  readonly adapters: readonly AdapterPart[];
}

/** This rank's part of LoRA's two matrices. */
export interface AdapterPart {
  readonly name: string;
  readonly dropout: number;
  readonly a: CutMatrix;
  readonly b: CutMatrix;
}

/** Attention over this rank's heads. */
export interface AttentionPart {
  readonly qkv: MatrixPart;
  readonly o: MatrixPart;
  readonly heads: number;
  readonly kvHeads: number;
  /** Query heads of a group where several ranks share a key's head; null of none. */
  readonly sharedGroup: number | null;
  readonly width: number;
  /** Features of a head that are turned; 0 without positions of this kind. */
  readonly turned: number;
  readonly qNorm: Norm | null;
  readonly kNorm: Norm | null;
}

/** DeepSeek's latent attention over this rank's heads. */
export interface LatentPart {
  /** Queries at once, or down to a latent and up again. */
  readonly q: MatrixPart | {
    readonly down: MatrixPart;
    readonly norm: Norm;
    readonly up: MatrixPart;
  };
  readonly kvDown: MatrixPart;
  readonly kvNorm: Norm;
  readonly kvUp: MatrixPart;
  readonly o: MatrixPart;
  readonly heads: number;
  readonly plainWidth: number;
  readonly turned: number;
  readonly valueWidth: number;
}

/** This rank's part of an MLP. */
export interface MlpPart {
  /** Gate and up side by side, or up alone. */
  readonly fc1: MatrixPart;
  readonly fc2: MatrixPart;
}

/** This rank's experts and what chooses among all of them. */
export interface ExpertsPart {
  readonly router: Parameter;
  readonly experts: number;
  readonly perToken: number;
  /** Experts of this rank. */
  readonly own: number;
  readonly ep: number;
  /** Ranks that an expert's matrices are cut over. */
  readonly etp: number;
  /** The matrices of all its experts. */
  readonly fc1: MatrixPart;
  readonly fc2: MatrixPart;
  readonly shared: MlpPart | null;
  /** Whether matrix products add weights' gradients to the buffer themselves. */
  readonly fusesGradients: boolean;
}

/** A layer of Megatron-Core, as one rank has it. */
export interface LayerPart {
  readonly attentionNorm: Norm;
  readonly attention: AttentionPart | LatentPart;
  readonly mlpNorm: Norm;
  readonly mlp: MlpPart | ExpertsPart;
}
