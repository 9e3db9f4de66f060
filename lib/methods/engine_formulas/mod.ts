import type { Result } from "../../scenario/parse_scenario.ts";
import type { Answer, Question, Term, Uncovered } from "../method.ts";
import { oneTotal } from "../one_total.ts";
import { activations } from "./activations.ts";
import { remarks } from "./remarks.ts";
import { engineServing, knowsEngine } from "./serving.ts";
import type { EngineFormulasSetup } from "./setup.ts";
import { setupOf } from "./setup.ts";
import type { States } from "./states.ts";
import { states } from "./states.ts";
import { uncoveredBy } from "./uncovered_by.ts";

/** What stands for the CUDA context, fragmentation and buffers. */
const OVERHEAD_SHARE = 0.2;

const SUMMARY =
  "Method engine-formulas: states by the engine's formula, 16 bytes of activations a hidden element, and overhead as a share, all added up as if they stood at once";

/**
 * The `engine-formulas` method: weights, gradients and optimizer states by each
 * engine's formula, activations by layer, and a fifth of it all for overhead,
 * added up as if they stood at once.
 *
 * Source: the program of George614/gpu-mem-calculator at commit 2f345d1.
 */
export function engineFormulas(
  { scenario, model, mesh }: Question,
): Result<Answer> | Uncovered {
  const missing = uncoveredBy(scenario, model);
  if (missing !== null) return { ok: false, uncovered: missing };
  const setup = setupOf(scenario, model, mesh);
  const { engine } = scenario.serve;
  const served = scenario.task === "serve" && knowsEngine(engine)
    ? engineServing(setup, engine)
    : null;
  const stood = served ? null : states(setup);
  const terms = stood ? training(setup, stood) : served?.terms ?? [];
  const total = oneTotal(terms);
  const host = stood?.host ?? 0;
  return {
    ok: true,
    value: {
      summary: SUMMARY,
      ...total,
      ...(served ? { kv: served.kv } : {}),
      host: { peak_bytes: host === 0 ? null : perNode(host, setup) },
      ...remarks(setup, total.memory.device_peak_bytes, host),
    },
  };
}

function training(
  setup: EngineFormulasSetup,
  { terms, unlisted }: States,
): Term[] {
  const listed = [...terms, activations(setup)];
  const base = listed.reduce((sum, { bytes }) => sum + bytes, unlisted);
  const counted = unlisted > 0
    ? "parts above and the sharded weights"
    : "parts above";
  return [...listed, {
    name: "overhead",
    bytes: base * OVERHEAD_SHARE,
    formula: `${100 * OVERHEAD_SHARE} % of the ${counted}`,
    basis: "assumed",
  }];
}

function perNode(
  bytes: number,
  { scenario, mesh }: EngineFormulasSetup,
): number {
  const nodes = Math.ceil(mesh.gpus / scenario.parallel.gpus_per_node);
  return Math.round(bytes / nodes);
}
