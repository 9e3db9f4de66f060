import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { estimateOnHub } from "../../hub/estimate.ts";
import { openHub } from "../../hub/mod.ts";
import type { Model, Result } from "../../lib/mod.ts";
import { ggufFile, SMALL_LLAMA, smallLlama } from "../lib/gguf_file.ts";
import type { FakeModel } from "./fake_hub.ts";
import { startFakeHub, TOKEN } from "./fake_hub.ts";

const SHA = "0123456789abcdef0123456789abcdef01234567";
const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 1,
  num_attention_heads: 4,
  vocab_size: 320,
};
const WEIGHT = { "x.weight": { dtype: "BF16", shape: [2, 3] } };

function refusal(result: Result<Model>): string {
  assert(!result.ok);
  return result.problems[0]?.message ?? "";
}

/** Models whose checkpoints nobody should read, and what is said of each. */
const BROKEN: Record<string, [model: FakeModel, message: string]> = {
  "no JSON": [
    {
      raw: {
        "model.safetensors": new TextEncoder().encode(
          "\x05\0\0\0\0\0\0\0{oops",
        ),
      },
    },
    "no JSON",
  ],
  "an index with a path upwards": [
    { index: { weight_map: { x: "../../other/secret.safetensors" } } },
    "must name files beside it",
  ],
  "an index with another host": [
    { index: { weight_map: { x: "https://example.org/x.safetensors" } } },
    "must name files beside it",
  ],
  "an index of absent files": [
    { index: { weight_map: { x: "model-00001-of-00002.safetensors" } } },
    "is not there",
  ],
  "an index of too many files": [
    {
      index: {
        weight_map: Object.fromEntries(
          Array.from({ length: 1001 }, (_, at) => [at, `${at}.safetensors`]),
        ),
      },
    },
    "1 to 1000 files",
  ],
  "an index without a map": [{ index: [] }, "no weight_map"],
  "a config that is a list": [{ config: [] }, "no JSON object"],
  "no model at all": [{ raw: { "README.md": new Uint8Array(3) } }, "neither"],
};

for (const [what, [model, message]] of Object.entries(BROKEN)) {
  Deno.test(`openHub() refuses ${what}`, async () => {
    await using hub = startFakeHub({ "a/b": model });
    assertStringIncludes(refusal(await openHub(hub).model("a/b")), message);
  });
}

Deno.test("openHub() follows huggingface.co to none but its hosts", async () => {
  const asked: string[] = [];
  const opened = openHub({
    endpoint: "https://huggingface.co",
    token: TOKEN,
    fetch: (input) => {
      const url = new URL(String(input));
      asked.push(url.host);
      return Promise.resolve(
        url.pathname.startsWith("/api/")
          ? Response.json({
            sha: SHA,
            siblings: [{ rfilename: "model.safetensors" }],
          })
          : Response.redirect("https://example.org/model.safetensors", 302),
      );
    },
  });
  const message = refusal(await opened.model("a/b"));
  assertStringIncludes(message, "redirects to example.org");
  assertEquals(new Set(asked), new Set(["huggingface.co"]));
  assert(!message.includes(TOKEN));
});

Deno.test("openHub() does not go round in circles, nor from TLS to none", async () => {
  await using hub = startFakeHub({});
  for (const target of [`${hub.endpoint}/again`, "http://example.org/"]) {
    const home = target.includes("again")
      ? hub.endpoint
      : "https://mirror.test";
    const opened = openHub({
      endpoint: home,
      fetch: () => Promise.resolve(Response.redirect(target, 302)),
    });
    assertStringIncludes(refusal(await opened.model("a/b")), "redirects");
  }
});

Deno.test("openHub() says when the Hub takes too long", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG, slow: 300 } });
  const opened = openHub({ endpoint: hub.endpoint, timeoutMs: 50 });
  assertStringIncludes(
    refusal(await opened.model("a/b")),
    "did not answer within 0.05 seconds",
  );
});

Deno.test("openHub() refuses whole files where it asked for parts", async () => {
  const opened = openHub({
    endpoint: "http://127.0.0.1:1",
    fetch: (input) =>
      Promise.resolve(
        String(input).includes("/api/")
          ? Response.json({
            sha: SHA,
            siblings: [{ rfilename: "model.safetensors" }],
          })
          : new Response(new Uint8Array(100)),
      ),
  });
  assertStringIncludes(refusal(await opened.model("a/b")), "whole files");
});

Deno.test("openHub() reads no config of many mebibytes", async () => {
  const config = { ...CONFIG, filler: "x".repeat(11 * 1024 * 1024) };
  await using hub = startFakeHub({ "a/b": { config } });
  assertStringIncludes(refusal(await openHub(hub).model("a/b")), "10 MiB");
});

Deno.test("openHub() says that its token is not accepted, and not which it is", async () => {
  const opened = openHub({
    endpoint: "http://127.0.0.1:1",
    token: "hf_secret",
    fetch: () =>
      Promise.resolve(
        new Response(null, {
          status: 401,
          headers: { "x-error-code": "InvalidToken hf_secret" },
        }),
      ),
  });
  const message = refusal(await opened.model("a/b"));
  assertStringIncludes(message, "does not accept the token");
  assert(!message.includes("hf_secret"));
});

Deno.test("openHub() keeps what it read by commit: a branch and its commit share it", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const opened = openHub(hub);
  const main = await opened.model("a/b");
  assert(main.ok);
  const asked = hub.asked.length;
  const commit = await opened.model(`a/b@${SHA}`);
  assert(commit.ok && commit.value === main.value);
  assertEquals(hub.asked.length, asked);
  const branch = await opened.model("a/b@other");
  assert(branch.ok && branch.value === main.value);
  assertEquals(hub.asked.length, asked + 1);
});

Deno.test("openHub() goes on for those who wait when another stops", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG, slow: 100 } });
  const opened = openHub(hub);
  const stop = new AbortController();
  const first = opened.model("a/b", { signal: stop.signal });
  const second = opened.model("a/b");
  stop.abort();
  assertStringIncludes(refusal(await first), "stopped");
  assert((await second).ok);
});

Deno.test("openHub() tells how a checkpoint differs from its config", async () => {
  await using hub = startFakeHub({
    "a/b": { config: CONFIG, files: { "model.safetensors": WEIGHT } },
  });
  const model = await openHub(hub).model("a/b", { headers: true });
  assert(model.ok);
  assertEquals(model.value.parameters, 6);
  const note = model.value.notes.find((text) => text.includes("differs"));
  assertStringIncludes(note ?? "", "it lacks model.embed_tokens.weight");
  assertStringIncludes(note ?? "", "it also has x.weight");
});

Deno.test("openHub() reads GGUF files: the only one, by type, by path, in parts", async () => {
  const { metadata, tensors } = smallLlama();
  const whole = ggufFile({ metadata, tensors });
  const first = ggufFile({ metadata, tensors: tensors.slice(0, 9) });
  const second = ggufFile({ metadata: {}, tensors: tensors.slice(9) });
  await using hub = startFakeHub({
    "a/one": { raw: { "one.gguf": whole, "mmproj-one.gguf": first } },
    "a/many": {
      raw: {
        "m-Q4_K_M.gguf": whole,
        "m-Q8_0.gguf": first,
        "BF16/m-BF16-00001-of-00002.gguf": first,
        "BF16/m-BF16-00002-of-00002.gguf": second,
      },
    },
    "a/part": { raw: { "m-00001-of-00002.gguf": first } },
  });
  const opened = openHub(hub);
  for (
    const name of [
      "a/one",
      "a/one:one.gguf",
      "a/many:Q4_K_M",
      "a/many:q4_k_m",
      "a/many:BF16",
      "a/many:BF16/m-BF16-00002-of-00002.gguf",
      "a/many@main:m-Q4_K_M.gguf",
    ]
  ) {
    const model = await opened.model(name);
    assert(model.ok, model.ok ? "" : `${name} ${JSON.stringify(model)}`);
    assertEquals(model.value.parameters, SMALL_LLAMA, name);
    assertEquals(model.value.architecture.layers, 3);
  }
  const message = refusal(await opened.model("a/many"));
  assertStringIncludes(message, "a/many:TYPE");
  for (const file of ["m-Q4_K_M.gguf", "m-Q8_0.gguf", "00001-of-00002"]) {
    assertStringIncludes(message, file);
  }
  assertStringIncludes(refusal(await opened.model("a/many:Q2_K")), "no GGUF");
  assertStringIncludes(refusal(await opened.model("a/part")), "lacks m-00002");
  const asked = await estimateOnHub({
    model: "a/many",
    quantization: { weights: "gguf:Q4_K_M" },
  }, opened);
  assert(asked.ok, JSON.stringify(asked));
  assertEquals(asked.value.model.parameters, SMALL_LLAMA);
});

Deno.test("openHub() refuses GGUF files that are none", async () => {
  await using hub = startFakeHub({
    "a/b": { raw: { "b.gguf": new TextEncoder().encode("not one at all") } },
  });
  assertStringIncludes(refusal(await openHub(hub).model("a/b")), "b.gguf: ");
});
