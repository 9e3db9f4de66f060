import type { ExpertCode } from "../play/layers/expert_types.ts";
import type { HeadMaker } from "../play/layers/attention_plan.ts";
import type { MoePlan, MoeRun } from "../play/layers/moe_layer.ts";
import type { Mask } from "../play/layers/mask.ts";
import type { Dtype } from "../play/torch/dtype.ts";
import type { AdapterJoin } from "../play/torch/ops/adapted_linear.ts";
import type { ParameterJoin } from "../play/torch/ops/adapted_parameter.ts";
import type { RowsJoin } from "../play/torch/ops/embedding.ts";
import type { AttentionSettings } from "../play/torch/ops/attention/types.ts";
import type { NormKind } from "../models/families/code/layer.ts";
import type { PartName } from "../answer/parts.ts";
import type { Model } from "../models/model.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Dropouts } from "./dropouts.ts";
import type { LossCode } from "./loss_code.ts";
import type { SightOf } from "./sight.ts";

/** What a program's own modules do with a scenario's model. */
export interface ModelCode {
  /** How queries, keys and values are made, turned and laid out. */
  readonly makeHeads: HeadMaker;
  /** Whether it has models whose queries, keys and values are one projection. */
  readonly projectsAtOnce: boolean;
  /** Whether it has models whose queries come with a gate of the output. */
  readonly gatesHeads: boolean;
  readonly rotary: RotaryTables;
  /** The masks that a model makes for its layers before they run. */
  masksOf(pass: MaskedPass): readonly Mask[];
  /** Whether attention is handed one mask of the keys of each sequence. */
  readonly keyMask: boolean;
  /** Whether flash attention is handed rows without padding. */
  readonly unpads: boolean;
  /** Whether a forward pass of training fills a cache of keys and values. */
  readonly fillsCache: boolean;
  /** Whether the model's code refers to the embeddings until it ends. */
  readonly holdsEmbeddings: boolean;
  /** What its layers do that a family's traits say otherwise; null: as these. */
  readonly norm: NormKind | null;
  readonly dropout: Dropouts | null;
  /** Whether activations are torch's own kernels, and no formulas. */
  readonly kernelActivations: boolean;
  /** Whether Liger's kernels take the gate of an MLP as well. */
  readonly fusesGate: boolean;
  /** Whether an MLP's `up` runs before its gate's activation. */
  readonly upFirst: boolean;
  readonly experts: ExpertCode;
  /** What runs a network of experts otherwise; null: one that it has no code for. */
  readonly expertsRun?: (plan: MoePlan) => MoeRun | null;
  readonly adapters: AdapterCode;
  readonly loss: LossCode;
  /**
   * Whether the embeddings' output is made to need a gradient though their weights
   * do not train...
   */
  readonly forcesGrad: boolean;
  /** ...after positions and dropout, where nothing multiplies the embeddings. */
  readonly forcesLate: boolean;
  /** Whether checkpoints stop to run again once all that was saved is there. */
  readonly stopsEarly: boolean;
  /** What selective checkpoints are where nothing is said; every second layer. */
  readonly selective?: "op";
  /** Whether a conversion to fp8 takes the head's matrix as well. */
  readonly convertsHead?: true;
  readonly packing: Packing;
  readonly optimizer: OptimizerCode;
  /** Bytes of buffers that stand from loading on. */
  bufferBytes(): number;
  /**
   * What a training loop's variables hold from one step to the next, the pixels
   * among it; null where it is the batch alone.
   */
  readonly kept: (() => readonly Kept[]) | null;
  /** How images are seen. */
  readonly sightOf: SightOf;
  /** What is taken for granted of positions, in words; null for nothing. */
  readonly positionsAssumed: string | null;
}

/** The code of a program for a scenario and its model. */
export type CodeOf = (scenario: Scenario, model: Model) => ModelCode;

/** What the masks of a forward pass depend on. */
export interface MaskedPass
  extends Pick<AttentionSettings, "implementation" | "masked"> {
  readonly batch: number;
  readonly sequence: number;
  /** Tokens that are looked at, where they are others than those that ask. */
  readonly keys?: number;
  /** The same of layers with a window; as `keys` where it is left out. */
  readonly windowKeys?: number;
  /** Tokens of the layers' window, and whether only some of them have it. */
  readonly windows: { readonly size: number | null; readonly both: boolean };
}

/** A tensor that stands from one step to the next. */
export interface Kept {
  readonly part: PartName;
  readonly label: string;
  readonly bytes: number;
}

/** Tables of cosines and sines. */
export interface RotaryTables {
  /** Whether they are in fp32, whatever the model's type. */
  readonly wide: boolean;
  /** Whether each sequence has rows of its own. */
  readonly ofSequences: boolean;
  /** Whether they stand from loading on, and no pass makes any. */
  readonly stands?: boolean;
}

/** How adapters join what they adapt. */
export interface AdapterCode {
  readonly linear: AdapterJoin;
  readonly rows: RowsJoin;
  readonly parameter: ParameterJoin;
}

/** How a program has weights quantised. */
export interface Packing {
  /** Whether logits' matrix is quantised with the other linear layers. */
  readonly packsHead: boolean;
  /** The type that weights are packed from, and expanded to; null: their own. */
  readonly from: Dtype | null;
  /** Whether routers and experts are linear layers as all others. */
  readonly packsExperts: boolean;
  /** Whether bitsandbytes finds none of the linear layers. */
  readonly findsNone: boolean;
}

/** Whose optimizers a program takes, and how it sets them up. */
export interface OptimizerCode {
  /** Whose keep states in 8 bits. */
  readonly lowBitStates: "bitsandbytes" | "torchao";
  /** Whether embeddings keep bitsandbytes' states in fp32. */
  readonly widensEmbeddings: boolean;
}
