import type { Config } from "../../config.ts";
import type { NormKind } from "./layer.ts";
import type { ByConfig } from "./setting.ts";

/** Whose processor and tower a type has. */
export type SightKind =
  /** Squares of one size through layers of CLIP's build. */
  | "square"
  /** Qwen2-VL's and Qwen2.5-VL's: whole images, and attention in windows. */
  | "qwen2_vl"
  /** Qwen3-VL's: positions between a table's, and features of layers in between. */
  | "qwen3_vl"
  | "glm4v"
  | "paddleocr_vl"
  | "internvl"
  /** SigLIP's tiles, shuffled, before a gated projector. */
  | "aya_vision"
  | "cohere2_vision"
  | "mistral3"
  | "lighton_ocr"
  | "idefics3"
  /** SigLIP 2's patches of any shape, padded to as many. */
  | "lfm2_vl"
  | "llava_next"
  | "llava_onevision"
  | "llama4"
  | "mllama"
  | "gemma4";

/** What a type's code does with what its vision tower gives. */
export interface SightCode {
  readonly kind: SightKind;
  /** Whether decoders of any type stand behind the tower, each with its own code. */
  readonly anyDecoder: boolean;
  /** Whether patches keep the image's own resolution. */
  readonly native: boolean;
  /** Layers at the tower's end that nobody reads, and whether its norm is read. */
  readonly unread: (config: Config) => number;
  readonly finalNorm: boolean;
  /** Patches that become one token: side by side, or averaged. */
  readonly merged: (config: Config, patches: number) => number;
  readonly pools: boolean;
  /** Names of activation functions. */
  readonly activation: string;
  readonly towerActivation: string;
  readonly towerNorm: NormKind;
  /**
   * Whether image tokens look at each other, for which every layer is handed a
   * mask.
   */
  readonly masksImages: ByConfig<boolean>;
}

/** A tower that sees squares of one size, and whose every layer is read. */
export const SQUARE: SightCode = {
  kind: "square",
  anyDecoder: false,
  native: false,
  unread: () => 0,
  finalNorm: true,
  merged: () => 1,
  pools: false,
  activation: "gelu",
  towerActivation: "gelu_pytorch_tanh",
  towerNorm: "layer",
  masksImages: false,
};

/** The tower's own config. */
export function visionConfig(config: Config): Config {
  const nested = config["vision_config"];
  return typeof nested === "object" && nested !== null ? nested as Config : {};
}

/** A type whose processor and tower are of a kind with code of its own. */
export function seeingAs(kind: SightKind, anyDecoder = false): SightCode {
  return { ...SQUARE, kind, anyDecoder };
}
