import { assert, assertEquals } from "@std/assert";
import type { ScenarioInput } from "../../lib/mod.ts";
import { askLargest } from "../../lib/ask/largest/largest.ts";
import { probeOf } from "../../lib/ask/largest/probe.ts";
import { estimateScenario } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";

/** Experts that run one by one, as transformers 4 has them. */
const LONG: ScenarioInput = {
  model: "Qwen/Qwen3-30B-A3B",
  train: { method: "lora", lora: { targets: "all-linear" } },
  software: { transformers: "4.51.0" },
};

const DEEP: ScenarioInput = {
  model: {
    dims: {
      layers: 10_000,
      hidden_size: 1024,
      attention_heads: 16,
      intermediate_size: 4096,
      vocab_size: 32_000,
      tie_embeddings: false,
      gated_mlp: true,
    },
  },
  hardware: { gpu: { memory_gib: 4096 } },
};

for (const [name, input] of Object.entries({ LONG, DEEP })) {
  Deno.test(`a search that would play too long a step is refused at once: ${name}`, () => {
    const parsed = parseScenario(input);
    assert(parsed.ok);
    const model = resolveModel(parsed.value.model);
    assert(model.ok);
    const asking = askLargest(parsed.value, "train.sequence_length");
    let steps = 0;
    let asked = asking.next();
    while (!asked.done) {
      steps++;
      const { scenario, quick } = asked.value;
      const probe = quick ? probeOf(scenario, model.value) : null;
      asked = asking.next(
        probe ? { probe } : { estimate: estimateScenario(scenario) },
      );
    }
    assert(steps <= 2, `${steps} were asked for`);
    assert(!asked.value.ok);
    const [problem] = asked.value.problems;
    assertEquals(problem?.path, "train.sequence_length");
    assert(
      problem?.message.startsWith(
        "train.sequence_length is searched where a step has at most 150,000 allocations and frees: current value is ",
      ),
      problem?.message,
    );
  });
}
