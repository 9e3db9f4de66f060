import { assert, assertEquals } from "@std/assert";
import { estimateScenario, parseScenario } from "../../lib/mod.ts";
import type { Opinion, ScenarioInput } from "../../lib/mod.ts";
import { METHOD_BY_NAME } from "../../lib/methods/mod.ts";

function opinionsOn(input: ScenarioInput): readonly Opinion[] {
  const scenario = parseScenario(input);
  assert(scenario.ok);
  const result = estimateScenario(scenario.value, undefined, {
    opinions: true,
  });
  assert(result.ok);
  return result.value.opinions ?? [];
}

Deno.test("opinionsOf() asks every method but the one that has answered", () => {
  const model = "llama2-7b";
  for (
    const method of Object.keys(
      METHOD_BY_NAME,
    ) as (keyof typeof METHOD_BY_NAME)[]
  ) {
    const others = opinionsOn({ model, method }).map(({ method }) => method);
    assertEquals(
      others.toSorted(),
      Object.keys(METHOD_BY_NAME).filter((name) => name !== method).sort(),
    );
  }
});

Deno.test("opinionsOf() says what each would answer if it were asked", () => {
  const input = { model: "mistralai/Mistral-7B-v0.1" } as const;
  for (const { method, device_peak_bytes } of opinionsOn(input)) {
    const scenario = parseScenario({ ...input, method });
    assert(scenario.ok);
    const alone = estimateScenario(scenario.value);
    assert(alone.ok);
    assertEquals(alone.value.method, method);
    assertEquals(device_peak_bytes, alone.value.memory.device_peak_bytes);
  }
});

Deno.test("opinionsOf() says why a method does not answer", () => {
  const [timeline] = opinionsOn({
    model: "google-t5/t5-base",
    method: "factors",
    parallel: { gpus: 2 },
    engine: { name: "megatron-deepspeed" },
  }).filter(({ method }) => method === "timeline");
  assertEquals(timeline?.device_peak_bytes, null);
  assert((timeline?.uncovered ?? "") !== "");
});

Deno.test("an Estimate holds no opinions unless they are asked for", () => {
  const scenario = parseScenario({ model: "llama2-7b" });
  assert(scenario.ok);
  const result = estimateScenario(scenario.value);
  assert(result.ok && result.value.opinions === undefined);
});
