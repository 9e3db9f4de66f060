import { spelledProduct } from "../spelled.ts";
import type { Term } from "../method.ts";
import type { EngineFormulasSetup } from "./setup.ts";

/** Activation bytes of a hidden element, per token and layer. */
const BYTES_PER_ELEMENT = 16;

/** What each level of checkpointing leaves of the activations. */
export const KEPT: readonly number[] = [1, 0.8, 0.6, 0.4, 0.2];

/** What a router's activations add to the share of experts that run. */
const ROUTER_SHARE = 0.1;
/** How much wide experts may add at most. */
const MAX_WIDTH = 2;

/**
 * Activations: tokens x layers x hidden size x 16 B, split by tensor
 * parallelism under every engine and by the pipeline under Megatron alone.
 *
 * Source: George614/gpu-mem-calculator@2f345d1, `core/formulas.py` and
 * `engines/megatron.py`.
 */
export function activations(setup: EngineFormulasSetup): Term {
  const { scenario, model, mesh, level } = setup;
  const { micro_batch, sequence_length } = scenario.train;
  const { layers, hidden_size } = model.architecture;
  const tokens = micro_batch * sequence_length;
  const experts = expertShare(setup);
  const kept = KEPT[level] ?? 1;
  const ways: [name: string, by: number][] = [
    ["tp", mesh.tp],
    ["pp", splitsActivations(setup) ? mesh.pp : 1],
    ["tp of the sequence", splitsSequence(setup) ? mesh.tp : 1],
  ];
  const shares = ways.reduce((product, [, by]) => product * by, 1);
  return {
    name: "activations",
    bytes: tokens * layers * hidden_size * BYTES_PER_ELEMENT * experts * kept /
      shares,
    formula: spelledProduct(tokens, [
      `${layers} layers`,
      `${hidden_size}`,
      `${BYTES_PER_ELEMENT} B`,
      ...(experts === 1 ? [] : [`${Number(experts.toFixed(4))} for experts`]),
      ...(kept === 1 ? [] : [`${kept} kept`]),
    ], ways),
    basis: "assumed",
  };
}

/** Whether the pipeline splits activations: under Megatron alone. */
export function splitsActivations({ layout }: EngineFormulasSetup): boolean {
  return layout.startsWith("megatron");
}

/** Whether sequence parallelism splits them once more. */
export function splitsSequence(setup: EngineFormulasSetup): boolean {
  return splitsActivations(setup) && setup.mesh.tp > 1 &&
    setup.scenario.parallel.sequence_parallel;
}

/** Experts that run, with the router, times their width beside 2 x hidden. */
function expertShare({ model }: EngineFormulasSetup): number {
  const {
    experts,
    experts_per_token,
    expert_intermediate_size,
    hidden_size,
  } = model.architecture;
  if (experts === 0) return 1;
  const running = experts > 1
    ? Math.min(1, experts_per_token / experts + ROUTER_SHARE)
    : 1;
  return running *
    Math.min(MAX_WIDTH, expert_intermediate_size / (2 * hidden_size));
}
