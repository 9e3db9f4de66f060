import type { Part, Phase } from "../answer/estimate.ts";
import type { KvCache, Serving } from "../answer/serving.ts";
import type { StoredModel } from "../formats/stored_model.ts";
import type { Gpu } from "../hardware/gpus.ts";
import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { LayerCaches } from "./caches.ts";

/** A GPU that a model is served on. */
export interface ServingGpu {
  /** Bytes that a program sees of it. */
  readonly usable: number;
  /** Null where only its memory is known. */
  readonly gpu: Gpu | null;
}

/** All that a serving engine is asked. */
export interface ServingQuestion {
  readonly scenario: Scenario;
  readonly model: Model;
  readonly mesh: Mesh;
  /** How the weights are stored. */
  readonly checkpoint: StoredModel;
  /** What its layers keep between tokens, by kinds of layers. */
  readonly caches: LayerCaches;
  /** The cards of one machine in order; where they are alike, one stands for all. */
  readonly gpus: readonly ServingGpu[];
}

/** Whether a model is served on a GPU, and what is left of it. */
export interface ServedFit {
  readonly fits: boolean;
  /** Bytes to spare; below 0, what is missing. */
  readonly headroom: number;
}

/** What an engine makes of a question; bytes are the most loaded GPU's. */
export interface Served {
  readonly serving: Serving;
  readonly kv: KvCache;
  /** load, prefill, decode. */
  readonly phases: readonly Phase[];
  /** The instant of the peak, in words. */
  readonly binding: string;
  /**
   * What the engine has allocated at that instant, context and the like left out;
   * the bytes sum to the allocated peak.
   */
  readonly parts: readonly Part[];
  /** Bytes that are allocated between two tokens at the end; left out if unknown. */
  readonly steady?: number;
  /** What PyTorch's allocator has taken; null where the engine is not PyTorch's. */
  readonly reserved: number | null;
  /** What the GPU shows: all of it, whoever holds it. */
  readonly device: number;
  /** Bytes of a node's host memory; null where nothing is kept there. */
  readonly host: number | null;
  /** Whether the same is served on another GPU, and how much is left there. */
  fitOn(gpu: ServingGpu): ServedFit;
  /** How many sequences of so many tokens each fit at once. */
  sequencesOf(tokens: number): number;
  /** What was taken for granted. */
  readonly assumptions: readonly string[];
  readonly warnings: readonly string[];
}

/** A program that serves models. */
export interface ServingEngine {
  readonly name: Scenario["serve"]["engine"];
  /** Dotted paths of the fields that decide what it does. */
  readonly reads: readonly string[];
  /** Why it is not played here; null when it is. */
  refuses(question: ServingQuestion): string | null;
  /** @returns What it makes of the question, or what is wrong with it. */
  serve(question: ServingQuestion): Result<Served>;
}
