import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { estimate, parseScenario } from "../../lib/mod.ts";
import { answerTo, METHOD_BY_NAME } from "../../lib/methods/mod.ts";
import type { Method, Question } from "../../lib/methods/method.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { trainableOf } from "../../lib/models/trainable.ts";
import { meshOf } from "../../lib/parallel/mesh.ts";
import { METHODS as NAMES } from "../../lib/scenario/methods.ts";

function question(method: string): Question {
  const parsed = parseScenario({ model: "llama2-7b", method });
  assert(parsed.ok);
  const scenario = parsed.value;
  const model = resolveModel(scenario.model);
  assert(model.ok);
  const mesh = meshOf(scenario.parallel, model.value.architecture);
  const trained = trainableOf(model.value, scenario);
  assert(mesh.ok && trained.ok);
  return {
    scenario,
    model: model.value,
    mesh: mesh.value,
    trainable: trained.value.parameters,
  };
}

const { factors } = METHOD_BY_NAME;
assert(factors);

const doubled: Method = (asked) => {
  const result = factors(asked);
  if (!result.ok) return result;
  const { memory } = result.value;
  return {
    ok: true,
    value: {
      ...result.value,
      memory: { ...memory, device_peak_bytes: 2 * memory.device_peak_bytes },
      warnings: ["its own"],
    },
  };
};

Deno.test("answerTo() answers with the method that is asked for", () => {
  const [own, other] = ["timeline", "factors"].map((name) =>
    answerTo(question(name), { factors, timeline: doubled })
  );
  assert(own?.ok && other?.ok);
  assertEquals(own.value.method, "timeline");
  assertEquals(own.value.warnings, ["its own"]);
  assertEquals(other.value.method, "factors");
  assertEquals(
    own.value.memory.device_peak_bytes,
    2 * other.value.memory.device_peak_bytes,
  );
});

Deno.test("answerTo() falls back on factors for a method that there is not", () => {
  const result = answerTo(question("multipliers"), { factors });
  assert(result.ok);
  assertEquals(result.value.method, "factors");
  assertEquals(
    result.value.warnings[0],
    'method "multipliers" is not available yet: the factors method answered',
  );
});

Deno.test("answerTo() falls back on factors where a method does not model the scenario", () => {
  const timeline: Method = () => ({
    ok: false,
    uncovered: "it has no pipelines",
  });
  const result = answerTo(question("timeline"), { factors, timeline });
  assert(result.ok);
  assertEquals(result.value.method, "factors");
  assertEquals(
    result.value.warnings[0],
    'method "timeline" does not answer here, because it has no pipelines: the factors method answered',
  );
});

Deno.test("answerTo() passes problems on rather than asking another method", () => {
  const problems = [{ path: "model", message: "model must be better" }];
  const timeline: Method = () => ({ ok: false, problems });
  assertEquals(answerTo(question("timeline"), { factors, timeline }), {
    ok: false,
    problems,
  });
});

Deno.test("estimate() says which method answered, for every name", () => {
  for (const method of NAMES) {
    const found = estimate({ model: "llama2-7b", method });
    if (found.method === method) continue;
    assertEquals(found.method, "factors");
    assertStringIncludes(found.warnings.join("\n"), `method "${method}"`);
  }
});
