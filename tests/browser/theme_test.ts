import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Page } from "../npm/playwright-core.ts";
import { openPage } from "./open_page.ts";

const LLAMA = "/?model=meta-llama/Llama-2-7b-hf";

async function isDark(page: Page): Promise<boolean> {
  const colour = await page.evaluate(
    "getComputedStyle(document.body).backgroundColor",
  );
  const [red = 0] = String(colour).match(/\d+/g)?.map(Number) ?? [];
  return red < 128;
}

Deno.test("the theme can be switched, and stays", async () => {
  await using opened = await openPage({ colorScheme: "light" });
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${LLAMA}`);
  assert(!await isDark(page));
  await page.click("[data-theme-to='dark']");
  assert(await isDark(page));
  assert(!await page.isVisible("[data-theme-to='dark']"));
  await page.goto(`${origin}/docs`);
  assert(await isDark(page));
  await page.click("[data-theme-to='light']");
  await page.reload();
  assert(!await isDark(page));
  assertEquals(complaints, []);
});

Deno.test("the host's theme comes before the system's, and lasts", async () => {
  await using opened = await openPage({ colorScheme: "light" });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}&__theme=dark`);
  assert(await isDark(page));
  await page.fill("[name='train.micro_batch']", "2");
  await page.waitForURL(/micro_batch=2/);
  await page.reload();
  assert(await isDark(page));
});

Deno.test("without JavaScript a link switches the theme and keeps the scenario", async () => {
  await using opened = await openPage({
    colorScheme: "dark",
    javaScriptEnabled: false,
  });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  assert(await isDark(page));
  await page.click("[data-theme-to='light']");
  assert(!await isDark(page));
  assertStringIncludes(page.url(), "__theme=light");
  assertEquals(await page.inputValue("#f-model"), "meta-llama/Llama-2-7b-hf");
  // An address that is not the scenario's own is moved, and keeps the theme.
  await page.goto(`${origin}${LLAMA}&train.micro_batch=1&__theme=light`);
  assert(!await isDark(page));
});
