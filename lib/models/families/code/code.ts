import type { AttentionCode, RotaryCode } from "./attention.ts";
import type { CacheCode } from "./cache.ts";
import type { EncoderCode } from "./encoder.ts";
import type { ExpertsCode, Routing } from "./experts.ts";
import type {
  DropoutCode,
  EmbeddingCode,
  LayerCode,
  MlpCode,
  Multiplied,
} from "./layer.ts";
import type { HeadsCode, LogitsCode } from "./loss.ts";
import type { PeftCode } from "./peft.ts";
import type { SightCode } from "./sight.ts";
import type { StateSpaceCode } from "./state_space.ts";
import type { SizesCode, WeightsCode } from "./weights.ts";

/** How the code of a model type runs, beside what its tensors tell. */
export interface FamilyCode {
  readonly layer: LayerCode;
  readonly rotary: RotaryCode;
  readonly attention: AttentionCode;
  readonly mlp: MlpCode;
  readonly routing: Routing;
  readonly experts: ExpertsCode;
  readonly dropout: DropoutCode;
  readonly embedding: EmbeddingCode;
  readonly multiplies: Multiplied;
  readonly loss: LogitsCode;
  readonly heads: HeadsCode;
  readonly weights: WeightsCode;
  readonly sizes: SizesCode;
  readonly peft: PeftCode;
  readonly cache: CacheCode;
  /** Of an encoder, or an encoder and its decoder; null of decoders alone. */
  readonly encoder: EncoderCode | null;
  /** Of types with state spaces that are played through. */
  readonly stateSpace: StateSpaceCode | null;
  /** Of types whose images are played through. */
  readonly sight: SightCode | null;
  /** What follows "models of type …" where no step is played; null where one is. */
  readonly unplayed: string | null;
}

/** What a type states of itself: what it leaves out is llama's. */
export type CodeParts = {
  readonly [Group in keyof FamilyCode]?: FamilyCode[Group] extends object
    ? Partial<FamilyCode[Group]>
    : FamilyCode[Group];
};
