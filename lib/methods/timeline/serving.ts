import type { Result } from "../../scenario/parse_scenario.ts";
import { changesOf } from "../../scenario/default_scenario.ts";
import type { Served } from "../../serve/engine.ts";
import type { ServedScenario } from "../../serve/mod.ts";
import { serve } from "../../serve/mod.ts";
import { defaultsTaken } from "../defaults_taken.ts";
import type { Answer, Figures, Question, Uncovered } from "../method.ts";
import { uncovered } from "../uncovered.ts";
import { unused } from "../unused.ts";

/** Fields that decide how a model is served by any engine, or that change no memory. */
const COVERED = [
  "model",
  "task",
  "method",
  "hardware",
  "overheads.cuda_context_gib",
  "overheads.other_gib",
  "precision.weights",
  "quantization",
  "parallel.gpus",
  "serve.engine",
] as const;

/** Answers how a model is served, by the engine that serves it. */
export function servedAnswer(
  question: Pick<Question, "scenario" | "model" | "mesh">,
): Result<Answer> | Uncovered {
  const result = serve(question);
  if ("reason" in result) return { ok: false, uncovered: result.reason };
  if (!result.ok) return result;
  const { served } = result.value;
  return {
    ok: true,
    value: {
      summary:
        `Method timeline: what ${served.serving.engine} makes of the model, by the rules of its own code`,
      memory: memoryOf(served),
      scaledPeak: (share) => Math.round(share * served.device),
      kv: served.kv,
      served,
      stored: result.value.question.checkpoint.bytes,
      host: { peak_bytes: served.host },
      ...remarksOf(result.value),
    },
  };
}

function memoryOf(
  { parts, phases, binding, steady, reserved, device }: Served,
): Figures {
  return {
    allocated_peak_bytes: parts.reduce((sum, { bytes }) => sum + bytes, 0),
    allocated_steady_bytes: steady ?? null,
    reserved_peak_bytes: reserved,
    device_peak_bytes: device,
    binding,
    parts: [...parts],
    phases: [...phases],
    ranks: null,
  };
}

function remarksOf(
  { engine, question, served }: ServedScenario,
): Pick<Answer, "assumptions" | "warnings"> {
  const { scenario, model, checkpoint, caches } = question;
  const covered = new Set<string>([...COVERED, ...engine.reads]);
  const changes = changesOf(scenario);
  const meaningless = unused(scenario, changes);
  return {
    assumptions: [
      ...defaultsTaken(scenario, model, changes, covered),
      ...model.notes,
      `The weights are ${checkpoint.scheme}`,
      ...checkpoint.notes,
      ...(caches.known ? [] : [
        "What its layers keep between tokens is taken for keys and values of all: no family says it",
      ]),
      ...served.assumptions,
      ...[...meaningless].map(([path, reason]) =>
        `${path} is not used: ${reason}`
      ),
    ],
    warnings: [
      ...served.warnings,
      ...uncovered(changes, covered, meaningless).map((field) =>
        `${field} has no effect: it is not modelled with ${served.serving.engine}`
      ),
    ],
  };
}
