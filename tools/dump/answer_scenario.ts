import { hashOf } from "./hash.ts";
import type { Estimate } from "./doors.ts";
import {
  costOf,
  estimateScenario,
  formatBytes,
  formatCount,
  nearestRuns,
  parseScenario,
  refusalOf,
  resolveModel,
  toCommand,
  toInput,
  toQuery,
  trafficTime,
} from "./doors.ts";

/** Most points of a curve that are kept whole; of more the hash tells. */
const WHOLE_CURVE = 40;

/** Everything that lib/ says of a Scenario. */
export function answerScenario(input: unknown): unknown {
  const parsed = parseScenario(input);
  if (!parsed.ok) return { refused: refusalOf(parsed.problems) };
  const scenario = parsed.value;
  const model = resolveModel(scenario.model);
  const estimated = estimateScenario(scenario, undefined, {
    curve: true,
    opinions: true,
    traffic: true,
  });
  const asked = {
    query: toQuery(scenario),
    command: toCommand(scenario),
    input: toInput(scenario),
    ...(model.ok
      ? { cost: costOf(model.value, scenario), notes: model.value.notes }
      : {}),
  };
  if (!estimated.ok) return { ...asked, refused: estimated.problems };
  const { curve, traffic, ...estimate } = estimated.value;
  return {
    ...asked,
    estimate,
    ...(curve ? { curve: curveText(curve) } : {}),
    ...(traffic
      ? {
        traffic,
        time: trafficTime(traffic, { node: 450, network: 50 }),
      }
      : {}),
    words: [
      formatBytes(estimate.memory.device_peak_bytes),
      formatCount(estimate.model.parameters),
    ],
    nearest: nearestRuns(estimated.value, 2).map((
      { scenario: _, ...run },
    ) => run),
  };
}

/** A curve, or of a long one its ends and what all of it hashes to. */
function curveText({ parts, points }: NonNullable<Estimate["curve"]>): unknown {
  if (points.length <= WHOLE_CURVE) return { parts, points };
  return {
    parts,
    points: points.length,
    hash: hashOf(JSON.stringify(points)),
    highest: points.reduce((most, each) =>
      each.bytes > most.bytes ? each : most
    ),
    last: points.at(-1),
  };
}
