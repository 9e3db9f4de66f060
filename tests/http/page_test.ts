/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import {
  estimate,
  FIELDS as DEFINED,
  formatBytes,
  GPUS,
  groupDigits,
  GROUPS,
  QUANTIZATIONS,
} from "../../lib/mod.ts";
import type { FieldGroup } from "../../lib/mod.ts";
import { PAGE_FIELDS } from "../../templates/form/page_fields.ts";
import { FIELDS, MODEL_FIELDS } from "./fields.ts";
import { metBy } from "./met_by.ts";
import { address, controlsOf, held, only, textOf, visit } from "./visit.ts";

const LLAMA = "meta-llama/Llama-2-7b-hf";
const PLAYED_ZERO_2 = {
  "model": LLAMA,
  "train.micro_batch": "2",
  "train.sequence_length": "4096",
  "train.checkpointing": "full",
  "parallel.gpus": "8",
  "engine.name": "deepspeed",
  "engine.zero_stage": "2",
};
/** A method of one total, whose figures stand below. */
const ONE_TOTAL = { "method": "factors" };
const ZERO_2 = { ...PLAYED_ZERO_2, ...ONE_TOTAL };

Deno.test("GET / shows one verdict", async () => {
  const { status, headers, html, document } = await visit("/");
  assertEquals(status, 200);
  assertMatch(headers.get("content-type") ?? "", /^text\/html; charset=utf-8/i);
  assert(html.startsWith("<!DOCTYPE html>"));
  assertMatch(
    textOf(only(document, "#answer h2")),
    /^(Fits|Tight) on one .+, [\d.]+ GiB to spare$/,
  );
});

Deno.test("GET / shows five tabs in order, the first one open", async () => {
  const { document } = await visit("/");
  const tabs = [...document.querySelectorAll("#tabs label")];
  assertEquals(
    tabs.map(textOf),
    ["Basic", "Parallelism", "Optimizations", "LoRA", "Advanced"],
  );
  assertEquals(
    tabs.map((tab) => only(tab, "input").hasAttribute("checked")),
    [true, false, false, false, false],
  );
  const panels = [...document.querySelectorAll("#scenario > .panel")];
  assertEquals(
    panels.map((panel) => panel.getAttribute("aria-label")),
    tabs.map(textOf),
  );
});

Deno.test("GET / shows a control for every field of a Scenario", async () => {
  const found = new Set<string>();
  const names = (document: Document): void => {
    for (const control of document.querySelectorAll("[name]")) {
      found.add(control.getAttribute("name") ?? "");
    }
  };
  names((await visit("/")).document);
  for (const { path, group, needs } of DEFINED) {
    // Some stand there only beside what they need.
    if (found.has(path)) continue;
    const { tab, more = [] }: FieldGroup = GROUPS[group];
    const beside = metBy([...more, ...needs]);
    names((await visit(address(`/settings/${tab}`, beside))).document);
  }
  const missing = [...FIELDS, ...MODEL_FIELDS].filter((path) =>
    !found.has(path)
  );
  assertEquals(missing, []);
});

Deno.test("GET / shows no control that is not a field", async () => {
  const { document } = await visit("/");
  const known = new Set<string>([
    ...FIELDS,
    ...MODEL_FIELDS,
    "hardware.gpu.memory_gib",
    ...Object.values(PAGE_FIELDS),
  ]);
  const names = [...document.querySelectorAll("#scenario [name]")]
    .map((control) => control.getAttribute("name") ?? "");
  assertEquals(names.filter((name) => !known.has(name)), []);
});

Deno.test("GET / shows examples that each answer with their model", async () => {
  const { document } = await visit("/");
  const links = [...document.querySelectorAll("nav.examples a")]
    .map((link) => link.getAttribute("href") ?? "");
  assert(links.length >= 4, `${links.length} examples`);
  assertEquals(new Set(links).size, links.length);
  for (const link of links) {
    const model = new URL(link, "https://a.example").searchParams.get("model");
    const example = await visit(link);
    assertEquals(example.status, 200, link);
    assert(model);
    assertEquals(held(example.document, "model"), model);
    assert(
      textOf(example.document.querySelector("head > title")).includes(model),
    );
  }
});

Deno.test("GET / suggests every format, and no model before one is typed", async () => {
  const { document } = await visit("/");
  const [input] = controlsOf(document, "quantization.weights");
  const list = only(document, `#${input?.getAttribute("list")}`);
  assertEquals(
    [...list.querySelectorAll("option")]
      .map((option) => option.getAttribute("value") ?? ""),
    [...QUANTIZATIONS],
  );
  assertEquals(document.querySelectorAll("#models option").length, 0);
});

Deno.test("GET / lists every GPU once, with its usable memory", async () => {
  const { document } = await visit("/");
  const [select] = controlsOf(document, "hardware.gpu");
  assert(select);
  const options = [...select.querySelectorAll("optgroup > option")];
  assertEquals(
    options.map((option) => option.getAttribute("value") ?? "").sort(),
    GPUS.map(({ name }) => name).sort(),
  );
  for (const option of options) assertMatch(textOf(option), / · \d+\.\d GiB$/);
});

Deno.test("GET / offers the schema's choices of each field", async () => {
  const page = await visit("/");
  for (const { path, group, needs, values: field } of DEFINED) {
    if (field.kind !== "choice") continue;
    const { tab, more }: FieldGroup = GROUPS[group];
    const { document } = more
      ? await visit(
        address(`/settings/${tab}`, metBy([...more, ...needs])),
        (html) => `<form id="scenario">${html}</form>`,
      )
      : page;
    const controls = controlsOf(document, path);
    const values = controls[0]?.tagName === "SELECT"
      ? [...controls[0].querySelectorAll("option")]
      : controls;
    const offered = values.map((each) => each.getAttribute("value") ?? "");
    const blank = field.optional ? [""] : [];
    assertEquals(offered, [...blank, ...field.options], path);
  }
});

Deno.test("GET / shows a row for each part, with its share", async () => {
  const { document } = await visit(address("/", ZERO_2));
  const { memory } = estimate({
    model: LLAMA,
    train: { micro_batch: 2, sequence_length: 4096, checkpointing: "full" },
    parallel: { gpus: 8 },
    engine: { name: "deepspeed", zero_stage: 2 },
    method: "factors",
  });
  const peak = memory.device_peak_bytes;
  const rows = [...document.querySelectorAll("table.parts tbody tr")];
  assertEquals(
    rows.map((row) => {
      row.querySelector(".why")?.remove();
      return [...row.children].map(textOf);
    }),
    memory.parts.map((part) => [
      part.name,
      formatBytes(part.bytes),
      `${(100 * part.bytes / peak).toFixed(1)} %`,
      part.formula,
      part.basis,
    ]),
  );
  const shares = rows.map((row) => Number.parseFloat(textOf(cell(row, 2))));
  const sum = shares.reduce((total, share) => total + share, 0);
  assert(Math.abs(sum - 100) < 0.05 * rows.length, `shares sum to ${sum}`);
  const total = only(document, "table.parts tfoot tr");
  assertEquals(textOf(cell(total, 1)), "63.45 GiB");
  assertEquals(
    cell(total, 1)?.getAttribute("title"),
    `${groupDigits(peak)} bytes`,
  );
});

function cell(row: Element, at: number): Element | null {
  return row.children[at] ?? null;
}

const VERDICTS: [gib: string, title: string, sentence: RegExp][] = [
  [
    "100",
    "Fits on 8 × GPU with 100.00 GiB, 36.55 GiB to spare on each",
    /63 % used, within/,
  ],
  [
    "82",
    "Fits on 8 × GPU with 82.00 GiB, 18.55 GiB to spare on each",
    /at the edge of/,
  ],
  [
    "79.3",
    "Tight on 8 × GPU with 79.30 GiB, 15.85 GiB to spare on each",
    /80 % used/,
  ],
  [
    "70",
    "Tight on 8 × GPU with 70.00 GiB, 6.55 GiB to spare on each",
    /91 % used/,
  ],
  [
    "63",
    "Does not fit on 8 × GPU with 63.00 GiB: 0.45 GiB too much on each",
    /101 % of what it has/,
  ],
  [
    "24",
    "Does not fit on 8 × GPU with 24.00 GiB: 39.45 GiB too much on each",
    /264 % of what it has/,
  ],
];

for (const [gib, title, sentence] of VERDICTS) {
  Deno.test(`GET / says "${title}" for a peak of 63.45 GiB`, async () => {
    const { status, document } = await visit(
      address("/", {
        ...PLAYED_ZERO_2,
        "hardware.gpu.memory_gib": gib,
        ...ONE_TOTAL,
      }),
    );
    assertEquals(status, 200);
    const usable = Number(gib).toFixed(2);
    assertEquals(textOf(only(document, "#answer h2")), title);
    const said = textOf(only(document, "#answer .verdict p:not(.doubt)"));
    assert(said.startsWith(`63.45 GiB of ${usable} GiB per GPU: `), said);
    assertMatch(said, sentence);
    assertMatch(textOf(only(document, "#answer .peek")), /63\.45 GiB$/);
  });
}

Deno.test("GET / says how sure it is where measured runs say so", async () => {
  const trained = await visit(address("/", ZERO_2));
  assertMatch(
    textOf(only(trained.document, "#answer .doubt")),
    /nine measured runs in ten.* 22\.78 GiB and 63\.45 GiB/,
  );
  const served = await visit("/?model=llama2-7b&task=serve");
  assertEquals(served.document.querySelectorAll("#answer .doubt").length, 0);
});

Deno.test("GET / names the model and the peak in its title", async () => {
  const { document } = await visit(address("/", ZERO_2));
  assertEquals(
    textOf(only(document, "head > title")),
    `${LLAMA}: 63.45 GiB · Headroom`,
  );
});

Deno.test("GET /gpus sets every GPU against the scenario", async () => {
  const { status, document } = await visit(address("/gpus", ZERO_2));
  assertEquals(status, 200);
  const rows = [...document.querySelectorAll("tbody tr")];
  assertEquals(rows.length, GPUS.length);
  assertEquals(textOf(only(document, "h1")), `GPUs for ${LLAMA}`);
  for (const row of rows) {
    const used = Number.parseFloat(textOf(cell(row, 4)));
    const verdict = textOf(cell(row, 5));
    if (used > 100) assertEquals(verdict, "too small");
    if (used < 80) assertEquals(verdict, "fits");
  }
});

Deno.test("HEAD / answers without a body", async () => {
  const response = await app.request("/", { method: "HEAD" });
  assertEquals(response.status, 200);
  assertEquals(await response.text(), "");
});
