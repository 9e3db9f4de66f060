import type { Scenario } from "../../scenario/schema.ts";
import { spelledProduct } from "../spelled.ts";
import type { Term } from "../method.ts";
import type { EngineFormulasSetup } from "./setup.ts";

/** Weights and gradients of ZeRO, FSDP and Megatron-DeepSpeed, in any type. */
const SHARDED_BYTES = 2;
/** Their Adam: an fp32 copy and two moments, for every optimizer. */
const ADAM_BYTES = 12;
/** ZeRO-3's, which adds fp32 gradients. */
const ZERO_3_ADAM_BYTES = 16;
/** Weights and gradients of the layer that is gathered. */
const GATHERED_BYTES = 4;

/** What weights, gradients and optimizer states take. */
export interface States {
  terms: Term[];
  /** Counted by the share for overhead, but listed nowhere. */
  unlisted: number;
  /** Host memory of all nodes together. */
  host: number;
}

type Way = [name: string, by: number];

/**
 * Weights, gradients and optimizer states, each by its engine's formula.
 *
 * Source: George614/gpu-mem-calculator@2f345d1, `engines/`.
 */
export function states(setup: EngineFormulasSetup): States {
  switch (setup.layout) {
    case "ddp":
      return replicated(setup, []);
    case "megatron":
      return replicated(setup, [["tp", setup.mesh.tp]]);
    case "zero":
      return setup.stage === 3 ? zero3(setup) : zero(setup);
    case "fsdp":
      return fullySharded(setup);
    case "megatron-deepspeed":
      return megatronDeepSpeed(setup);
  }
}

/** Whether weights are gathered a layer at a time. */
export function gathersLayers({ layout, stage }: EngineFormulasSetup): boolean {
  return stage === 3 && (layout === "zero" || layout === "fsdp");
}

/** Whether DeepSpeed moves the optimizer's states off the GPU. */
export function offloadsOptimizer(
  { layout, scenario }: EngineFormulasSetup,
): boolean {
  const { name, offload_optimizer } = scenario.engine;
  return offload_optimizer !== "none" &&
    (layout === "megatron-deepspeed" ||
      (layout === "zero" && !name.startsWith("fsdp")));
}

/** Whether it moves the weights off too: at stage 3, beside the optimizer's. */
export function offloadsWeights(setup: EngineFormulasSetup): boolean {
  return setup.layout === "zero" && setup.stage === 3 &&
    setup.scenario.engine.offload_parameters !== "none" &&
    offloadsOptimizer(setup);
}

function replicated(setup: EngineFormulasSetup, ways: readonly Way[]): States {
  const { dtypeBytes, optimizerBytes } = setup;
  return {
    terms: [
      term(setup, "weights", dtypeBytes, ways),
      term(setup, "gradients", dtypeBytes, ways),
      term(setup, "optimizer states", optimizerBytes, ways),
    ],
    unlisted: 0,
    host: 0,
  };
}

function zero(setup: EngineFormulasSetup): States {
  const all = allGpus(setup);
  const away = offloadsOptimizer(setup);
  return {
    terms: [
      term(setup, "weights", SHARDED_BYTES, []),
      term(setup, "gradients", SHARDED_BYTES, setup.stage === 2 ? all : []),
      term(setup, "optimizer states", away ? 0 : ADAM_BYTES, all),
    ],
    unlisted: 0,
    host: away ? onHost(setup, ADAM_BYTES, "offload_optimizer") : 0,
  };
}

function zero3(setup: EngineFormulasSetup): States {
  const all = allGpus(setup);
  const away = offloadsOptimizer(setup);
  const empty = offloadsWeights(setup);
  const gradients = term(setup, "gradients", empty ? 0 : SHARDED_BYTES, all);
  return {
    terms: [
      gatheredLayer(setup),
      gradients,
      term(setup, "optimizer states", away ? 0 : ZERO_3_ADAM_BYTES, all),
    ],
    // The sharded weights, as large as the gradients.
    unlisted: gradients.bytes,
    host: (away ? onHost(setup, ZERO_3_ADAM_BYTES, "offload_optimizer") : 0) +
      (empty ? onHost(setup, SHARDED_BYTES, "offload_parameters") : 0),
  };
}

function fullySharded(setup: EngineFormulasSetup): States {
  const all = allGpus(setup);
  const layer = gatheredLayer(setup);
  const shard = term(setup, "weights", SHARDED_BYTES, all);
  return {
    terms: [
      {
        ...shard,
        bytes: layer.bytes + shard.bytes,
        formula: `${layer.formula} + ${shard.formula}`,
      },
      term(setup, "gradients", SHARDED_BYTES, all),
      term(setup, "optimizer states", ADAM_BYTES, all),
    ],
    unlisted: 0,
    host: 0,
  };
}

function megatronDeepSpeed(setup: EngineFormulasSetup): States {
  const { mesh, stage } = setup;
  const own: Way[] = [["tp", mesh.tp], ["pp", mesh.pp]];
  const all: Way[] = [...own, ["dp", mesh.dp]];
  const away = offloadsOptimizer(setup);
  return {
    terms: [
      term(setup, "weights", SHARDED_BYTES, stage === 3 ? all : own),
      term(setup, "gradients", SHARDED_BYTES, stage >= 2 ? all : own),
      term(setup, "optimizer states", away ? 0 : ADAM_BYTES, all),
    ],
    unlisted: 0,
    host: 0,
  };
}

function term(
  { model }: EngineFormulasSetup,
  name: string,
  bytes: number,
  ways: readonly Way[],
): Term {
  const shares = ways.reduce((product, [, by]) => product * by, 1);
  return {
    name,
    bytes: model.parameters * bytes / shares,
    formula: spelledProduct(model.parameters, [`${bytes} B`], [...ways]),
    basis: "assumed",
  };
}

function gatheredLayer({ largestLayer }: EngineFormulasSetup): Term {
  return {
    name: "weights",
    bytes: largestLayer * GATHERED_BYTES,
    formula: spelledProduct(largestLayer, [
      `${GATHERED_BYTES} B of the largest layer`,
    ], []),
    basis: "assumed",
  };
}

function allGpus({ mesh }: EngineFormulasSetup): Way[] {
  return [["GPUs", mesh.gpus]];
}

/** NVMe takes the states off the GPU too, but not into host memory. */
function onHost(
  { scenario, model }: EngineFormulasSetup,
  bytes: number,
  field: keyof Scenario["engine"],
): number {
  return scenario.engine[field] === "cpu" ? model.parameters * bytes : 0;
}
