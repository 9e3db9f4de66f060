import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  describeField,
  fieldAt,
  leavesOf,
  putAt,
  tryEstimate,
} from "../../lib/mod.ts";
import type { Estimate } from "../../lib/mod.ts";
import { assertOk } from "./results.ts";
import { anotherValue } from "./another_value.ts";
import type { Setting } from "./remark_settings.ts";
import {
  BESIDE,
  CHANGES_NOTHING,
  CHANGES_NOTHING_SERVED,
  IN_WORDS,
  VALUES,
} from "./remark_settings.ts";

const USUAL = new Map(
  leavesOf(DEFAULT_SCENARIO).map(({ path, value }) => [path, value]),
);
const PATHS = [...USUAL.keys()];

function valuesOf(path: string): unknown[] {
  const given = VALUES[path];
  if (given) return given;
  const usual = USUAL.get(path);
  const isLeftToEngines = usual === null && /^(engine|parallel)\./.test(path);
  if (fieldAt(path)?.awaited === true || isLeftToEngines) {
    return [anotherValue(path, usual)];
  }
  const field = describeField(path);
  if (field.kind === "switch") return [usual !== true];
  if (field.kind !== "choice") return [];
  return field.options.filter((option) => option !== String(usual));
}

function answer(settings: Setting): Estimate {
  const input: Setting = { model: "meta-llama/Llama-3.1-8B" };
  for (const [path, value] of Object.entries(settings)) {
    putAt(input, path, value);
  }
  const result = tryEstimate(input);
  assertOk(result);
  return result.value;
}

/** What the answer says of the memory, whatever it remarks. */
function figures({ memory, kv, model }: Estimate): string {
  return JSON.stringify([
    // A formula may name a type, bytes and all else being the same.
    memory.parts.map(({ name, bytes }) => [name, bytes]),
    memory.phases,
    memory.reserved_peak_bytes,
    memory.device_peak_bytes,
    kv?.bytes,
    model.trainable_parameters,
  ]);
}

function remarksOf({ warnings, assumptions }: Estimate): string[] {
  // What is at its default is listed there, whatever the method makes of it.
  return [...warnings, ...assumptions].filter((line) =>
    !line.startsWith("Defaults: ")
  );
}

function speakOf(remarks: string[], path: string, name: string): boolean {
  const words = IN_WORDS[name] ?? IN_WORDS[path];
  return remarks.some((remark) =>
    new RegExp(`\\b${path.replaceAll(".", "\\.")}\\b`).test(remark) ||
    (words !== undefined && remark.includes(words))
  );
}

for (const task of ["train", "serve"]) {
  for (const path of PATHS) {
    for (const value of valuesOf(path)) {
      const name = `${path}=${
        typeof value === "object" ? JSON.stringify(value) : value
      }`;
      if (CHANGES_NOTHING[name] ?? CHANGES_NOTHING[path]) continue;
      const served = CHANGES_NOTHING_SERVED[name] ??
        CHANGES_NOTHING_SERVED[path];
      if (task === "serve" && served) continue;
      if (path === "task" && value === task) continue;
      Deno.test(`remarks() leaves no ${name} ignored in silence (${task})`, () => {
        const beside = { task, ...BESIDE[path] };
        const before = answer(beside);
        const after = answer({ ...beside, [path]: value });
        const usual = new Set(remarksOf(before));
        const said = remarksOf(after).filter((remark) => !usual.has(remark));
        assert(
          figures(before) !== figures(after) || speakOf(said, path, name),
          `changes no memory, and all that is said is: ${said.join("; ")}`,
        );
      });
    }
  }
}

Deno.test("remarks() says of a field set alone why it is not used", () => {
  for (const path of Object.keys(BESIDE)) {
    for (const value of valuesOf(path)) {
      const settings = { [path]: value };
      const input: Setting = { model: "meta-llama/Llama-3.1-8B" };
      putAt(input, path, value);
      if (!tryEstimate(input).ok) continue;
      const after = answer(settings);
      assert(
        figures(after) !== figures(answer({})) || path === "parallel.gpus" ||
          speakOf(remarksOf(after), path, `${path}=${value}`),
        `${path} alone is ignored in silence`,
      );
    }
  }
});

Deno.test("remarks() is tried on every field of a Scenario", () => {
  for (const path of PATHS) assert(valuesOf(path).length > 0, path);
  for (const path of [...Object.keys(VALUES), ...Object.keys(BESIDE)]) {
    assert(PATHS.includes(path), path);
  }
});

const NOTHING: [name: string, why: string, served: boolean][] = [
  ...Object.entries(CHANGES_NOTHING).map((
    [name, why],
  ): [string, string, boolean] => [name, why, name.startsWith("serve.")]),
  ...Object.entries(CHANGES_NOTHING_SERVED).map((
    [name, why],
  ): [string, string, boolean] => [name, why, true]),
];

for (const [name, why, served] of NOTHING) {
  const task = served ? "serve" : "train";
  Deno.test(`estimate() counts the same for ${name} (${task}): ${why}`, () => {
    const [path = "", text] = name.split("=");
    const values = text === undefined ? valuesOf(path) : [text];
    for (const value of values) {
      const before = answer({ task });
      assertEquals(figures(answer({ task, [path]: value })), figures(before));
    }
  });
}

Deno.test("remarks() warns of nothing in a Scenario of defaults", () => {
  assertEquals(answer({}).warnings, []);
});

Deno.test("remarks() names each field that has no effect, with its value", () => {
  const { warnings } = answer({
    "parallel.virtual_pipeline": 2,
    "engine.offload_optimizer": "cpu",
    "software.accelerate": "1.3.0",
  });
  const expected = [
    "parallel.virtual_pipeline = 2",
    'engine.offload_optimizer = "cpu"',
    'software.accelerate = "1.3.0"',
  ];
  assertEquals(warnings.length, expected.length);
  for (const [at, field] of expected.entries()) {
    assertStringIncludes(warnings[at] ?? "", `${field} has no effect`);
  }
});

Deno.test("remarks() says which method answered where another was asked for", () => {
  const { method, warnings } = answer({
    "method": "multipliers",
    "train.method": "lora",
  });
  assertEquals(method, "factors");
  assertStringIncludes(warnings.join("\n"), 'method "multipliers"');
});

Deno.test("a sequence that is longer than the model's context is warned of", () => {
  const warnings = (sequence_length: number): string[] => {
    const answer = tryEstimate({ model: "gpt2", train: { sequence_length } });
    assertOk(answer);
    return answer.value.warnings;
  };
  assertEquals(warnings(1024), []);
  const [said = ""] = warnings(1025);
  assertStringIncludes(said, "1,025 is more than the 1,024 tokens");
});
