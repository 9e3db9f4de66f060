import { assert } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";
import type { Step } from "../../lib/step/step.ts";
import { playStep } from "../../lib/step/step.ts";
import steps from "../truth/traced_state_spaces.json" with { type: "json" };

interface Traced {
  name: string;
  scenario: ScenarioInput;
  bytes: Record<string, number>;
}

const PHASES: Record<string, keyof Step["phases"]> = {
  load: "load",
  forward: "forward",
  backward_start: "backwardStart",
  backward: "backward",
  backward_end: "backwardEnd",
  optimizer: "optimizer",
  steady: "steady",
};

/** Steps that are not met for what lies beside the state spaces, and why. */
const APART: readonly (readonly [name: RegExp, why: string])[] = [
  [/granitemoehybrid full fp32 1x3000/, "the causal mask of fp32 attention"],
  [
    /granitemoehybrid.* lora autocast checkpointing/,
    "the embeddings, a leaf that is multiplied",
  ],
];

/** How far a step's phases are off what was traced, by phase. */
function errorsOf({ name, scenario, bytes }: Traced): [string, number][] {
  const parsed = parseScenario(scenario);
  assert(parsed.ok, `${name}: ${JSON.stringify(parsed)}`);
  const model = resolveModel(parsed.value.model);
  assert(model.ok, `${name}: ${JSON.stringify(model)}`);
  const step = playStep(parsed.value, model.value, { workspaces: false });
  assert(!("reason" in step), `${name}: ${JSON.stringify(step)}`);
  return Object.entries(PHASES).flatMap(([key, phase]) => {
    const traced = bytes[key];
    return traced ? [[key, step.phases[phase] / traced - 1]] : [];
  });
}

Deno.test("the timeline reaches traced steps of state spaces, phase by phase", () => {
  const traced = (steps as unknown as Traced[]).filter(({ name }) =>
    !APART.some(([names]) => names.test(name))
  );
  assert(traced.length > 0);
  const off = traced.flatMap((each) => {
    const worst = errorsOf(each).filter(([, error]) => Math.abs(error) > 5e-3);
    return worst.length === 0 ? [] : [
      `${each.name}: ${
        worst.map(([phase, error]) => `${phase} ${(100 * error).toFixed(2)} %`)
          .join(", ")
      }`,
    ];
  });
  assert(
    off.length === 0,
    `${off.length} of ${traced.length}:\n${off.join("\n")}`,
  );
});
