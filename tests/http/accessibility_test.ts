/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { address, only, textOf, visit } from "./visit.ts";
import { DIMS } from "./fields.ts";

const PAGES: [name: string, path: string][] = [
  ["the first page", "/"],
  ["a scenario", "/?model=llama2-7b&train.method=lora"],
  ["serving", "/?model=llama2-7b&task=serve"],
  ["a described model", address("/", DIMS)],
  ["mistakes", "/?model=nope&train.micro_batch=0&train.padding_mask=maybe"],
  ["a wrong task", "/?model=llama2-7b&task=eval"],
  ["the GPUs", "/gpus?model=llama2-7b"],
  ["the tables", "/tables?model=llama2-7b"],
  ["the tables for a mistake", "/tables?model=llama2-7b&lora_rank=0"],
  ["the GPUs for a mistake", "/gpus?model=llama2-7b&train.micro_batch=0"],
  [
    "a comparison",
    "/compare?s1=model%3Dllama2-7b&s2=model%3Dllama2-7b%26train.method%3Dqlora&n2=small",
  ],
  [
    "a comparison with mistakes",
    "/compare?s1=model%3Dllama2-7b&s2=model%3Dnope&add=%22%3E%3Cb%3E%3F",
  ],
  ["a comparison of nothing", "/compare"],
  ["the largest that fits", "/largest?model=gpt2"],
  ["an error", "/explain?model=llama2-7b&hardware.gpu=RTX+4090"],
  ["what would help", "/advice?model=llama2-7b&hardware.gpu=RTX+4090"],
  ["several GPUs", "/strategies?model=Qwen/Qwen2.5-7B&gpus=8"],
  ["what does not fit", "/?model=llama2-7b&hardware.gpu=RTX+4090"],
  ["traffic", "/traffic?model=llama2-7b&parallel.gpus=16&node_gbs=x"],
  ["several GPUs", "/?model=llama2-7b&parallel.gpus=16"],
  ["the presets", "/presets"],
  ["other tools", "/export?model=llama2-7b&parallel.gpus=8"],
  ["a scenario's JSON", "/scenario?model=llama2-7b"],
  ["the documentation", "/docs"],
  ["a document", "/docs/timeline"],
  ["the longest document", "/docs/accuracy"],
  ["the settings", "/docs/settings"],
  ["the parts", "/docs/parts"],
  ["the API", "/docs/api"],
  ["measured figures", "/accuracy"],
  ["no measured figures", "/accuracy?method=multipliers&type=mamba"],
  ["measured figures of nothing", "/accuracy?counter=x"],
  ["nothing", "/nowhere"],
  ["the JSON of a mistake", "/scenario?model=llama2-7b&train.micro_batch=0"],
];

/** What a label can point to. */
const CONTROLS = "input:not([type=hidden]), select, textarea, button";

for (const [name, path] of PAGES) {
  Deno.test(`GET ${path.split("?")[0]} labels each control: ${name}`, async () => {
    const { document } = await visit(path);
    const labelled = new Set<Element | null>();
    for (const label of document.querySelectorAll("label")) {
      const target = label.getAttribute("for");
      const control = target === null
        ? label.querySelector(CONTROLS)
        : document.getElementById(target);
      assert(control?.matches(CONTROLS), `${label.outerHTML} has no control`);
      assert(textOf(label) !== "", label.outerHTML);
      labelled.add(control);
    }
    const bare = [...document.querySelectorAll(CONTROLS)].filter((control) =>
      control.tagName !== "BUTTON" && !labelled.has(control)
    );
    assertEquals(bare.map(({ outerHTML }) => outerHTML), []);
    for (const fieldset of document.querySelectorAll("fieldset")) {
      assert(textOf(fieldset.querySelector("legend")) !== "", fieldset.id);
    }
  });

  Deno.test(`GET ${path.split("?")[0]} refers to ids that there are, once each: ${name}`, async () => {
    const { document } = await visit(path);
    const ids = [...document.querySelectorAll("[id]")].map(({ id }) => id);
    assertEquals(ids.filter((id, at) => ids.indexOf(id) !== at), []);
    const known = new Set(ids);
    const dead: string[] = [];
    for (
      const attribute of [
        "for",
        "list",
        "aria-labelledby",
        "aria-describedby",
        "aria-controls",
      ]
    ) {
      for (const element of document.querySelectorAll(`[${attribute}]`)) {
        const names = (element.getAttribute(attribute) ?? "").split(" ");
        for (const id of names) {
          if (!known.has(id)) dead.push(`${attribute}="${id}"`);
        }
      }
    }
    assertEquals(dead, []);
  });

  Deno.test(`GET ${path.split("?")[0]} nests its headings under one h1: ${name}`, async () => {
    const { document } = await visit(path);
    only(document, "h1");
    const levels = [
      ...document.querySelectorAll(
        "main h1, main h2, main h3, main h4, main h5, main h6",
      ),
    ].map(({ tagName }) => Number(tagName.slice(1)));
    assertEquals(levels[0], 1);
    const skips = levels.filter((level, at) =>
      level > (levels[at - 1] ?? 0) + 1
    );
    assertEquals(skips, []);
  });

  Deno.test(`GET ${path.split("?")[0]} says in words what it shows: ${name}`, async () => {
    const { document } = await visit(path);
    for (const image of document.querySelectorAll("img")) {
      assert(image.hasAttribute("alt"), image.outerHTML);
    }
    for (const svg of document.querySelectorAll("svg")) {
      if (svg.parentElement?.closest("svg")) continue;
      assertEquals(svg.getAttribute("role"), "img");
      assert((svg.getAttribute("aria-label") ?? "").length > 10);
    }
    for (const figure of document.querySelectorAll("figure")) {
      assert(figure.querySelector("[aria-label], figcaption, img[alt]"));
    }
    for (const link of document.querySelectorAll("a")) {
      assert(textOf(link) !== "", link.outerHTML);
    }
    for (const table of document.querySelectorAll("table")) {
      const heads = [...table.querySelectorAll("th")];
      assert(heads.length > 0);
      for (const head of heads) assert(head.hasAttribute("scope"));
    }
  });
}

Deno.test("GET / has its landmarks and language", async () => {
  const { document } = await visit("/");
  assertEquals(document.documentElement.getAttribute("lang"), "en");
  assertMatch(textOf(only(document, "head > title")), /Headroom/);
  only(document, "main");
  only(document, "body > header");
  only(document, "body > footer");
  for (const each of document.querySelectorAll("nav")) {
    assert(each.hasAttribute("aria-label"));
  }
  for (const form of document.querySelectorAll("form")) {
    assert(form.hasAttribute("aria-label"), form.id);
  }
});

Deno.test("GET / begins with a link to the answer", async () => {
  const { document } = await visit("/");
  const link = document.querySelector("body a");
  assertEquals(link?.getAttribute("href"), "#answer");
});

Deno.test("GET / has one place that says the verdict, and announces nothing else", async () => {
  const { document } = await visit("/");
  assertEquals(
    [...document.querySelectorAll("[aria-live], [role=status], [role=alert]")]
      .map(({ id }) => id),
    ["said"],
  );
  const wrong = await visit("/?model=nope");
  only(wrong.document, "#answer [role=alert]");
});

Deno.test("GET / describes its picture of the peak in words", async () => {
  const { document } = await visit("/?model=llama2-7b");
  assertMatch(
    only(document, "figure.bar > svg").getAttribute("aria-label") ?? "",
    /^\d+\.\d+ GiB stacked against 79\.\d+ GiB usable on A100-80GB;/,
  );
  assertMatch(
    only(document, "figure.step > svg").getAttribute("aria-label") ?? "",
    /^Memory over one training step: \d+\.\d+ GiB at the peak, \w+/,
  );
});

Deno.test("GET / lets the keyboard scroll what is wide", async () => {
  const { document } = await visit("/");
  const wide = [...document.querySelectorAll(".scroll")];
  assert(wide.length > 0);
  for (const region of wide) {
    assertEquals(region.getAttribute("tabindex"), "0");
    assertEquals(region.getAttribute("role"), "region");
    assert(
      region.hasAttribute("aria-label") ||
        region.hasAttribute("aria-labelledby"),
    );
  }
});
