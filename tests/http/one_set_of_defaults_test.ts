/// <reference lib="dom" />
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { app } from "../../app.ts";
import { applySet } from "../../commands/apply_set.ts";
import type { Scenario } from "../../lib/mod.ts";
import {
  DEFAULT_SCENARIO,
  describeField,
  estimate,
  FLAGS,
  formatBytes,
  fromFlags,
  parseScenario,
  PRESETS,
  putAt,
  tryEstimate,
} from "../../lib/mod.ts";
import { FIELDS } from "./fields.ts";
import { documentOf } from "./visit.ts";

/** What a door says of a scenario: all of it and its memory, or what is wrong. */
type Said =
  | { scenario: Scenario; peak: number; assumptions: string[] }
  | { refused: string[] };

/** Values of fields whose kind does not give any that can be used. */
const VALUES: Record<string, fc.Arbitrary<unknown>> = {
  "train.micro_batch": fc.integer({ min: 1, max: 8 }),
  "train.sequence_length": fc.integer({ min: 1, max: 4096 }),
  "train.gradient_accumulation": fc.integer({ min: 1, max: 8 }),
  "train.lora.rank": fc.integer({ min: 1, max: 256 }),
  "train.lora.targets": fc.constantFrom("all-linear", "default"),
  "serve.batch": fc.integer({ min: 1, max: 64 }),
  "serve.input_tokens": fc.integer({ min: 1, max: 4096 }),
  "serve.output_tokens": fc.integer({ min: 0, max: 512 }),
  "parallel.gpus": fc.constantFrom(1, 2, 4, 8),
  "engine.zero_stage": fc.integer({ min: 0, max: 3 }),
  "quantization.weights": fc.constantFrom("none", "nf4", "int8", "gguf:Q4_K_M"),
  "hardware.gpu": fc.constantFrom("RTX 4090", "H100-80GB"),
};

/** Fields that a door may be given, and their values. */
const choices = FIELDS.flatMap((path) => {
  if (path === "model") return [];
  const values = VALUES[path] ?? valuesOf(path);
  return values ? [values.map((value) => ({ path, value }))] : [];
});

function valuesOf(path: string): fc.Arbitrary<unknown> | null {
  const field = describeField(path);
  if (field.kind === "switch") return fc.boolean();
  return field.kind === "choice" ? fc.constantFrom(...field.options) : null;
}

const MODEL = fc.constantFrom("gpt2", "Qwen/Qwen3-0.6B", "Qwen/Qwen3-32B");

const partial = fc.record({
  model: MODEL,
  given: fc.uniqueArray(fc.oneof(...choices), {
    maxLength: 6,
    selector: ({ path }) => path,
  }),
});

Deno.test("page, command line, API and library take one set of defaults", async () => {
  await fc.assert(
    fc.asyncProperty(partial, async ({ model, given }) => {
      const input: Record<string, unknown> = { model };
      for (const { path, value } of given) putAt(input, path, value);
      const said = byLibrary(input);
      await sameByApi(input, said);

      const set: Record<string, unknown> = { model };
      for (const { path, value } of given) applySet(set, `${path}=${value}`);
      assertEquals(byLibrary(set), said);

      const query = new URLSearchParams({ model });
      for (const { path, value } of given) query.set(path, String(value));
      assertEquals(await byPage(query), shownBy(said));
    }),
    { numRuns: 60 },
  );
});

Deno.test("a flag sets what its name says, and leaves the rest to the defaults", () => {
  const given: [flag: string, text: string, fields: Record<string, unknown>][] =
    [
      ["--lora", "true", { "train.method": "lora" }],
      ["--qlora", "true", { "train.method": "qlora" }],
      ["--grad-checkpoint", "true", { "train.checkpointing": "full" }],
      ["--flashattn", "false", { "train.attention": "eager" }],
      ["--seq-len", "512", { "train.sequence_length": 512 }],
      ["--task", "serve", { "task": "serve" }],
      ["--gpu", "RTX 4090", { "hardware.gpu": "RTX 4090" }],
    ];
  for (const [name, text, fields] of given) {
    const flag = FLAGS.find((each) => each.name === name);
    assert(flag, name);
    const wanted: Record<string, unknown> = { model: "gpt2" };
    for (const [path, value] of Object.entries(fields)) {
      putAt(wanted, path, value);
    }
    assertEquals(
      parseScenario(fromFlags([{ flag, text }], { model: "gpt2" })),
      parseScenario(wanted),
      name,
    );
  }
});

Deno.test("the defaults that the flags' help tells are the schema's", () => {
  const told = FLAGS.flatMap(({ name, path, help, settings }) => {
    const text = help.match(/\((\d[\d.]*)\)$/)?.[1];
    return text === undefined || settings ? [] : [{ name, path, text }];
  });
  assert(told.length > 10);
  for (const { name, path, text } of told) {
    assertEquals(Number(text), valueAt(path), name);
  }
});

Deno.test("another model in the page's first form gets every door's answer", async () => {
  const page = await (await app.request("/")).text();
  const query = new URLSearchParams();
  for (const control of documentOf(page).querySelectorAll("#scenario [name]")) {
    const name = control.getAttribute("name") ?? "";
    const option = control.querySelector("option[selected]");
    const value = control.tagName === "SELECT"
      ? option?.getAttribute("value") ?? option?.textContent ?? ""
      : control.getAttribute("value") ?? control.textContent ?? "";
    const type = control.getAttribute("type");
    if (
      (type === "checkbox" || type === "radio") &&
      !control.hasAttribute("checked")
    ) continue;
    query.set(name, value);
  }
  assertEquals(query.get("model"), PRESETS[0].scenario.model);
  query.set("model", "Qwen/Qwen3-32B");
  const flags = [["--qlora", "true"], ["--gpu", "RTX 4090"]].map((
    [name, text = ""],
  ) => {
    const flag = FLAGS.find((each) => each.name === name);
    assert(flag);
    return { flag, text };
  });
  const said = byLibrary(fromFlags(flags, { model: "Qwen/Qwen3-32B" }));
  assertEquals(await byPage(query), shownBy(said));
});

Deno.test("the answer lists the defaults that move memory, and no other setting", () => {
  const input = {
    model: "Qwen/Qwen3-32B",
    train: { method: "qlora", micro_batch: 2 },
  } as const;
  const line = defaultsOf(estimate(input).assumptions);
  for (
    const each of ["train.sequence_length 2048", "train.checkpointing none"]
  ) assertStringIncludes(line, each);
  for (const each of ["train.micro_batch", "train.method", "serve."]) {
    assert(!line.includes(each), `${each} is among ${line}`);
  }
  assertStringIncludes(
    defaultsOf(estimate({ model: "gpt2", task: "serve" }).assumptions),
    "serve.input_tokens 1024",
  );
});

const OTHERS: Record<string, unknown> = {
  "train.sequence_length": 1024,
  "train.micro_batch": 2,
  "train.lora.targets": "all-linear",
  "train.lora.rank": 8,
  "quantization.weights": "int8",
  "optimizer.name": "sgd",
  "optimizer.bits": 8,
  "parallel.gpus": 2,
  "hardware.gpu": "RTX 4090",
};

Deno.test("each default that the answer lists moves memory", () => {
  const input = { model: "Qwen/Qwen3-0.6B", train: { method: "qlora" } };
  const usual = tryEstimate(input);
  assert(usual.ok);
  const paths = defaultsOf(usual.value.assumptions)
    .matchAll(/[a-z]+(?:\.[a-z_]+)+(?= )/g);
  for (const [path] of paths) {
    const field = describeField(path);
    const others = path in OTHERS
      ? [OTHERS[path]]
      : field.kind === "choice"
      ? field.options
      : field.kind === "switch"
      ? [true, false]
      : [];
    const moves = others.some((value) => {
      const changed = structuredClone<Record<string, unknown>>(input);
      putAt(changed, path, value);
      const result = tryEstimate(changed);
      return result.ok && result.value.memory.device_peak_bytes !==
          usual.value.memory.device_peak_bytes;
    });
    assert(moves, path);
  }
});

function defaultsOf(assumptions: readonly string[]): string {
  return assumptions.find((each) => each.startsWith("Defaults: ")) ?? "";
}

function byLibrary(input: unknown): Said {
  const result = tryEstimate(input);
  return result.ok
    ? {
      scenario: result.value.scenario,
      peak: result.value.memory.device_peak_bytes,
      assumptions: result.value.assumptions,
    }
    : { refused: result.problems.map(({ message }) => message) };
}

/** The API tells the first problem of those that the library finds. */
async function sameByApi(input: unknown, said: Said): Promise<void> {
  const response = await app.request("/api/v1/estimate", {
    method: "POST",
    body: JSON.stringify(input),
  });
  assertEquals(response.ok, !("refused" in said));
  const text = await response.text();
  if ("refused" in said) {
    assertStringIncludes(text, JSON.stringify(said.refused[0] ?? "-"));
    return;
  }
  const { scenario, memory, assumptions } = JSON.parse(text);
  assertEquals({ scenario, peak: memory.device_peak_bytes, assumptions }, said);
}

/** The page's title has the memory; its list of assumptions is the answer's. */
async function byPage(query: URLSearchParams): Promise<unknown> {
  let response = await app.request(`/?${query}`);
  if (response.status === 303) {
    response = await app.request(response.headers.get("location") ?? "");
  }
  if (response.status === 422) return "refused";
  const document = documentOf(await response.text());
  const title = document.querySelector("title")?.textContent ?? "";
  const listed = [...document.querySelectorAll("#answer li")]
    .map((each) => each.textContent?.trim() ?? "")
    .filter((each) => each.startsWith("Defaults: "));
  return { memory: title.replace(/^.*: (.*) · .*$/, "$1"), listed };
}

function shownBy(said: Said): unknown {
  if ("refused" in said) return "refused";
  return {
    memory: formatBytes(said.peak),
    listed: said.assumptions.filter((each) => each.startsWith("Defaults: ")),
  };
}

function valueAt(path: string): unknown {
  return path.split(".").reduce<unknown>(
    (value, key) => (value as Record<string, unknown>)[key],
    DEFAULT_SCENARIO,
  );
}
