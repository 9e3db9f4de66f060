/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import type { Page } from "../npm/playwright-core.ts";
import { openPage } from "./open_page.ts";

/** Waits until a control holds a text: the page is loaded anew where one goes back. */
async function holds(page: Page, name: string, text: string): Promise<void> {
  await page.waitForFunction(
    ([wanted, value]) =>
      document.querySelector<HTMLInputElement>(`[name="${wanted}"]`)?.value ===
        value,
    [name, text],
  );
}

const BATCH = "train.micro_batch";
const LENGTH = "train.sequence_length";

Deno.test("back undoes a change, forward does it again", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  const batch = page.locator("[name='train.micro_batch']");
  const length = page.locator("[name='train.sequence_length']");
  const first = await page.textContent("#verdict-title");
  await batch.fill("16");
  await page.waitForURL(/micro_batch=16/);
  await length.fill("4096");
  await page.waitForURL(/sequence_length=4096/);
  await page.selectOption("[name='hardware.gpu']", "H200");
  await page.waitForURL(/hardware\.gpu=H200/);

  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("H200"));
  await holds(page, LENGTH, "4096");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("sequence_length"));
  await holds(page, LENGTH, "2048");
  assertEquals(await batch.inputValue(), "16");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("micro_batch"));
  await holds(page, BATCH, "1");
  assertEquals(await page.textContent("#verdict-title"), first);
  await page.goForward();
  await page.waitForURL(/micro_batch=16/);
  await holds(page, BATCH, "16");
  assertEquals(complaints, []);
});

Deno.test("what is typed into one control is one step", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  const length = page.locator("[name='train.sequence_length']");
  for (const text of ["3", "30", "300"]) {
    await length.fill(text);
    await page.waitForURL(new RegExp(`sequence_length=${text}$`));
  }
  await page.goBack();
  await page.waitForURL(/Llama-2-7b-hf$/);
  await holds(page, LENGTH, "2048");
});

Deno.test("the links at the top take along what the form holds by now", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  await page.fill("[name='train.micro_batch']", "3");
  await page.waitForURL(/micro_batch=3/);
  await page.waitForSelector(
    "header a[href*='micro_batch=3'][href^='/compare']",
  );
  await page.click("header a[href^='/compare']");
  assertMatch(
    await page.textContent("main") ?? "",
    /Differences are\s+from A/,
  );
  assertEquals(await page.locator(".scenarios > li").count(), 3);
  await page.click("header a[href^='/tables']");
  await page.waitForURL(/\/tables\?model=meta-llama(\/|%2F)Llama-2-7b-hf$/);
});

Deno.test("the verdict is what screen readers hear when it changes", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  await page.selectOption("[name='hardware.gpu']", "RTX 4090");
  await page.waitForFunction(() =>
    /^Does not fit on one RTX 4090: [\d.]+ GiB too much$/.test(
      document.getElementById("said")?.textContent ?? "",
    )
  );
  await page.fill("[name='train.micro_batch']", "none");
  await page.waitForSelector("#answer [role=alert]");
  await page.waitForFunction(() =>
    document.getElementById("said")?.textContent === ""
  );
});
