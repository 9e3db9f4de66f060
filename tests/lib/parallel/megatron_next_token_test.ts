import { assert, assertMatch } from "@std/assert";
import type { Step } from "../../../lib/engines/step.ts";
import { playRanks } from "../../../lib/engines/step.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import cases from "../../truth/parallel_steps.json" with { type: "json" };
import { assertOk, assertPlayed } from "../results.ts";

/** Phases by the names that traced steps give them. */
const PHASES = {
  load: "load",
  forward: "forward",
  backward: "backward",
  backward_end: "backwardEnd",
  optimizer: "optimizer",
  steady: "steady",
} as const satisfies Record<string, keyof Step["phases"]>;

/** How far a phase may be off. */
const TOLERANCE = 0.002;

function ranksOf(input: unknown) {
  const scenario = parseScenario(input);
  assertOk(scenario);
  const model = resolveModel(scenario.value.model);
  assertOk(model);
  return playRanks(scenario.value, model.value, { workspaces: false });
}

/** A scenario whose config says how many layers predict further tokens. */
function predicting(
  scenario: (typeof cases)[number]["scenario"],
  count: number,
): ScenarioInput {
  const { model } = scenario;
  assert(typeof model === "object");
  return {
    ...scenario,
    model: { config: { ...model.config, num_nextn_predict_layers: count } },
  } as ScenarioInput;
}

// Their own configs say nothing of it: the program that traced them was told.
const TRACED = cases.filter(({ name }) => name.endsWith("mtp1"));

for (const { name, scenario, bytes } of TRACED) {
  Deno.test(`a layer that predicts a further token reaches what was traced: ${name}`, () => {
    const ranks = ranksOf(predicting(scenario, 1));
    assert(!("reason" in ranks));
    const [step] = ranks;
    assert(step);
    assertPlayed(step);
    for (const [key, phase] of Object.entries(PHASES)) {
      const traced = (bytes as Record<string, number>)[key] ?? 0;
      const error = step.phases[phase] / traced - 1;
      assert(Math.abs(error) <= TOLERANCE, `${key} is off by ${error}`);
    }
    assertMatch(
      (step.assumptions ?? []).join(),
      /num_nextn_predict_layers is taken for Megatron-LM's --mtp-num-layers/,
    );
  });
}

Deno.test("the last stage has the layer that predicts a further token, and a table", () => {
  const [traced] = TRACED;
  assert(traced);
  const loaded = (count: number) => {
    const ranks = ranksOf({
      ...predicting(traced.scenario, count),
      parallel: { gpus: 8, pp: 2, ep: 4, etp: 1, microbatches: 2 },
    });
    assert(!("reason" in ranks));
    return new Map(ranks.map(({ rank, phases }) => [rank.name, phases.load]));
  };
  const [with1, without] = [loaded(1), loaded(0)];
  assert(with1.get("pp 0") === without.get("pp 0"));
  // A table of 65,536 rows of 1,536 and a projection of twice as many features.
  const least = 6 * (65_536 * 1_536 + 2 * 1_536 ** 2);
  assert((with1.get("pp 1") ?? 0) - (without.get("pp 1") ?? 0) > least);
});

Deno.test("more layers that predict further tokens are said not to be played", () => {
  const [traced] = TRACED;
  assert(traced);
  const ranks = ranksOf(predicting(traced.scenario, 2));
  assert("reason" in ranks);
  assertMatch(
    ranks.reason,
    /^2 layers that predict further tokens are not played/,
  );
});
