import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import { post } from "./api.ts";
import { CONFIG } from "./fields.ts";

const PATH = "/api/v1/estimate";
const MIB = 1024 ** 2;

const BAD: [body: string, path: string, parts: string[]][] = [
  ["", "", ["must be a scenario in JSON"]],
  ["{", "", ["must be a scenario in JSON"]],
  [`{"model": "gpt2"} x`, "", ["must be a scenario in JSON"]],
  ["\ufffd", "", ["must be a scenario in JSON"]],
  ["[]", "", ["must be an object", "[]"]],
  [`[{"model": "gpt2"}]`, "", ["must be an object"]],
  ["null", "", ["must be an object", "null"]],
  ["7", "", ["must be an object", "7"]],
  ["true", "", ["must be an object", "true"]],
  [`"gpt2"`, "", ["must be an object", "gpt2"]],
  ["{}", "model", ["model is missing"]],
  [`{"model": null}`, "model", ["null"]],
  [`{"model": 7}`, "model", ["must be a name", "7"]],
  [`{"model": ["gpt2"]}`, "model", ["gpt2"]],
  [`{"model": ""}`, "model", ["must not be empty"]],
  [`{"model": "nope"}`, "model", ["in the catalogue", "nope"]],
  [`{"model": "gpt2", "trian": {}}`, "trian", ["is not a field"]],
  [`{"model": "gpt2", "train": []}`, "train", ["must be an object", "[]"]],
  [`{"model": "gpt2", "train": {"x": 1}}`, "train.x", ["is not a field"]],
  [
    `{"model": "gpt2", "train": {"micro_batch": 0}}`,
    "train.micro_batch",
    ["train.micro_batch", "at least 1", "0"],
  ],
  [
    `{"model": "gpt2", "train": {"micro_batch": [1]}}`,
    "train.micro_batch",
    ["must be a number", "[1]"],
  ],
  [
    `{"model": "gpt2", "train": {"padding_mask": 1}}`,
    "train.padding_mask",
    ["true or false", "1"],
  ],
  [
    `{"model": "gpt2", "train": {"lora": {"targets": [5]}}}`,
    "train.lora.targets",
    ["all-linear", "[5]"],
  ],
  [
    `{"model": "gpt2", "hardware": {"gpu": {"memory_gib": 0}}}`,
    "hardware.gpu.memory_gib",
    ["at least 0.1", "0"],
  ],
  [`{"model": {"config": {}}}`, "model.config", ["model.config has no"]],
  [
    `{"model": {"dims": {"layers": 2}}}`,
    "model.dims.hidden_size",
    ["model.dims.hidden_size", "missing"],
  ],
];

for (const [body, path, parts] of BAD) {
  Deno.test(`POST ${PATH} refuses ${JSON.stringify(body)}`, async () => {
    const reply = await post(body);
    assertEquals(reply.status, 422);
    assertEquals(Object.keys(reply.body), ["error"]);
    const error = reply.body["error"] as Record<string, unknown>;
    assertEquals(error["path"], path);
    for (const part of parts) {
      assertStringIncludes(String(error["message"]), part);
    }
  });
}

Deno.test(`POST ${PATH} says every further problem too`, async () => {
  const { body } = await post(
    `{"model": "gpt2", "task": "x", "train": {"micro_batch": 0}}`,
  );
  const error = body["error"] as Record<string, unknown>;
  const more = error["more"] as Record<string, unknown>[];
  assertEquals(
    [error["path"], ...more.map(({ path }) => path)].sort(),
    ["task", "train.micro_batch"],
  );
});

const BIG: [name: string, body: () => BodyInit, headers: HeadersInit][] = [
  ["that says so", () => "x".repeat(10 * MIB), {
    "content-length": String(10 * MIB),
  }],
  ["that does not", () => "x".repeat(10 * MIB), {}],
  ["that streams", () => ReadableStream.from(chunks()), {}],
];

for (const [name, body, headers] of BIG) {
  Deno.test(`POST ${PATH} refuses a body of 10 MiB ${name}`, async () => {
    const reply = await post(body(), headers);
    assertEquals(reply.status, 413);
    const error = reply.body["error"] as Record<string, unknown>;
    assertEquals(error["path"], "");
    assertStringIncludes(String(error["message"]), `at most ${MIB} bytes`);
  });
}

function* chunks(): Generator<Uint8Array<ArrayBuffer>> {
  for (let sent = 0; sent < 10; sent++) yield new Uint8Array(MIB).fill(32);
}

Deno.test(`POST ${PATH} takes a body just under the limit`, async () => {
  const text = `{"model": "gpt2"}`;
  const { status } = await post(text.padEnd(MIB));
  assertEquals(status, 200);
});

Deno.test(`POST ${PATH} answers JSON that nests without end`, async () => {
  const nest = "[".repeat(100_000) + "]".repeat(100_000);
  const config = JSON.stringify(CONFIG).replace("{", `{"x": ${nest}, `);
  for (
    const body of [
      nest,
      `{"model": "gpt2", "task": ${nest}}`,
      `{"model": ${nest}}`,
      `{"model": {"config": ${config}}}`,
      `{"model": "gpt2", "train": {"lora": {"targets": ${nest}}}}`,
    ]
  ) {
    const response = await app.request(PATH, { method: "POST", body });
    await response.body?.cancel();
    assert([200, 422].includes(response.status), body.slice(0, 60));
  }
});
