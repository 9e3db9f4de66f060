/// <reference lib="dom" />
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { describeField } from "../../lib/mod.ts";
import { FIELDS, MODEL_FIELDS } from "./fields.ts";
import { address, controlsOf, held, only, textOf, visit } from "./visit.ts";

/** What the form takes as text, and what it cannot use there. */
const WRONG_TEXTS: Record<string, string> = {
  "model": "no/such-model",
  "model.config": '{"hidden_size": ',
  "train.trainable": "head",
  "train.image_size": "0x0",
  "train.lora.targets": `q_proj,${"x".repeat(129)}`,
  "train.lora.modules_to_save": "y".repeat(129),
  "train.lora.target_parameters": "z".repeat(129),
  "quantization.weights": "int5",
  "quantization.skip_modules": "w".repeat(129),
  "train.teacher": "a{b",
  "train.critic": "a{b",
  "train.reward_model": "a{b",
  "parallel.split_points": "a(b",
  "engine.recompute_modules": "a(b",
  "serve.draft_model": "a{b",
  "hardware.gpu": "GTX 9999",
  "hardware.gpus": ",",
  "hardware.gpu.memory_gib": "big",
};

const CHOICES: readonly string[] = ["task", "train.method"];
const ALL = [...FIELDS, ...MODEL_FIELDS, "hardware.gpu.memory_gib"];

function kindOf(path: string): string {
  if (path === "model.dims.tie_embeddings") return "select";
  if (path === "model.dims.gated_mlp") return "select";
  if (path.startsWith("model") || path.endsWith("_gib")) return "text";
  if (CHOICES.includes(path)) return "radio";
  const { kind } = describeField(path);
  if (path === "hardware.gpu" || path === "engine.zero_stage") return "select";
  return kind === "switch" ? kind : kind === "choice" ? "select" : "text";
}

function wrongTextOf(path: string): string {
  const known = WRONG_TEXTS[path];
  if (known !== undefined) return known;
  return kindOf(path) === "switch" ? "maybe" : `a b "c" <d>`;
}

function wrongQuery(path: string): Record<string, string> {
  return {
    ...(path.startsWith("model") ? {} : { model: "llama2-7b" }),
    [path]: wrongTextOf(path),
  };
}

/** What the page should do for a refused field and does not. */
async function faultsOf(path: string): Promise<string[]> {
  const { status, document } = await visit(address("/", wrongQuery(path)));
  const faults: string[] = [];
  const need = (condition: unknown, what: string): void => {
    if (!condition) faults.push(`${path}: ${what}`);
  };
  need(status === 422, `status is ${status}`);

  const problems = [...document.querySelectorAll("#answer [data-problem]")];
  const own = problems.find((problem) =>
    problem.getAttribute("data-problem") === path
  );
  need(own, "no problem names it");
  const message = textOf(own ?? null);
  need(message.includes(path), `the message is "${message}"`);
  need(!message.includes("is missing"), `it was given: "${message}"`);

  const controls = controlsOf(document, path);
  const marked = controls.map((control) =>
    control.closest("[aria-invalid='true']")
  ).find((each) => each !== null);
  need(marked, "no control is marked aria-invalid");
  const described = (marked?.getAttribute("aria-describedby") ?? "")
    .split(" ").map((id) => textOf(document.getElementById(id)));
  need(
    described.some((text) => text.startsWith(path) && message.includes(text)),
    "no description holds the message",
  );

  const tab = controls[0]?.closest(".panel")?.id.replace("panel-", "tab-");
  const open = document.querySelector("#tabs input[checked]")?.id;
  need(tab !== undefined && tab === open, `the open tab is ${open}`);

  const target = own?.querySelector("a")?.getAttribute("href")?.slice(1) ?? "";
  need(document.getElementById(target), `its link leads to #${target}`);
  return faults;
}

for (const kind of ["text", "select", "radio", "switch"]) {
  const paths = ALL.filter((path) => kindOf(path) === kind);
  Deno.test(`GET / marks each refused ${kind} of ${paths.length} where it stands`, async () => {
    assert(paths.length > 0);
    const faults = await Promise.all(paths.map(faultsOf));
    assertEquals(faults.flat(), []);
  });
}

Deno.test("GET / keeps each text that it refuses", async () => {
  const lost: string[] = [];
  for (const path of ALL) {
    if (/^(radio|switch)$/.test(kindOf(path))) continue;
    const { document } = await visit(address("/", wrongQuery(path)));
    const text = held(document, path);
    if (text !== wrongTextOf(path)) lost.push(`${path}: ${text}`);
  }
  assertEquals(lost, []);
});

Deno.test("GET / keeps everything else that was typed too", async () => {
  const typed = {
    "model": "llama2-7b",
    "task": "serve",
    "train.method": "lora",
    "train.micro_batch": "-1",
    "train.lora.targets": "q_proj, v_proj",
    "train.padding_mask": "true",
    "engine.distributed_optimizer": "false",
    "parallel.gpus": " 1,024 ",
    "hardware.gpu": "H200",
    "software.torch": "<2.6>",
  };
  const { status, document } = await visit(address("/", typed));
  assertEquals(status, 422);
  for (const [path, text] of Object.entries(typed)) {
    assertEquals(held(document, path), text, path);
  }
  const title = textOf(only(document, "#answer h2"));
  assertEquals(title, "2 settings cannot be used");
});

Deno.test("GET / opens the first tab that holds a mistake", async () => {
  const { document } = await visit(
    "/?model=llama2-7b&train.lora.rank=0&parallel.tp=0&factors.kv_cache=x",
  );
  assertEquals(only(document, "#tabs input[checked]").id, "tab-parallelism");
});

Deno.test("GET / unfolds the group that holds a mistake", async () => {
  const { document } = await visit("/?model.dims.layers=x");
  const [control] = controlsOf(document, "model.dims.layers");
  assert(control?.closest("details")?.hasAttribute("open"));
});

Deno.test("GET / asks for one of a model's name and description", async () => {
  const { status, document } = await visit(
    "/?model=llama2-7b&model.dims.layers=2",
  );
  assertEquals(status, 422);
  assertStringIncludes(
    textOf(only(document, "[data-problem=model]")),
    "either a name or a description",
  );
  assertEquals(held(document, "model"), "llama2-7b");
  assertEquals(held(document, "model.dims.layers"), "2");
});

Deno.test("GET / refuses a field that there is not, by name", async () => {
  const { status, document } = await visit("/?model=llama2-7b&trian.rank=1");
  assertEquals(status, 422);
  assertStringIncludes(
    textOf(only(document, "[data-problem]")),
    "trian is not a field",
  );
});

const WRONG_PAGES: [name: string, path: string][] = [
  ["one mistake", "/?model=llama2-7b&train.micro_batch=0"],
  ["a field that there is not", "/?model=llama2-7b&trian.rank=1"],
  ["a missing model", "/?train.micro_batch=2"],
  ["a part of its dimensions missing", "/?model.dims.layers=2"],
  ["a name without letters", "/?[]=1"],
  ["a wrong element of a list", "/?model=llama2-7b&train.image_size=0x0"],
  ["a section given as text", "/?model=llama2-7b&train=full"],
  ["mesh and model at odds", "/?model=llama2-7b&parallel.tp=3&parallel.gpus=3"],
  ["GPUs for a model that is unknown", "/gpus?model=nope"],
];

for (const [name, path] of WRONG_PAGES) {
  Deno.test(`GET ${path.split("?")[0]} links each problem to a place that there is: ${name}`, async () => {
    const { status, document } = await visit(path);
    assertEquals(status, 422);
    const dead = [...document.querySelectorAll("a[href*='#']")]
      .map((link) => link.getAttribute("href") ?? "")
      .filter((href) =>
        href.startsWith("#") && !document.getElementById(href.slice(1))
      );
    assertEquals(dead, []);
  });
}
