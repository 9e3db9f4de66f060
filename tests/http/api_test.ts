import { assert, assertEquals } from "@std/assert";
import { DEFAULT_SCENARIO, estimate } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { get, post } from "./api.ts";
import { CONFIG, DIMS } from "./fields.ts";
import { address, sentBy, visit } from "./visit.ts";

const PATH = "/api/v1/estimate";

/** As it stands after a way through JSON. */
function viaJson(value: unknown): Record<string, unknown> {
  return JSON.parse(JSON.stringify(value));
}

const GOOD: [name: string, input: ScenarioInput][] = [
  ["a model alone", { model: "llama2-7b" }],
  ["a fine-tune on eight GPUs", {
    model: "meta-llama/Llama-2-7b-hf",
    train: { micro_batch: 2, sequence_length: 4096, checkpointing: "full" },
    parallel: { gpus: 8 },
    engine: { name: "deepspeed", zero_stage: 2 },
  }],
  ["serving", { model: "gpt2", task: "serve", serve: { batch: 4 } }],
  ["a config.json", { model: { config: CONFIG } }],
  ["a GPU's memory", {
    model: "llama2-7b",
    hardware: { gpu: { memory_gib: 24 } },
  }],
  ["a scenario with every default written out", {
    ...DEFAULT_SCENARIO,
    model: "llama2-7b",
  }],
];

for (const [name, input] of GOOD) {
  Deno.test(`POST ${PATH} answers as the library does: ${name}`, async () => {
    const { status, body } = await post(JSON.stringify(input));
    assertEquals(status, 200);
    assertEquals(body, viaJson(estimate(input)));
  });
}

Deno.test(`POST ${PATH} takes an answered scenario back`, async () => {
  const first = await post(`{"model": "llama2-7b", "task": "serve"}`);
  const second = await post(JSON.stringify(first.body["scenario"]));
  assertEquals(second.body, first.body);
});

Deno.test(`POST ${PATH} reads JSON whatever the content type says`, async () => {
  for (const type of ["application/json", "text/plain", "x/y"]) {
    const { status } = await post(`{"model": "gpt2"}`, {
      "content-type": type,
    });
    assertEquals(status, 200, type);
  }
});

/** What each key of the contract holds. */
const WHOLE = /^\d+$/;
const SHAPE: Record<string, RegExp | "text" | "number" | "texts" | "boolean"> =
  {
    "method": "text",
    "model.name": "text",
    "model.type": "text",
    "model.source": /^(catalogue|config|headers|dims)$/,
    "model.parameters": WHOLE,
    "model.trainable_parameters": WHOLE,
    "model.active_parameters": WHOLE,
    "memory.allocated_peak_bytes": /^(\d+|null)$/,
    "memory.allocated_steady_bytes": /^(\d+|null)$/,
    "memory.reserved_peak_bytes": /^(\d+|null)$/,
    "memory.device_peak_bytes": WHOLE,
    "memory.low_bytes": /^(\d+|null)$/,
    "memory.high_bytes": /^(\d+|null)$/,
    "memory.binding": "text",
    "host.peak_bytes": /^(\d+|null)$/,
    "memory.parts.0.name": "text",
    "memory.parts.0.bytes": WHOLE,
    "memory.parts.0.formula": "text",
    "memory.parts.0.basis": /^(exact|derived|fitted|assumed)$/,
    "fit.0.gpu": "text",
    "fit.0.usable_bytes": WHOLE,
    "fit.0.fits": "boolean",
    "fit.0.headroom_bytes": /^-?\d+$/,
    "fit.0.utilization": "number",
    "assumptions": "texts",
    "warnings": "texts",
  };
const KV: typeof SHAPE = {
  "kv.bytes_per_token": WHOLE,
  "kv.bytes": WHOLE,
  "kv.max_tokens": /^(\d+|null)$/,
  "kv.max_sequences": /^(\d+|null)$/,
};

for (const [name, input] of GOOD) {
  Deno.test(`POST ${PATH} has every key of the contract: ${name}`, async () => {
    const { body } = await post(JSON.stringify(input));
    const serving = input.task === "serve";
    for (
      const [path, type] of Object.entries({ ...SHAPE, ...(serving ? KV : {}) })
    ) {
      assertType(valueAt(body, path), type, path);
    }
    assertEquals("kv" in body, serving);
    assert("ranks" in (body["memory"] as object));
    assertEquals(
      Object.keys(body["scenario"] as object),
      Object.keys(DEFAULT_SCENARIO),
    );
    const { memory } = estimate(input);
    const sum = memory.parts.reduce((total, { bytes }) => total + bytes, 0);
    const timeline = (body["method"] as string) === "timeline";
    assertEquals(
      sum,
      timeline ? memory.allocated_peak_bytes : memory.device_peak_bytes,
    );
    const phases = valueAt(body, "memory.phases");
    if (!timeline) assertEquals(phases, null);
    else {
      assertEquals(
        (phases as { name: string }[]).map(({ name }) => name),
        serving
          ? [
            "load",
            "prefill",
            "decode, first token",
            "decode, last token",
            "sampling",
          ]
          : ["load", "forward", "backward", "optimizer"],
      );
    }
  });
}

function valueAt(value: unknown, path: string): unknown {
  return path.split(".").reduce<unknown>(
    (inner, key) => (inner as Record<string, unknown> | undefined)?.[key],
    value,
  );
}

function assertType(
  value: unknown,
  type: (typeof SHAPE)[string],
  path: string,
): void {
  const message = `${path} is ${JSON.stringify(value)}`;
  if (type instanceof RegExp) assert(type.test(`${value}`), message);
  else if (type === "texts") {
    assert(Array.isArray(value), message);
    assert(value.every((text) => typeof text === "string"), message);
  } else if (type === "text") {
    assert(typeof value === "string" && value !== "", message);
  } else assertEquals(typeof value, type, message);
}

const SAME: [query: string, input: ScenarioInput][] = [
  ["model=llama2-7b", { model: "llama2-7b" }],
  ["model=gpt2&train.micro_batch=4&train.lora.targets=c_attn,", {
    model: "gpt2",
    train: { micro_batch: 4, lora: { targets: ["c_attn"] } },
  }],
  ["model=llama2-7b&train.sequence_length=4k&hardware.gpu=rtx+4090", {
    model: "llama2-7b",
    train: { sequence_length: 4096 },
    hardware: { gpu: "rtx 4090" },
  }],
  [address("", { "model.config": JSON.stringify(CONFIG) }).slice(1), {
    model: { config: CONFIG },
  }],
];

for (const [query, input] of SAME) {
  Deno.test(`GET ${PATH} answers as POST does: ${query}`, async () => {
    const got = await get(query);
    const posted = await post(JSON.stringify(input));
    assertEquals(got.status, 200);
    assertEquals(got.body, posted.body);
  });
}

Deno.test(`GET ${PATH} takes the page's whole form`, async () => {
  const { document } = await visit(address("/", DIMS));
  const got = await get(sentBy(document).toString());
  assertEquals(got.body, (await get(`${new URLSearchParams(DIMS)}`)).body);
});

Deno.test(`GET ${PATH} refuses as POST does`, async () => {
  const got = await get("model=gpt2&task=eval");
  const posted = await post(`{"model": "gpt2", "task": "eval"}`);
  assertEquals(got.status, 422);
  assertEquals(got.body, posted.body);
});
