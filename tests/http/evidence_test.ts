/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { estimate, nearestRuns, toQuery } from "../../lib/mod.ts";
import { Verdict } from "../../templates/answer/verdict.tsx";
import { documentOf, only, textOf, visit } from "./visit.ts";

const QUERY =
  "model=mistralai/Mistral-7B-v0.1&train.method=lora&train.checkpointing=full";
const ESTIMATE = estimate({
  model: "mistralai/Mistral-7B-v0.1",
  train: { method: "lora", checkpointing: "full" },
});

async function section(query: string): Promise<Element> {
  const { status, document } = await visit(`/answer?${query}`);
  assertEquals(status, 200);
  return only(document, "#evidence");
}

Deno.test("GET /answer shows the nearest measured runs with figure, error and source", async () => {
  const shown = await section(QUERY);
  const bodies = [...shown.querySelectorAll("tbody")];
  assertEquals(bodies.length, 3);
  const runs = nearestRuns(ESTIMATE, bodies.length);
  for (const [at, body] of bodies.entries()) {
    const run = runs[at];
    assert(run);
    assertEquals(body.querySelectorAll("tr").length, run.readings.length);
    const [scenario, source] = [...body.querySelectorAll("a")];
    assertEquals(
      scenario?.getAttribute("href")?.replaceAll("&amp;", "&"),
      `/?${toQuery(run.scenario)}`,
    );
    assertEquals(source?.getAttribute("href"), run.source.url);
    assertEquals(textOf(source ?? null), run.source.text);
    assertMatch(textOf(body), /\d (GiB|MiB)/);
    assertMatch(textOf(body), /% (more|less)|as measured/);
    for (const difference of run.differences) {
      assert(textOf(body).includes(difference), difference);
    }
  }
});

Deno.test("GET /answer links a measured run to a scenario that has an answer", async () => {
  const shown = await section(QUERY);
  for (const link of shown.querySelectorAll("th a")) {
    const href = link.getAttribute("href")?.replaceAll("&amp;", "&") ?? "";
    const { status } = await visit(href);
    assertEquals(status, 200);
    const again = await section(href.slice(2));
    assertMatch(textOf(only(again, "tbody:first-of-type")), /same settings/);
  }
});

Deno.test("GET /answer shows serving runs to who serves", async () => {
  const shown = await section("model=Qwen/Qwen2.5-7B-Instruct&task=serve");
  for (const link of shown.querySelectorAll("th a")) {
    assertMatch(link.getAttribute("href") ?? "", /task=serve/);
  }
});

Deno.test("/api/v1/evidence gives the nearest measured runs of a scenario", async () => {
  const wanted = JSON.parse(JSON.stringify(nearestRuns(ESTIMATE)));
  const got = await app.request(`/api/v1/evidence?${QUERY}`);
  assertEquals([got.status, await got.json()], [200, { evidence: wanted }]);
  const posted = await app.request("/api/v1/evidence", {
    method: "POST",
    body: JSON.stringify(ESTIMATE.scenario),
  });
  assertEquals([posted.status, await posted.json()], [200, {
    evidence: wanted,
  }]);
});

Deno.test("/api/v1/evidence refuses as /api/v1/estimate does", async () => {
  for (const body of ["{", '{"model": "gpt2", "task": "sing"}', "[]"]) {
    const [evidence, estimated] = await Promise.all(
      ["evidence", "estimate"].map((door) =>
        app.request(`/api/v1/${door}`, { method: "POST", body })
      ),
    );
    assertEquals(evidence?.status, 422);
    assertEquals(await evidence?.json(), await estimated?.json());
  }
});

Deno.test("the verdict calls a method coarse where it knows one total only", () => {
  const doubt = (allocated: number | null): string => {
    const memory = {
      ...ESTIMATE.memory,
      allocated_peak_bytes: allocated,
      phases: allocated === null ? null : ESTIMATE.memory.phases,
    };
    const html = String(
      Verdict({ estimate: { ...ESTIMATE, memory }, headers: false }),
    );
    return textOf(only(documentOf(html), ".doubt"));
  };
  assertMatch(doubt(null), /^A coarse method: nine measured runs in ten/);
  assertMatch(doubt(1), /^Nine measured runs in ten put it between \d/);
});
