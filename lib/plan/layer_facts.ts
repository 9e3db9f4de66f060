import type { Architecture } from "../models/architecture.ts";
import type { FamilyCode } from "../models/families/code/code.ts";
import type { Kernels } from "../play/torch/kernels.ts";
import type { AttentionSettings } from "../play/torch/ops/attention/types.ts";
import type { ModelCode } from "../software/model_code.ts";
import type { StateSpaceFacts } from "./state_space_plan.ts";
import type { Traits } from "./traits.ts";

/** What a layer's plan needs to know beside its tensors. */
export interface LayerFacts {
  readonly architecture: Architecture;
  /** How the code of the model's type runs, and its traits by the config. */
  readonly family: FamilyCode;
  readonly traits: Traits;
  readonly batch: number;
  readonly sequence: number;
  readonly attention: Pick<
    AttentionSettings,
    "implementation" | "masked" | "keyMask" | "causal" | "unpads"
  >;
  readonly kernels: Kernels;
  readonly code: ModelCode;
  /** Whether a forward pass of training fills a cache of keys and values. */
  readonly cached: boolean;
  /** Of models with state spaces; null of others. */
  readonly stateSpaces: StateSpaceFacts | null;
}
