/// <reference lib="dom" />
import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { app } from "../../app.ts";
import { estimate, formatBytes, PRESETS } from "../../lib/mod.ts";
import { comparisonAddress } from "../../templates/form/comparison.ts";
import { only, textOf, visit } from "./visit.ts";

const FULL = "model=meta-llama/Llama-3.1-8B";
const QLORA = `${FULL}&train.method=qlora&hardware.gpu=RTX+4090`;

function compared(...queries: string[]): string {
  return comparisonAddress(queries.map((query) => ({ query, name: "" })));
}

/** The table under a heading, as texts. */
function table(document: Document, title: string): string[][] {
  const heading = [...document.querySelectorAll("main h2")].find((each) =>
    textOf(each) === title
  );
  assert(heading, title);
  const rows = heading.parentElement?.querySelectorAll("tr") ?? [];
  return [...rows].map((row) => [...row.children].map(textOf));
}

function hrefOf(document: Document, label: string): string {
  const link = only(document, `a[aria-label="${label}"]`);
  return (link.getAttribute("href") ?? "").replaceAll("&amp;", "&");
}

async function added(address: string): Promise<string> {
  const response = await app.request(address);
  await response.body?.cancel();
  assertEquals(response.status, 303);
  return response.headers.get("location") ?? "";
}

Deno.test("GET /compare lists the settings that differ, by label and path", async () => {
  const { status, document } = await visit(compared(FULL, QLORA));
  assertEquals(status, 200);
  assertEquals(table(document, "Settings that differ").slice(1), [
    ["Fine-tuning methodtrain.method", "full", "qlora"],
    ["GPUhardware.gpu", "A100-80GB", "RTX 4090"],
  ]);
  const marked = [...document.querySelectorAll("mark")].map(textOf);
  assertEquals(marked, ["qlora", "RTX 4090"]);
});

Deno.test("GET /compare sets peaks, parts and methods side by side with differences", async () => {
  const { document } = await visit(compared(FULL, QLORA));
  const peaks = [
    estimate({ model: "meta-llama/Llama-3.1-8B" }),
    estimate({
      model: "meta-llama/Llama-3.1-8B",
      train: { method: "qlora" },
      hardware: { gpu: "RTX 4090" },
    }),
  ].map(({ memory }) => memory.device_peak_bytes);
  const [a = 0, b = 0] = peaks;
  const rows = table(document, "What they need, per GPU");
  const row = (label: string): string[] => {
    const found = rows.find(([first]) => first === label);
    assert(found, label);
    return found.slice(1);
  };
  assertEquals(row("Peak per GPU"), [
    formatBytes(a),
    `${formatBytes(b)}−${formatBytes(a - b)}`,
  ]);
  assertEquals(row("Method"), ["timeline", "timeline"]);
  assertMatch(row("adapters")[1] ?? "", /MiB\+/);
  assertMatch(row("Verdict")[0] ?? "", /^(fits|tight|does not fit), \d+ %$/);
});

Deno.test("GET /compare draws its bars on one scale, each with its GPU's line", async () => {
  const { document } = await visit(compared(FULL, QLORA));
  const limits = [...document.querySelectorAll("figure.bar .limit")].map((
    line,
  ) => Number.parseFloat(line.getAttribute("x1") ?? ""));
  const usable = ["A100-80GB", "RTX 4090"].map((gpu) =>
    estimate({ model: "gpt2", hardware: { gpu } }).fit[0]?.usable_bytes ?? 0
  );
  assertEquals(limits.length, 2);
  const [first = 0, second = 0] = limits;
  const ratio = (usable[1] ?? 0) / (usable[0] ?? 1);
  assert(Math.abs(second / first - ratio) < 0.001, `${second} of ${first}`);
});

Deno.test("GET /compare says where a scenario cannot be used, and shows the others", async () => {
  const { status, document } = await visit(
    compared(FULL, `${FULL}&train.micro_batch=0`),
  );
  assertEquals(status, 422);
  assertMatch(
    textOf(only(document, "#scenario-b")),
    /train\.micro_batch must be at least 1: current value is "0"/,
  );
  assertMatch(textOf(only(document, "#scenario-a")), /on A100-80GB/);
});

Deno.test("GET /compare of the same scenario twice says that nothing differs", async () => {
  const { document } = await visit(compared(FULL, FULL));
  assertStringIncludes(
    textOf(only(document, "main")),
    "None: these scenarios are the same.",
  );
});

Deno.test("a scenario can be removed, the rest keeps its names", async () => {
  const { document } = await visit(`${compared(FULL, QLORA)}&n2=small`);
  assertEquals(
    hrefOf(document, "Remove A"),
    comparisonAddress([
      { query: QLORA, name: "small" },
    ]),
  );
});

Deno.test("a scenario is changed on the main page, which leads back", async () => {
  const { document } = await visit(`${compared(FULL, QLORA)}&n2=small`);
  const change = hrefOf(document, "Change B · small");
  const page = await visit(change);
  assertEquals(page.status, 200);
  const back = only(page.document, "#answer a.button");
  assertEquals(textOf(back), "Put it back");
  assertEquals(
    new URL(back.getAttribute("href") ?? "", "http://x").searchParams.get("n2"),
    "small",
  );
  // The form carries the comparison, so that a changed scenario finds back.
  const carried = only(page.document, "#scenario [name=compare]");
  const query = new URLSearchParams(change.slice("/?".length));
  query.set("train.micro_batch", "3");
  query.set("compare", carried.getAttribute("value") ?? "");
  const answer = await visit(`/answer?${query}`);
  const href = only(answer.document, "a.button").getAttribute("href") ?? "";
  assertEquals(
    new URL(href, "http://x").searchParams.get("s2"),
    "model=meta-llama/Llama-3.1-8B&train.method=qlora&train.micro_batch=3&hardware.gpu=RTX+4090",
  );
  assertMatch(answer.headers.get("hx-replace-url") ?? "", /[?&]compare=at=2/);
});

Deno.test("a changed copy becomes a scenario behind the others", async () => {
  const { document } = await visit(compared(FULL, QLORA));
  const page = await visit(hrefOf(document, "Add a changed copy of A"));
  const back = only(page.document, "#answer a.button");
  assertEquals(textOf(back), "Add it to the comparison");
  const { searchParams } = new URL(
    back.getAttribute("href") ?? "",
    "http://x",
  );
  assertEquals(
    ["s1", "s2", "s3"].map((name) => searchParams.get(name)),
    [FULL, QLORA, FULL],
  );
});

Deno.test("the main page leads to a comparison of its scenario", async () => {
  const { document } = await visit(`/?${QLORA}`);
  const link = [...document.querySelectorAll("#answer a")].find((each) =>
    textOf(each) === "Compare"
  );
  const href = link?.getAttribute("href");
  assertEquals(href, `/compare?${QLORA}`);
  const { document: page } = await visit(href ?? "");
  assertEquals(page.querySelector("[name=s1]")?.getAttribute("value"), QLORA);
  assertMatch(textOf(only(page, "#scenario-a")), /on RTX 4090/);
});

Deno.test("a link, an example or a model's name is added", async () => {
  const here = compared(QLORA);
  const add = (text: string): Promise<string> =>
    added(`${here}&add=${encodeURIComponent(text)}`);
  assertEquals(
    await add(`https://somewhere.example/?${FULL}`),
    compared(QLORA, FULL),
  );
  assertEquals(await add(FULL), compared(QLORA, FULL));
  assertEquals(
    await add("mistralai/Mistral-7B-v0.1"),
    compared(
      QLORA,
      "model=mistralai/Mistral-7B-v0.1&train.method=qlora&hardware.gpu=RTX+4090",
    ),
  );
  const preset = PRESETS.find(({ id }) => id === "llama-fsdp");
  assert(preset);
  const { searchParams } = new URL(await add(preset.id), "http://x");
  assertEquals(searchParams.get("n2"), preset.title);
  assertStringIncludes(searchParams.get("s2") ?? "", "engine.name=fsdp");
});

Deno.test("a fifth scenario, or a link without settings, is refused and kept", async () => {
  const full = compared(FULL, FULL, FULL, FULL);
  const fifth = await app.request(`${full}&add=gpt2`);
  assertEquals(fifth.status, 422);
  await fifth.body?.cancel();
  const { status, document } = await visit(
    `${compared(FULL)}&add=${encodeURIComponent("https://x.example/?")}`,
  );
  assertEquals(status, 422);
  const control = only(document, "#add");
  assertEquals(control.getAttribute("value"), "https://x.example/?");
  assertEquals(control.getAttribute("aria-invalid"), "true");
  assertMatch(textOf(only(document, "#add-error")), /has no settings/);
});

Deno.test("with four scenarios there is no room for another", async () => {
  const { document } = await visit(compared(FULL, FULL, FULL, FULL));
  assertEquals(document.querySelectorAll("#add").length, 0);
  assertEquals(
    [...document.querySelectorAll("a")].filter((link) =>
      textOf(link) === "Add a changed copy"
    ).length,
    0,
  );
});

async function post(body: unknown): Promise<{ status: number; body: unknown }> {
  const response = await app.request("/api/v1/compare", {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}

Deno.test("POST /api/v1/compare gives estimates and what differs", async () => {
  const scenarios = [
    { model: "gpt2" },
    { model: "gpt2", train: { micro_batch: 2 } },
  ] as const;
  assertEquals(await post({ scenarios }), {
    status: 200,
    body: JSON.parse(JSON.stringify({
      // Of all GPUs the scenario's own.
      estimates: scenarios.map((each) => ({
        ...estimate(each),
        fit: estimate(each).fit.slice(0, 1),
      })),
      differences: [{ path: "train.micro_batch", values: [1, 2] }],
    })),
  });
});

const REFUSED: [body: unknown, path: string, message: RegExp][] = [
  ["{", "", /must be an object .* in JSON/],
  [[], "", /must be an object/],
  [{}, "scenarios", /is missing/],
  [{ scenarios: {} }, "scenarios", /must be a list/],
  [{ scenarios: [] }, "scenarios", /1 to 4 entries: current value has 0/],
  [
    { scenarios: Array(5).fill({ model: "gpt2" }) },
    "scenarios",
    /1 to 4 entries: current value has 5/,
  ],
  [{ scenarios: [{ model: "gpt2" }], more: 1 }, "more", /not a field/],
  [
    { scenarios: [{ model: "gpt2" }, { model: "gpt2", task: "sing" }] },
    "scenarios.1.task",
    /train, serve.*sing/,
  ],
];

for (const [body, path, message] of REFUSED) {
  Deno.test(`POST /api/v1/compare refuses ${JSON.stringify(body).slice(0, 60)}`, async () => {
    const { status, body: answer } = await post(body);
    assertEquals(status, 422);
    const { error } = answer as { error: { path: string; message: string } };
    assertEquals(error.path, path);
    assertMatch(error.message, message);
  });
}

Deno.test("POST /api/v1/compare has the limits of the estimate's door", async () => {
  const body = JSON.stringify({ scenarios: ["x".repeat(1024 * 1024)] });
  for (const door of ["compare", "largest", "estimate"]) {
    const response = await app.request(`/api/v1/${door}`, {
      method: "POST",
      body,
      headers: { "content-length": `${body.length}` },
    });
    assertEquals(response.status, 413, door);
    await response.body?.cancel();
  }
});
