/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import type { Traffic } from "../../lib/mod.ts";
import { formatBytes } from "../../lib/mod.ts";
import { only, textOf, visit } from "./visit.ts";

const DDP = "model=meta-llama/Llama-2-7b-hf&parallel.gpus=16&engine.name=ddp";
/** 2 x 15/16 of 6,738,415,616 parameters in bf16. */
const SENT = 2 * 2 * 6_738_415_616 * 15 / 16;

async function json(path: string, init?: RequestInit): Promise<{
  status: number;
  body: { traffic?: Traffic; error?: { path: string; message: string } };
}> {
  const response = await app.request(path, init);
  return { status: response.status, body: await response.json() };
}

Deno.test("GET / folds away what each GPU sends, where there are several", async () => {
  const { document } = await visit(`/?${DDP}`);
  const rows = [...document.querySelectorAll("table.flows tbody tr")];
  assertEquals(rows.map((row) => [...row.children].map(textOf)), [[
    "Data parallel: gradients",
    "226 × all-reduce of 16",
    formatBytes(SENT),
    formatBytes(SENT * 7 / 8),
    formatBytes(SENT / 8),
    "95 × 90,177,536 B + 128 × 33,554,432 B + 2 × 262,144,000 B + 90,710,016 B of others",
  ]]);
  assert(rows[0]?.closest("details:not([open])"));
  const alone = await visit("/?model=llama2-7b");
  assertEquals(alone.document.querySelectorAll("table.flows").length, 0);
});

Deno.test("the form of the traffic carries the scenario to /traffic", async () => {
  const { document } = await visit(`/?${DDP}`);
  const form = only(document, "form[action='/traffic']");
  const sent = new URLSearchParams(
    [...form.querySelectorAll("input")].map((input) => [
      input.getAttribute("name") ?? "",
      input.getAttribute("value") ?? "",
    ]),
  );
  sent.set("node_gbs", "450");
  sent.set("network_gbs", "50");
  const { status, document: page } = await visit(`/traffic?${sent}`);
  assertEquals(status, 200);
  const seconds = Math.max(SENT * 7 / 8 / 450e9, SENT / 8 / 50e9);
  const total = [...page.querySelectorAll("table.flows tfoot tr > *")];
  assertEquals(textOf(total[5] ?? null), `${(1000 * seconds).toFixed(1)} ms`);
});

Deno.test("GET /traffic refuses a speed that is none, and keeps it", async () => {
  for (const text of ["fast", "0", "-1", "1e9", "NaN"]) {
    const { status, document } = await visit(
      `/traffic?${DDP}&node_gbs=${text}`,
    );
    assertEquals(status, 422, text);
    const control = only(document, "#t-node_gbs");
    assertEquals(control.getAttribute("value"), text);
    assertMatch(
      textOf(only(document, "#t-node_gbs-error")),
      new RegExp(`node_gbs must be .*: current value is "${text}"`),
    );
  }
});

Deno.test("GET /traffic says why nothing is sent", async () => {
  const alone = await visit("/traffic?model=gpt2");
  assertMatch(textOf(only(alone.document, "main")), /nobody to send to/);
  const served = await visit(
    "/traffic?model=llama2-7b&task=serve&parallel.gpus=2&parallel.tp=2",
  );
  assertMatch(textOf(only(served.document, "main")), /serving has none of/);
  const refused = await visit(
    "/traffic?model=llama2-7b&parallel.gpus=4&parallel.tp=2&engine.name=ddp",
  );
  assertMatch(
    textOf(only(refused.document, "main")),
    /Traffic is not counted: DDP with tensor/,
  );
  const wrong = await visit("/traffic?model=gpt2&train.micro_batch=0");
  assertEquals(wrong.status, 422);
});

Deno.test("/api/v1/estimate holds the traffic where it is asked for", async () => {
  const plain = await json(`/api/v1/estimate?${DDP}`);
  assertEquals([plain.status, plain.body.traffic], [200, undefined]);
  const got = await json(`/api/v1/estimate?${DDP}&traffic=true`);
  assertEquals(got.status, 200);
  assertEquals(got.body.traffic?.sent_bytes, SENT);
  assertEquals(got.body.traffic?.time, undefined);
  const posted = await json(
    "/api/v1/estimate?traffic=true&node_gbs=450&network_gbs=50",
    {
      method: "POST",
      body: JSON.stringify({
        model: "meta-llama/Llama-2-7b-hf",
        parallel: { gpus: 16 },
        engine: { name: "ddp" },
      }),
    },
  );
  assertEquals(posted.status, 200);
  const { time, ...rest } = posted.body.traffic as Traffic;
  assertEquals(rest, got.body.traffic as unknown as typeof rest);
  assertEquals(time, {
    node_seconds: SENT * 7 / 8 / 450e9,
    network_seconds: SENT / 8 / 50e9,
    at_least_seconds: SENT / 8 / 50e9,
  });
});

Deno.test("/api/v1/estimate refuses a speed by its name", async () => {
  const { status, body } = await json(
    `/api/v1/estimate?${DDP}&traffic=true&network_gbs=x`,
  );
  assertEquals(status, 422);
  assertEquals(body.error?.path, "network_gbs");
  assertMatch(body.error?.message ?? "", /GB\/s above 0.*"x"/);
});
