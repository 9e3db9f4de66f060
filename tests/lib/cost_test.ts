import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { costOf, costProblem } from "../../lib/ask/cost.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import type { Scenario } from "../../lib/mod.ts";
import { CATALOGUE, parseScenario } from "../../lib/mod.ts";
import { MAX_COST } from "../../routes/pool/limits.ts";
import { assertOk } from "./results.ts";

/** A scenario of dimensions, and what it costs. */
function cost(layers: number, train: Record<string, unknown> = {}) {
  const { scenario, model } = made({
    dims: {
      layers,
      hidden_size: 64,
      attention_heads: 2,
      vocab_size: 1000,
    },
  }, train);
  return costOf(model, scenario);
}

function made(model: unknown, train: Record<string, unknown> = {}) {
  const scenario = parseScenario({ model, train });
  assertOk(scenario);
  const resolved = resolveModel((scenario.value as Scenario).model);
  assert(resolved.ok);
  return { scenario: scenario.value, model: resolved.value };
}

Deno.test("what is more costs more: layers, passes, pieces of the loss", () => {
  const layers = fc.integer({ min: 1, max: 9999 });
  const length = fc.integer({ min: 1, max: 100_000 });
  fc.assert(
    fc.property(layers, length, (layers, length) => {
      const plain = cost(layers, { sequence_length: length });
      const total = (more: Record<string, unknown>, at = layers): number =>
        cost(at, { sequence_length: length, ...more }).total;
      assert(total({}, layers + 1) > plain.total);
      assert(total({ checkpointing: "full" }) > plain.total);
      const chunked = total({ loss: "chunked" });
      assert(chunked > plain.total);
      assert(total({ loss: "chunked", micro_batch: 512 }) > chunked);
    }),
    { numRuns: 30 },
  );
});

Deno.test("a cost is layers times kinds times passes", () => {
  const [one, two, three] = [1, 2, 3].map((layers) => cost(layers));
  assert(one && two && three);
  const kinds = two.tensors - one.tensors;
  assertEquals(three.tensors - two.tensors, kinds);
  assertEquals(one.total, one.tensors * one.passes);
});

Deno.test("every model of the catalogue is far below the limit, 10,000 layers above", () => {
  for (const { id } of CATALOGUE) {
    const { scenario, model } = made(id, { checkpointing: "full" });
    assert(costOf(model, scenario).total < MAX_COST / 5, id);
    assertEquals(costProblem(model, scenario, MAX_COST), null);
  }
  const { scenario, model } = made({
    dims: {
      layers: 10_000,
      hidden_size: 64,
      attention_heads: 2,
      vocab_size: 1000,
    },
  });
  const problem = costProblem(model, scenario, MAX_COST);
  assertEquals(problem?.path, "model");
  assertMatch(problem?.message ?? "", /at most 33333 tensors .* has 90003$/);
});
