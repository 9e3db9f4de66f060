import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import type { GpuLayouts } from "../../lib/mod.ts";
import { CATALOGUE, GPUS, parseScenario, strategies } from "../../lib/mod.ts";
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { get, post } from "./api.ts";
import { messageOf } from "./requests.ts";

async function json<T>(path: string, body?: unknown): Promise<T> {
  const response = await app.request(
    path,
    body === undefined ? {} : { method: "POST", body: JSON.stringify(body) },
  );
  assertEquals(response.status, 200, path);
  return await response.json();
}

/** Options beside a scenario, and the key of an answer that each adds. */
const OPTIONS: [option: string, key: string][] = [
  ["traffic=true", "traffic"],
  ["curve=true", "curve"],
  ["opinions=true", "opinions"],
];

for (const [option, key] of OPTIONS) {
  Deno.test(`GET and POST /api/v1/estimate give ${key} alike, where asked`, async () => {
    const got = await get(`model=gpt2&${option}`);
    const posted = await json<Record<string, unknown>>(
      `/api/v1/estimate?fit=all&${option}`,
      { model: "gpt2" },
    );
    assert(key in got.body);
    assertEquals(got.body, posted);
    assertEquals(key in (await get("model=gpt2")).body, false);
  });
}

Deno.test("fit=all tells of every GPU, where else it is the scenario's own", async () => {
  const whole = await get("model=gpt2");
  const own = await json("/api/v1/estimate?model=gpt2");
  const posted = await json("/api/v1/estimate", { model: "gpt2" });
  const fit = whole.body["fit"] as unknown[];
  assertEquals(fit.length, GPUS.length);
  assertEquals(own, { ...whole.body, fit: fit.slice(0, 1) });
  assertEquals(posted, own);
  assertEquals(await json("/api/v1/estimate?model=gpt2&fit=own"), own);
  const length = (value: unknown) => JSON.stringify(value).length;
  assert(length(own) < length(whole.body) / 2);
  const wrong = await app.request("/api/v1/estimate?model=gpt2&fit=some");
  assertStringIncludes(await messageOf(wrong), "fit must be own or all");
  assertEquals((await post(`{"model": "gpt2", "fit": "own"}`)).status, 422);
});

Deno.test("/api/v1/strategies answers what the library does, by GET and POST", async () => {
  const scenario = { model: "gpt2", hardware: { gpu: "RTX 4090" } };
  const posted = await json<GpuLayouts>("/api/v1/strategies", {
    scenario,
    gpus: 4,
  });
  const parsed = parseScenario(scenario);
  const model = resolveModel("gpt2");
  assert(parsed.ok && model.ok);
  assertEquals(
    posted,
    JSON.parse(JSON.stringify(strategies(parsed.value, model.value, 4))),
  );
  const query = "model=gpt2&hardware.gpu=RTX+4090&gpus=4";
  assertEquals(await json(`/api/v1/strategies?${query}`), posted);
  const own = await json<GpuLayouts>("/api/v1/strategies", {
    scenario: { ...scenario, parallel: { gpus: 4 } },
  });
  assertEquals(own.rows.length, posted.rows.length);
});

Deno.test("/api/v1/strategies refuses with the place in the body", async () => {
  const wrong: [body: unknown, path: string][] = [
    [{ scenario: { model: "gpt2" }, gpus: 0 }, "gpus"],
    [{ scenario: { model: "gpt2" }, gpus: "8" }, "gpus"],
    [{ scenario: { model: "gpt2" }, gpus: 1e9 }, "gpus"],
    [{ scenario: { model: "nope" } }, "scenario.model"],
    [{ scenario: { model: "gpt2" }, from: -1 }, "from"],
    [{ scenario: { model: "gpt2" }, gpu: 8 }, "gpu"],
    [{}, "scenario"],
  ];
  for (const [body, path] of wrong) {
    const response = await app.request("/api/v1/strategies", {
      method: "POST",
      body: JSON.stringify(body),
    });
    assertEquals(response.status, 422, path);
    const { error } = await response.json();
    assertEquals(error.path.split(".").slice(0, 2).join("."), path);
  }
  for (const gpus of ["0", "x", "1.5"]) {
    const response = await app.request(
      `/api/v1/strategies?model=gpt2&gpus=${gpus}`,
    );
    assertStringIncludes(await messageOf(response), "gpus must be");
  }
});

Deno.test("/api/v1/compare and export answer by GET what they do by POST", async () => {
  const scenarios = [{ model: "gpt2" }, { model: "distilgpt2" }];
  const posted = await json<{ estimates: { fit: unknown[] }[] }>(
    "/api/v1/compare",
    { scenarios },
  );
  const query = "s1=model%3Dgpt2&s2=model%3Ddistilgpt2";
  assertEquals(await json(`/api/v1/compare?${query}`), posted);
  assertEquals(posted.estimates.map(({ fit }) => fit.length), [1, 1]);
  const all = await json<typeof posted>(`/api/v1/compare?${query}&fit=all`);
  assertEquals(all.estimates[0]?.fit.length, GPUS.length);
  assertEquals(
    await json("/api/v1/export?format=deepspeed&model=gpt2"),
    await json("/api/v1/export?format=deepspeed", { model: "gpt2" }),
  );
  for (const path of ["compare", "compare?fit=x", "export?model=gpt2"]) {
    assertEquals((await app.request(`/api/v1/${path}`)).status, 422, path);
  }
});

interface Listed {
  models: { id: string; parameters: number | null; kinds: string[] }[];
  gpus: { name: string }[];
}

Deno.test("the catalogues are whole, or what is searched for", async () => {
  const { models } = await json<Listed>("/api/v1/models");
  assertEquals(models.map(({ id }) => id), CATALOGUE.map(({ id }) => id));
  const found = await json<Listed>("/api/v1/models?q=qwen3+moe");
  assert(found.models.length > 0 && found.models.length < models.length);
  for (const { id, kinds } of found.models) {
    assert(/qwen3/i.test(id) && kinds.includes("MoE"), id);
  }
  const short = await json<Listed>("/api/v1/models?q=llama2-7b");
  assertEquals(short.models[0]?.id, "meta-llama/Llama-2-7b-hf");
  const { gpus } = await json<Listed>("/api/v1/gpus");
  assertEquals(gpus.map(({ name }) => name), GPUS.map(({ name }) => name));
  const card = await json<Listed>("/api/v1/gpus?q=4090");
  assertEquals(card.gpus[0]?.name, "RTX 4090");
  for (const path of ["models", "gpus"]) {
    const response = await app.request(
      `/api/v1/${path}?q=${"x".repeat(201)}`,
    );
    assertEquals(response.status, 422);
    assertStringIncludes(await messageOf(response), "at most 200 characters");
  }
});

Deno.test("a parameter that the catalogues do not have is refused", async () => {
  for (const path of ["/api/v1/models", "/api/v1/gpus"]) {
    const response = await app.request(`${path}?q=a100&limit=-1`);
    assertEquals(response.status, 422, path);
    const { error } = await response.json();
    assertEquals(error.path, "limit");
    assertStringIncludes(error.message, "q has the words");
    assertEquals(
      (await app.request(`${path}?q=a100&__theme=dark`)).status,
      200,
    );
  }
});
