import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { estimateOnHub } from "../../hub/estimate.ts";
import { hubFrom, openHub } from "../../hub/mod.ts";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import { copiesOf } from "../../lib/models/tensors/tensor.ts";
import { findModel } from "../../lib/mod.ts";
import type { Model, Result } from "../../lib/mod.ts";
import type { FakeModel } from "./fake_hub.ts";
import { startFakeHub, TOKEN } from "./fake_hub.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  vocab_size: 320,
};
const PARAMETERS = 3 * (4 * 64 * 64 + 3 * 64 * 96 + 2 * 64) + 64 + 2 * 320 * 64;

/** The checkpoint of a config, in so many files. */
function checkpointOf(
  config: Record<string, unknown>,
  shards: number,
): NonNullable<FakeModel["files"]> {
  const model = modelOfConfig(config, { name: "x", source: "config" });
  assert(model.ok);
  const all = model.value.tensors.flatMap((tensor) =>
    Array.from({ length: copiesOf(tensor) }, (_, layer) => ({
      name: tensor.name.replace(".N.", `.${layer}.`),
      tensor: { dtype: "BF16", shape: [...tensor.shape] },
    }))
  );
  const files: NonNullable<FakeModel["files"]> = {};
  for (const [at, { name, tensor }] of all.entries()) {
    const shard = String(at % shards + 1).padStart(5, "0");
    const file = shards === 1
      ? "model.safetensors"
      : `model-${shard}-of-${String(shards).padStart(5, "0")}.safetensors`;
    (files[file] ??= {})[name] = tensor;
  }
  return files;
}

function refusal(result: Result<Model>): string {
  assert(!result.ok);
  assertEquals(result.problems.map(({ path }) => path), ["model"]);
  return result.problems[0]?.message ?? "";
}

Deno.test("openHub() builds a model from its config.json", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const model = await openHub(hub).model("a/b");
  assert(model.ok);
  assertEquals(model.value.parameters, PARAMETERS);
  assertEquals([model.value.name, model.value.source], ["a/b", "config"]);
  assertEquals(hub.asked.length, 2);
});

Deno.test("openHub() counts a 405B model of 72 files by headers as by config and catalogue", async () => {
  const entry = findModel("meta-llama/Llama-3.1-405B");
  assert(entry);
  const files = checkpointOf(entry.config, 72);
  await using hub = startFakeHub({ "a/big": { config: entry.config, files } });
  const progress: string[] = [];
  const model = await openHub(hub).model("a/big", {
    headers: true,
    onProgress: (done, total) => progress.push(`${done}/${total}`),
  });
  assert(model.ok, model.ok ? "" : JSON.stringify(model));
  assertEquals(model.value.source, "headers");
  assertEquals(model.value.parameters, 405_853_388_800);
  assertEquals(entry.parameters, 405_853_388_800);
  assertEquals(model.value.tensors.length, 12);
  assertEquals(model.value.notes, []);
  assertEquals(
    progress,
    Array.from({ length: 73 }, (_, done) => `${done}/72`),
  );
  // What it holds, config, index, and a request a file.
  assertEquals(hub.asked.length, 75);
});

Deno.test("openHub() takes an unknown model type from its headers", async () => {
  const files = checkpointOf(CONFIG, 1);
  const config = { ...CONFIG, model_type: "unheard_of" };
  await using hub = startFakeHub({
    "a/new": { config, files },
    "a/bare": { files },
  });
  const opened = openHub(hub);
  const bare = await opened.model("a/bare");
  assert(bare.ok, JSON.stringify(bare));
  assertEquals([bare.value.source, bare.value.parameters], [
    "headers",
    PARAMETERS,
  ]);
  assertEquals(bare.value.architecture.layers, 3);
  assertEquals(bare.value.architecture.hidden_size, 64);
  const counted = await opened.model("a/new", { headers: true });
  assert(counted.ok);
  assertEquals([counted.value.parameters, counted.value.parameters_basis], [
    PARAMETERS,
    "exact",
  ]);
});

Deno.test("openHub() says by how much headers and config differ", async () => {
  const files = checkpointOf(CONFIG, 1);
  files["model.safetensors"] = {
    ...files["model.safetensors"],
    "extra.weight": { dtype: "BF16", shape: [7] },
  };
  await using hub = startFakeHub({ "a/b": { config: CONFIG, files } });
  const model = await openHub(hub).model("a/b", { headers: true });
  assert(model.ok);
  assertStringIncludes(model.value.notes.join(), "+7");
});

Deno.test("openHub() says what to do about gated and private models", async () => {
  await using hub = startFakeHub({
    "a/gated": { config: CONFIG, gated: true },
    "a/private": { config: CONFIG, private: true },
  });
  assertStringIncludes(
    refusal(await openHub(hub).model("a/gated")),
    "accept its terms",
  );
  assertStringIncludes(
    refusal(await openHub(hub).model("a/private")),
    "set HF_TOKEN",
  );
  assertStringIncludes(
    refusal(await openHub(hub).model("a/none")),
    "not on the Hub",
  );
  const known = openHub({ endpoint: hub.endpoint, token: TOKEN });
  assert((await known.model("a/gated")).ok);
  assert((await known.model("a/private")).ok);
});

Deno.test("openHub() keeps the token from the servers that it is sent on to", async () => {
  await using hub = startFakeHub({
    "a/b": { config: CONFIG, files: checkpointOf(CONFIG, 1) },
  });
  const model = await openHub({ endpoint: hub.endpoint, token: TOKEN }).model(
    "a/b",
    { headers: true },
  );
  assert(model.ok);
  assert(hub.asked.every((request) => request.endsWith("with token")));
  assertEquals(hub.leaked, []);
});

Deno.test("openHub() waits when it is asked to, and gives up when it is too long", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  hub.impatient.times = 2;
  assert((await openHub(hub).model("a/b")).ok);
  hub.impatient.times = 1;
  hub.impatient.retryAfter = "300";
  const message = refusal(await openHub(hub).model("a/b"));
  assertStringIncludes(message, "300 seconds");
});

Deno.test("openHub() refuses broken and huge headers", async () => {
  const claims = new Uint8Array(64);
  new DataView(claims.buffer).setBigUint64(0, 2n ** 60n, true);
  const nonsense = new Uint8Array(64);
  new DataView(nonsense.buffer).setBigUint64(0, 40n, true);
  await using hub = startFakeHub({
    "a/huge": { raw: { "model.safetensors": claims } },
    "a/nonsense": { raw: { "model.safetensors": nonsense } },
  });
  for (const name of ["a/huge", "a/nonsense"]) {
    assertStringIncludes(
      refusal(await openHub(hub).model(name)),
      "cannot be read",
    );
  }
});

Deno.test("openHub() asks once for callers at once, and never again", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const opened = openHub(hub);
  const models = await Promise.all(
    Array.from({ length: 10 }, () => opened.model("a/b")),
  );
  assert(models.every(({ ok }) => ok));
  await opened.model("a/b");
  assertEquals(hub.asked.length, 2);
  assertEquals(opened.known("a/b")?.parameters, PARAMETERS);
});

Deno.test("openHub() says when nobody answers", async () => {
  const listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const endpoint = `http://127.0.0.1:${listener.addr.port}`;
  listener.close();
  const message = refusal(await openHub({ endpoint }).model("a/b"));
  assertStringIncludes(message, `${endpoint} cannot be reached`);
});

Deno.test("hubFrom() lends its token to visitors only where that is switched on", async () => {
  await using hub = startFakeHub({
    "a/gated": { config: CONFIG, gated: true },
  });
  const told: Record<string, string> = {
    HF_ENDPOINT: hub.endpoint,
    HF_TOKEN: TOKEN,
  };
  const ask = (
    more: Record<string, string>,
    forVisitors?: boolean,
  ): Promise<Result<Model>> | undefined =>
    hubFrom(
      (name) => ({ ...told, ...more })[name],
      forVisitors === undefined ? {} : { forVisitors },
    )?.model("a/gated");
  assertEquals((await ask({}))?.ok, true);
  assertEquals((await ask({}, true))?.ok, false);
  assertEquals((await ask({ HF_TOKEN_FOR_VISITORS: "0" }, true))?.ok, false);
  assertEquals(
    hub.asked.filter((line) => line.endsWith("with token")).length,
    2,
    "the token went along where it should not",
  );
  assertEquals((await ask({ HF_TOKEN_FOR_VISITORS: "1" }, true))?.ok, true);
});

Deno.test("hubFrom() asks nobody where the environment forbids it", () => {
  assertEquals(
    hubFrom((name) => name === "HF_HUB_OFFLINE" ? "1" : undefined),
    null,
  );
  assert(hubFrom(() => undefined));
});

Deno.test("openHub() goes to no other host, whatever the name", async () => {
  await using hub = startFakeHub({});
  for (
    const name of [
      "../../etc",
      "a/..",
      "https://example.org/x",
      "a/b/c",
      "a b/c",
    ]
  ) {
    assertStringIncludes(
      refusal(await openHub(hub).model(name)),
      "must be owner/name",
    );
  }
  assertEquals(hub.asked, []);
});

Deno.test("estimateOnHub() estimates a model of the Hub, and else says both", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const opened = openHub(hub);
  const found = await estimateOnHub({ model: "a/b" }, opened);
  assert(found.ok);
  assertEquals(found.value.model.parameters, PARAMETERS);
  const missing = await estimateOnHub({ model: "meta-llama/Llama-9" }, opened);
  assert(!missing.ok);
  assertMatch(
    missing.problems[0]?.message ?? "",
    /; did you mean [^?;]*\? On the Hub: meta-llama\/Llama-9 is not/,
  );
  const catalogued = await estimateOnHub({ model: "llama2-7b" }, null);
  assert(catalogued.ok);
});

Deno.test("what helps a model that is not known is said once", async () => {
  const closed = openHub({ endpoint: "http://127.0.0.1:1" });
  const result = await estimateOnHub({ model: "zz/unheard-of" }, closed);
  assert(!result.ok);
  const message = result.problems[0]?.message ?? "";
  assertMatch(message, /^model must be in .*; on the Hub: .*cannot be reached/);
  assertEquals(message.match(/config\.json/g)?.length, 1, message);
});
