import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  estimate,
  fieldAt,
  FIELDS,
  FLAGS,
  fromFlags,
  GROUPS,
  leavesOf,
  parseScenario,
  putAt,
  toInput,
} from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { anotherValue } from "./another_value.ts";

const MODEL = "meta-llama/Llama-3.1-8B";

Deno.test("every field of a Scenario is defined with its words", () => {
  const leaves = leavesOf({ ...DEFAULT_SCENARIO, model: "" });
  for (const { path } of leaves) {
    const field = fieldAt(path);
    assert(field, path);
    assert(field.label.length > 0 && field.group in GROUPS, path);
  }
});

Deno.test("what a field needs is a field", () => {
  for (const { path, needs } of FIELDS) {
    for (
      const need of needs.flatMap((each) =>
        "any" in each ? each.any.flat() : [each]
      )
    ) {
      assert("path" in need && fieldAt(need.path), path);
    }
  }
});

Deno.test("a flag means one thing", () => {
  const names = FLAGS.map(({ name }) => name);
  assertEquals(names.length, new Set(names).size);
  for (const name of names) assert(!name.startsWith("--no-"), name);
});

Deno.test("a field's own flag sets it", () => {
  for (const { path, flag: spelling } of FIELDS) {
    if (typeof spelling !== "string") continue;
    const flag = FLAGS.find(({ name }) => name === spelling);
    assert(flag, spelling);
    const value = anotherValue(path, null);
    const text = typeof value === "object" && !Array.isArray(value)
      ? JSON.stringify(value)
      : String(value);
    const parsed = parseScenario({
      model: MODEL,
      ...fromFlags([{ flag, text }]),
    });
    assert(parsed.ok, `${spelling}: ${JSON.stringify(parsed)}`);
    const found = leavesOf(parsed.value).find((leaf) => leaf.path === path);
    assertEquals(String(found?.value), String(parsedValue(path, value)), path);
  }
});

function parsedValue(path: string, value: unknown): unknown {
  const input: Record<string, unknown> = { model: MODEL };
  putAt(input, path, value);
  const parsed = parseScenario(input);
  assert(parsed.ok);
  return leavesOf(parsed.value).find((leaf) => leaf.path === path)?.value;
}

/** What an answer says of a scenario, warnings and the rest. */
function told(input: ScenarioInput): string {
  const { warnings, assumptions } = estimate(input);
  return [...warnings, ...assumptions].join("\n");
}

Deno.test("what no method models yet changes nothing and is said", () => {
  const cases: [name: string, input: Partial<ScenarioInput>, said: RegExp][] = [
    [
      "unlike cards",
      { hardware: { gpus: ["RTX 4090", "RTX 3090"] } },
      /hardware\.gpus = \["RTX 4090","RTX 3090"\] has no effect/,
    ],
    [
      "DeepSpeed's Adam",
      { optimizer: { implementation: "deepspeed" } },
      /optimizer\.implementation = "deepspeed" has no effect/,
    ],
    [
      "a teacher without distillation",
      { train: { teacher: "gpt2" } },
      /train\.teacher is not used: train\.objective is null/,
    ],
    [
      "buckets of another engine",
      { engine: { bucket_cap_mb: 50 } },
      /engine\.bucket_cap_mb is not used: engine\.name is "auto"/,
    ],
    [
      "clipping",
      { engine: { gradient_clipping: true } },
      /engine\.gradient_clipping = true has no effect/,
    ],
  ];
  const usual = estimate({ model: MODEL });
  for (const [name, input, said] of cases) {
    const found = estimate({ model: MODEL, ...input });
    assertEquals(found.memory, usual.memory, name);
    assertMatch(told({ model: MODEL, ...input }), said);
  }
});

Deno.test("keys and values in a type each are kept so by llama.cpp alone", () => {
  const kept = (serve: object) =>
    estimate({ model: MODEL, task: "serve", serve } as ScenarioInput).kv?.bytes;
  const pair = { k: "q8_0", v: "q4_0" };
  const engine = "llama.cpp";
  const each = kept({ engine, kv_dtype: pair }) ?? 0;
  assert(each < (kept({ engine, kv_dtype: "q8_0" }) ?? 0));
  assert(each > (kept({ engine, kv_dtype: "q4_0" }) ?? 0));
  assertMatch(
    told(
      {
        model: MODEL,
        task: "serve",
        serve: { kv_dtype: pair },
      } as ScenarioInput,
    ),
    /serve\.kv_dtype\.k is not used/,
  );
});

Deno.test("llama.cpp's names of types are read as the others", () => {
  const parsed = parseScenario({
    model: MODEL,
    serve: { kv_dtype: { k: "f16", v: "f32" } },
  });
  assert(parsed.ok);
  assertEquals(parsed.value.serve.kv_dtype, { k: "fp16", v: "fp32" });
});

Deno.test("weights as the checkpoint has them are counted as unquantised", () => {
  const parsed = parseScenario({
    model: MODEL,
    quantization: { weights: null },
  });
  assert(parsed.ok);
  assertEquals(parsed.value.quantization, DEFAULT_SCENARIO.quantization);
});

Deno.test("toInput() leaves out what is left to the engine, and keeps a model whole", () => {
  const teacher = { config: { model_type: "llama", "a.b": { c: [1] } } };
  const input = {
    model: "gpt2",
    train: { objective: "distillation", teacher },
    engine: { reshard_after_forward: 4 },
  };
  const parsed = parseScenario(input);
  assert(parsed.ok);
  assertEquals(structuredClone(toInput(parsed.value)), input);
});
