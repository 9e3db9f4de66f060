import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { PRESETS } from "../../lib/mod.ts";
import { openPage } from "./open_page.ts";

Deno.test("each example fills the form and answers", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(origin);
  for (const { id, scenario } of PRESETS) {
    await page.click(`#example-${id}`);
    await page.waitForLoadState();
    assertEquals(await page.inputValue("#f-model"), scenario.model as string);
    assert(await page.isVisible("#verdict-title"));
    assertEquals(
      await page.inputValue("[name='parallel.gpus']"),
      String(scenario.parallel?.gpus ?? 1),
    );
  }
  assertEquals(complaints, []);
});

Deno.test("the back button returns to the scenario before", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  await page.fill("[name='train.micro_batch']", "3");
  await page.waitForURL(/train\.micro_batch=3/);
  const verdict = await page.textContent("#verdict-title");
  await page.click("#example-llama-fsdp");
  await page.waitForURL(/Llama-3.1-8B/);
  await page.goBack();
  await page.waitForURL(/train\.micro_batch=3/);
  assertEquals(await page.inputValue("#f-model"), "meta-llama/Llama-2-7b-hf");
  assertEquals(await page.inputValue("[name='train.micro_batch']"), "3");
  assertEquals(await page.textContent("#verdict-title"), verdict);
  await page.goForward();
  await page.waitForURL(/Llama-3.1-8B/);
  assertEquals(await page.inputValue("#f-model"), "meta-llama/Llama-3.1-8B");
});

Deno.test("the five tabs open by click and by keyboard", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(origin);
  const panels = ["basic", "parallelism", "optimizations", "lora", "advanced"];
  const open = async (): Promise<string[]> => {
    const shown = [];
    for (const id of panels) {
      if (await page.isVisible(`#panel-${id}`)) shown.push(id);
    }
    return shown;
  };
  assertEquals(await open(), ["basic"]);
  for (const id of panels) {
    await page.click(`.tab:has(#tab-${id})`);
    assertEquals(await open(), [id]);
  }
  await page.focus("#tab-basic");
  await page.keyboard.press("Space");
  for (const id of panels.slice(1)) {
    await page.keyboard.press("ArrowRight");
    assertEquals(await open(), [id]);
  }
});

Deno.test("a problem's link opens its tab and focuses its field", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(
    `${origin}/?model=meta-llama/Llama-2-7b-hf&train.method=lora`,
  );
  await page.click(".tab:has(#tab-lora)");
  await page.fill("[name='train.lora.rank']", "0");
  await page.waitForSelector("#answer .invalid");
  await page.click(".tab:has(#tab-basic)");
  await page.click("[data-problem='train.lora.rank'] a");
  assert(await page.isVisible("#panel-lora"));
  assertEquals(
    await page.evaluate("document.activeElement.name"),
    "train.lora.rank",
  );
});

Deno.test("the whole form can be reached and read by keyboard", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(origin);
  await page.keyboard.press("Tab");
  assertEquals(await page.evaluate("document.activeElement.className"), "skip");
  await page.focus("#f-model");
  await page.keyboard.type("x");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#answer .invalid");
  assertStringIncludes(await page.textContent("#answer") ?? "", "did you mean");
});
