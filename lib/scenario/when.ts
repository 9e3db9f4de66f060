import type { METHOD_NAMES } from "./methods.ts";
import type { Need } from "./needs.ts";

/** What fields need that several share. */

export const toTrain: Need = { path: "task", is: ["train"] };
export const toServe: Need = { path: "task", is: ["serve"] };
export const adapted: Need = { path: "train.method", not: ["full"] };
export const selective: Need = {
  path: "train.checkpointing",
  is: ["selective"],
};
export const full: Need = { path: "train.method", is: ["full"] };
export const partly: Need = {
  any: [
    [{ path: "train.trainable_layers", not: [null] }],
    [{ path: "train.trainable", not: ["all"] }],
    [{ path: "train.trainable_parameters", not: [null] }],
  ],
  because: "all of the model trains",
};
export const checkpointed: Need = {
  path: "train.checkpointing",
  not: ["none"],
};
export const inFp8: Need = { path: "precision.fp8", not: [null] };
export const manySegments: Need = {
  path: "software.expandable_segments",
  not: [true],
};
export const projects: Need = {
  path: "optimizer.name",
  like: /galore|^apollo/,
};
export const replicated: Need = { path: "engine.name", is: ["ddp"] };
export const fsdp: Need = { path: "engine.name", like: /^fsdp/ };
export const deepspeed: Need = {
  path: "engine.name",
  is: ["deepspeed", "megatron-deepspeed"],
};
export const megatron: Need = { path: "engine.name", like: /^megatron/ };
export const titan: Need = {
  any: [
    [{ path: "engine.driver", is: ["torchtitan"] }],
    [{ path: "software.model_code", is: ["torchtitan"] }],
  ],
  because: "neither engine.driver nor software.model_code is torchtitan",
};
export const piped: Need = { path: "parallel.pp", not: [1] };

/** Only the method of that name looks at it. */
export function method(name: (typeof METHOD_NAMES)[number]): Need {
  return { path: "method", is: [name] };
}

/** An engine that serves. */
export type ServingName =
  | "transformers"
  | "vllm"
  | "sglang"
  | "tgi"
  | "tensorrt-llm"
  | "llama.cpp";

/** Only engines of these names look at it. */
export function served(...engines: readonly ServingName[]): Need {
  return { path: "serve.engine", is: engines };
}

/** Only objectives of these names look at it. */
export function objective(...names: readonly string[]): Need {
  return { path: "train.objective", is: names };
}
