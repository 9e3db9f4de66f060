import type { Model } from "../models/model.ts";
import type { Mesh } from "../parallel/mesh.ts";
import type { Scenario } from "../scenario/schema.ts";

/** What a step's traffic is asked of. */
export interface TrafficQuestion {
  scenario: Scenario;
  model: Model;
  mesh: Mesh;
  /** Parameters that train in the whole model, exactly. */
  trainable: number;
}
