import { Buffer } from "node:buffer";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import axe from "../npm/axe-core.ts";
import type { Page } from "../npm/playwright-core.ts";
import { openHub } from "../../hub/mod.ts";
import { startFakeHub } from "../hub/fake_hub.ts";
import { CONFIG, gate, SHARDED } from "../hub/slow_hub.ts";
import { openPage } from "./open_page.ts";

const LLAMA = "/?model=meta-llama/Llama-2-7b-hf";
const FOLDED = "A model that is not in the catalogue";

/** Waits until what is found by a text is listed. */
function listed(page: Page, typed: string): Promise<void> {
  return page.locator(`.popup[data-found="${typed}"]`).waitFor();
}

Deno.test("the model is found by name, size and kind, and chosen by keyboard", async () => {
  await using opened = await openPage();
  const { page, origin, complaints, asked } = opened;
  await page.goto(`${origin}${LLAMA}`);
  const field = page.locator("#f-model");
  const verdict = await page.textContent("#verdict-title");
  for (
    const [query, first] of [
      ["8b", "8b"],
      ["qwen3", "qwen3"],
      ["moe", "moe"],
      ["vision", "vision"],
      ["llama 70b", "70b"],
    ] as const
  ) {
    await field.selectText();
    await field.pressSequentially(query);
    await listed(page, query);
    const items = await page.locator("#models-found li").allTextContents();
    assert(items.length > 1, `${query}: ${items.length}`);
    for (const item of items.slice(0, 3)) {
      assertStringIncludes(item.toLowerCase(), first);
    }
  }
  await field.selectText();
  await field.pressSequentially("qwen3 moe");
  await listed(page, "qwen3 moe");
  assertEquals(await field.getAttribute("aria-expanded"), "true");
  assertEquals(await page.textContent("#verdict-title"), verdict);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  await page.locator("#f-model[aria-activedescendant=model-1]").waitFor();
  const chosen = page.locator(
    `#${await field.getAttribute("aria-activedescendant")}`,
  );
  assertEquals(await chosen.getAttribute("aria-selected"), "true");
  const name = await chosen.getAttribute("data-id");
  await page.keyboard.press("Enter");
  assertEquals(await field.inputValue(), name);
  await page.waitForURL((url) => url.searchParams.get("model") === name);
  // What is searched for is no model; only what was chosen is asked about.
  assertEquals(asked.map((url) => url.searchParams.get("model")), [name]);
  assert(!await page.isVisible("#models-found"));
  assertEquals(complaints, []);
});

Deno.test("the list of models opens by click, chooses by click, closes by Escape", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.click("#f-model");
  await listed(page, "meta-llama/Llama-2-7b-hf");
  assertStringIncludes(await page.textContent(".popup p") ?? "", "first 50");
  await page.keyboard.press("Escape");
  assert(!await page.isVisible("#models-found"));
  assertEquals(
    await page.inputValue("#f-model"),
    "meta-llama/Llama-2-7b-hf",
  );
  await page.fill("#f-model", "mixtral 8x22b");
  await listed(page, "mixtral 8x22b");
  await page.click("#models-found li");
  await page.waitForURL(/Mixtral-8x22B/);
  assertEquals(
    await page.evaluate("document.activeElement.id"),
    "f-model",
  );
});

for (const colorScheme of ["light", "dark"] as const) {
  Deno.test(`axe finds nothing to mend in the open list, the file and a look-up in ${colorScheme}`, async () => {
    await using hub = startFakeHub({ "a/b": { config: CONFIG } });
    const held = gate(/config\.json$/);
    await using opened = await openPage({
      colorScheme,
      hub: openHub({ ...hub, fetch: held.fetch }),
    });
    const { page, origin } = opened;
    await page.goto(`${origin}${LLAMA}`);
    await page.evaluate(axe);
    await page.getByText(FOLDED).click();
    await page.fill("#f-model", "qwen3");
    await listed(page, "qwen3");
    await page.keyboard.press("ArrowDown");
    await page.locator("#f-model[aria-activedescendant=model-0]").waitFor();
    assertEquals(await violations(page), []);
    await page.fill("#f-model", "a/b");
    await page.waitForSelector("[data-look-up]");
    assertEquals(await violations(page), []);
    await page.click("[data-look-up]");
    await page.waitForSelector(".looking-up");
    assertEquals(await violations(page), []);
    held.open();
    await page.waitForSelector("#verdict-title");
  });
}

Deno.test("a name of the Hub is looked up when the field is left, with progress", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG, files: SHARDED } });
  const held = gate(/\.safetensors$/);
  await using opened = await openPage({
    hub: openHub({ ...hub, fetch: held.fetch }),
  });
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.locator("#f-model").selectText();
  await page.locator("#f-model").pressSequentially("a/b", { delay: 30 });
  await page.waitForSelector("[data-look-up]");
  assertEquals(hub.asked, []);
  await page.check("#f-count_from");
  await page.waitForSelector("#answer :text('Reading header 1 of 3')");
  // What is changed meanwhile is in the answer.
  await page.fill("[name='train.micro_batch']", "5");
  await held.arrived(3);
  held.open();
  await page.waitForSelector("#verdict-title");
  await page.waitForURL(
    /\?model=a\/b&train\.micro_batch=5&count_from=headers$/,
  );
  assertStringIncludes(
    await page.textContent(".understood") ?? "",
    "from the checkpoint's headers",
  );
  const asked = hub.asked.length;
  await page.reload();
  assert(await page.isChecked("#f-count_from"));
  assertEquals(hub.asked.length, asked);
  assertEquals(complaints.filter((each) => !each.includes("202")), []);
});

Deno.test("a name that the Hub does not have is told, and keeps the form", async () => {
  await using hub = startFakeHub({});
  await using opened = await openPage({ hub: openHub(hub) });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("#f-model", "a/missing");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#answer .invalid");
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "a/missing is not on the Hub",
  );
  assertEquals(await page.inputValue("#f-model"), "a/missing");
});

Deno.test("without JavaScript a slow look-up reloads itself until it answers", async () => {
  await using hub = startFakeHub({ "a/b": { config: CONFIG } });
  const held = gate(/config\.json$/);
  await using opened = await openPage({
    javaScriptEnabled: false,
    hub: openHub({ ...hub, fetch: held.fetch }),
  });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("#f-model", "a/b");
  await page.click(".submit button");
  await page.waitForSelector(".looking-up");
  held.open();
  await page.waitForSelector("#verdict-title");
  assertEquals(new URL(page.url()).search, "?model=a/b");
});

Deno.test("a config.json is taken as a file, and the form around it stays", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("[name='train.micro_batch']", "3");
  await page.waitForURL(/micro_batch=3/);
  await page.getByText(FOLDED).click();
  await page.setInputFiles("#f-config_file", file("config.json", CONFIG));
  await page.waitForURL(/model\.config=/);
  assertStringIncludes(
    await page.textContent(".understood") ?? "",
    "from the given config.json",
  );
  assertEquals(await page.inputValue("#f-model"), "");
  assertEquals(await page.inputValue("[name='train.micro_batch']"), "3");
  assertEquals(
    JSON.parse(await page.inputValue("[name='model.config']")),
    CONFIG,
  );
  assertEquals(complaints, []);
});

Deno.test("a file that is no config.json is told, and can be chosen anew", async () => {
  await using opened = await openPage();
  const { page, origin, asked } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("[name='train.micro_batch']", "3");
  await page.waitForURL(/micro_batch=3/);
  const before = asked.length;
  await page.getByText(FOLDED).click();
  await page.setInputFiles("#f-config_file", file("list.json", [1]));
  await page.waitForSelector("#answer .invalid");
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    'the file "list.json" holds a list',
  );
  assertEquals(await page.inputValue("[name='train.micro_batch']"), "3");
  await page.setInputFiles("#f-config_file", {
    name: "model.safetensors",
    mimeType: "",
    buffer: Buffer.alloc(1_100_000),
  });
  assertStringIncludes(
    await page.textContent(".config-file .error") ?? "",
    'at most 1048576 bytes: the file "model.safetensors" has 1100000',
  );
  await page.setInputFiles("#f-config_file", file("config.json", CONFIG));
  await page.waitForURL(/model\.config=/);
  // The file's own answers stand: none of the form's came in their place.
  assertEquals(asked.length, before);
});

Deno.test("without JavaScript a file's button sends it, and Enter does not", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("[name='train.micro_batch']", "3");
  await page.keyboard.press("Enter");
  await page.waitForURL(/Llama-2-7b-hf&train\.micro_batch=3$/);
  await page.getByText(FOLDED).click();
  await page.click("button[formaction]");
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "must be a file: none was chosen",
  );
  assertEquals(await page.inputValue("[name='train.micro_batch']"), "3");
  await page.setInputFiles("#f-config_file", file("config.json", CONFIG));
  await page.click("button[formaction]");
  await page.waitForURL(/model\.config=.*train\.micro_batch=3$/);
  assert(await page.isVisible("#verdict-title"));
});

function file(name: string, content: unknown) {
  return {
    name,
    mimeType: "application/json",
    buffer: Buffer.from(JSON.stringify(content)),
  };
}

async function violations(page: Page): Promise<unknown> {
  return await page.evaluate(
    "axe.run().then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`))",
  );
}
