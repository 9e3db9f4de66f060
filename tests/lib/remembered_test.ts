import { assert, assertEquals } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import { playedStep } from "../../lib/methods/timeline/remembered.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";

function scenarioOf(input: unknown) {
  const parsed = parseScenario(input);
  assert(parsed.ok);
  const model = resolveModel(parsed.value.model);
  assert(model.ok);
  return [parsed.value, model.value] as const;
}

Deno.test("playedStep() remembers a step of the same scenario and model alone", () => {
  const [scenario, model] = scenarioOf({ model: "gpt2" });
  const [again] = scenarioOf({ model: "gpt2" });
  const [other] = scenarioOf({ model: "gpt2", train: { micro_batch: 2 } });
  const first = playedStep(scenario, model);
  assertEquals(playedStep(again, model) === first, true);
  assertEquals(playedStep(other, model) === first, false);
  const twin = modelOfConfig(model.config ?? {}, {
    name: model.name,
    source: "config",
  });
  assert(twin.ok);
  assertEquals(playedStep(scenario, twin.value) === first, false);
});

Deno.test("playedStep() forgets the oldest steps", () => {
  const [scenario, model] = scenarioOf({ model: "gpt2" });
  const first = playedStep(scenario, model);
  assert(!("reason" in first));
  for (let batch = 2; batch < 400; batch++) {
    playedStep(...scenarioOf({ model: "gpt2", train: { micro_batch: batch } }));
  }
  const anew = playedStep(scenario, model);
  assert(!("reason" in anew));
  assertEquals(anew === first, false);
  assertEquals(anew.peaks, first.peaks);
});

Deno.test("a step of too many events is answered without PyTorch's allocator, and says so", () => {
  const dims = {
    layers: 10_000,
    hidden_size: 4096,
    attention_heads: 32,
    intermediate_size: 14_336,
    vocab_size: 32_000,
    tie_embeddings: false,
    gated_mlp: true,
  };
  const { memory, warnings, method } = estimate({ model: { dims } });
  assertEquals(method, "timeline");
  assertEquals(memory.reserved_peak_bytes, memory.allocated_peak_bytes);
  assert(
    warnings.some((text) =>
      text.includes("allocator is taken to cache nothing")
    ),
  );
  const shallow = estimate({ model: { dims: { ...dims, layers: 100 } } });
  const { reserved_peak_bytes, allocated_peak_bytes } = shallow.memory;
  assert((reserved_peak_bytes ?? 0) > (allocated_peak_bytes ?? 0));
});
