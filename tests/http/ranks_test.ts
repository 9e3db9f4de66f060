import { assert, assertEquals, assertMatch } from "@std/assert";
import { estimate, formatBytes, toQuery } from "../../lib/mod.ts";
import type { ScenarioInput } from "../../lib/mod.ts";
import { only, textOf, visit } from "./visit.ts";

const STAGES: ScenarioInput = {
  model: "meta-llama/Llama-3.1-8B",
  engine: { name: "megatron" },
  parallel: { gpus: 16, tp: 2, pp: 4, sequence_parallel: true },
  hardware: { gpu: "H100-80GB" },
};

const OFFLOADED: ScenarioInput = {
  model: "meta-llama/Llama-3.1-8B",
  engine: {
    name: "deepspeed",
    zero_stage: 3,
    offload_optimizer: "cpu",
    offload_parameters: "cpu",
  },
  parallel: { gpus: 8 },
};

function page(input: ScenarioInput) {
  const answer = estimate(input);
  return { answer, page: visit(`/?${toQuery(answer.scenario)}`) };
}

Deno.test("GET / draws each class of ranks and lists them", async () => {
  const { answer, page: asked } = page(STAGES);
  const { document } = await asked;
  const rows = answer.memory.ranks ?? [];
  const card = only(document, 'section[aria-labelledby="ranks-title"]');
  assertEquals(
    [...card.querySelectorAll("tbody tr")].map((row) =>
      [...row.children].map(textOf)
    ),
    rows.map((row) => [
      row.rank,
      String(row.gpus),
      formatBytes(row.allocated_peak_bytes),
      formatBytes(row.device_peak_bytes),
      row.binding,
    ]),
  );
  // The picture goes by the pipeline's order.
  assertEquals(
    [...card.querySelectorAll("svg text")].map(textOf),
    ["pp 0", "pp 1", "pp 2", "pp 3"],
  );
  assert(card.querySelectorAll("svg rect title").length > 8);
});

Deno.test("GET / leads from a class of ranks to a step of its own", async () => {
  const { answer, page: asked } = page(STAGES);
  const { document } = await asked;
  const least = answer.memory.ranks?.at(-1);
  const links = [
    ...document.querySelectorAll('section[aria-labelledby="ranks-title"] a'),
  ];
  const href = links.at(-1)?.getAttribute("href") ?? "";
  const own = await visit(href);
  assertEquals(own.status, 200);
  assertMatch(textOf(only(own.document, ".binds")), /What decides the peak: /);
  assert(
    textOf(only(own.document, ".binds")).includes(least?.binding ?? "none"),
  );
});

Deno.test("GET / says how many GPUs there are, and what each of them holds", async () => {
  const { document } = await page(STAGES).page;
  assertMatch(
    textOf(only(document, "#answer h2")),
    /^Fits on 16 × H100-80GB, [\d.]+ GiB to spare on each$/,
  );
  const parts = [...document.querySelectorAll("table.parts tbody tr")];
  const talk = parts.find((row) =>
    /^communication(?! buffers)/.test(textOf(row))
  );
  assertMatch(textOf(talk ?? null), /NCCL.*assumed$/);
});

Deno.test("GET / says what the host holds, and no ranks that are alike", async () => {
  const { answer, page: asked } = page(OFFLOADED);
  const { document } = await asked;
  const card = only(document, "#host");
  assertMatch(textOf(only(card, "p")), /GiB, [\d.]+ GiB of it page-locked$/);
  assertEquals(
    card.querySelectorAll("li").length,
    answer.host.parts?.length,
  );
  assertEquals(document.querySelectorAll("#ranks-title").length, 0);
  const alone = await visit("/?model=gpt2");
  assertEquals(alone.document.querySelectorAll("#host").length, 0);
});
