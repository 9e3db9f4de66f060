import { assertEquals, assertMatch } from "@std/assert";
import { playStep } from "../../../lib/engines/step.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import steps from "../../truth/parallel_steps.json" with { type: "json" };
import { assertOk } from "../results.ts";
import type { Traced } from "../traced.ts";
import { errorsOf } from "../traced.ts";

const CASES = (steps as unknown as (Traced & { engine: string })[]).filter((
  { engine },
) => engine === "deepspeed");

for (const each of CASES) {
  Deno.test(`${each.name}: every phase is within 1 % of its trace`, () => {
    assertEquals(errorsOf(each).filter(([, off]) => Math.abs(off) > 0.01), []);
  });
}

/** Why a scenario is not played. */
function refusalOf(input: ScenarioInput): string {
  const scenario = parseScenario(input);
  assertOk(scenario);
  const model = resolveModel(scenario.value.model);
  assertOk(model);
  const step = playStep(scenario.value, model.value);
  return "reason" in step ? step.reason : "";
}

const REFUSED: readonly [
  engine: NonNullable<ScenarioInput["engine"]>,
  parallel: NonNullable<ScenarioInput["parallel"]>,
  reason: RegExp,
][] = [
  [
    { zero_stage: 3 },
    { gpus: 8, pp: 2 },
    /ZeRO 3 .* parallel\.pp is 2/,
  ],
  [
    { zero_stage: 2, offload_parameters: "cpu" },
    { gpus: 8 },
    /offload_parameters cpu needs ZeRO 3.*zero_stage is 2/,
  ],
  [
    { zero_stage: 2, offload_optimizer: "nvme" },
    { gpus: 8 },
    /offload_optimizer nvme needs ZeRO 3.*zero_stage is 2/,
  ],
  [
    { zero_stage: 0, offload_optimizer: "cpu" },
    { gpus: 8 },
    /offload_optimizer cpu needs ZeRO/,
  ],
  [
    { zero_stage: 1, offload_optimizer: "cpu", grad_accum_dtype: "fp32" },
    { gpus: 8 },
    /grad_accum_dtype fp32 .* engine\.offload_optimizer is cpu; engine\.zero_stage 2 does/,
  ],
];

for (const [engine, parallel, reason] of REFUSED) {
  Deno.test(`DeepSpeed refuses ${JSON.stringify({ engine, parallel })}`, () => {
    assertMatch(
      refusalOf({
        model: "meta-llama/Llama-3.1-8B",
        engine: { name: "deepspeed", ...engine },
        parallel,
      }),
      reason,
    );
  });
}

Deno.test("ZeRO 3 refuses packed weights that it does not partition", () => {
  assertMatch(
    refusalOf({
      model: "meta-llama/Llama-3.1-8B",
      train: { method: "qlora" },
      quantization: { weights: "int8" },
      engine: { name: "deepspeed", zero_stage: 3 },
      parallel: { gpus: 8 },
    }),
    /ZeRO 3 over weights in int8 .* nf4 and nf4-dq/,
  );
});
