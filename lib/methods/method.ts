import type { Basis, Estimate, Memory } from "../answer/estimate.ts";
import type { Gpu } from "../hardware/gpus.ts";
import type { KvCache } from "../answer/serving.ts";
import type { Served } from "../serve/engine.ts";
import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { StepKind } from "./step_kind.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Curve } from "../answer/curve.ts";

/** What a method is asked. */
export interface Question {
  scenario: Scenario;
  model: Model;
  mesh: Mesh;
  /** Parameters that train, exactly. */
  trainable: number;
  /** Whether the memory over the step is wanted too. */
  curve?: boolean;
}

/** The memory of the most loaded GPU; how far it may be off, others say. */
export type Figures = Omit<Memory, "low_bytes" | "high_bytes">;

/** What a method answers; the rest of an Estimate is the same for all. */
export interface Answer {
  /** What the method does, in a sentence. */
  summary: string;
  memory: Figures;
  /** What the device would show if the figure were this share of itself. */
  scaledPeak(share: number): number;
  /** What a GPU of the catalogue would have to hold, where that is not the same for all. */
  heldOn?(gpu: Gpu): number;
  /** What kind of step was played, where one was. */
  kind?: StepKind;
  kv?: KvCache;
  /** What a serving engine makes of the model, where one was played. */
  served?: Served;
  /** Bytes of the checkpoint's tensors, where the method reads it. */
  stored?: number;
  host: Estimate["host"];
  assumptions: string[];
  warnings: string[];
  /** Memory over the step, where the question asks and the method knows. */
  curve?: Curve;
  /** The largest tensors that stand at the peak, largest first. */
  largest?: Estimate["largest"];
}

/** A way to estimate. What it does not model it leaves to another. */
export type Method = (question: Question) => Result<Answer> | Uncovered;

/** The scenario is sound, but the method does not model it. */
export interface Uncovered {
  ok: false;
  /** What it does not model, as it stands in a sentence after "because". */
  uncovered: string;
}

/** A part while its bytes may still be a fraction; rounded when all are known. */
export interface Term {
  name: string;
  bytes: number;
  formula: string;
  basis: Basis;
}
