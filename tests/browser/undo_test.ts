import { assertEquals, assertMatch } from "@std/assert";
import { openPage } from "./open_page.ts";

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
  assertEquals(await length.inputValue(), "4096");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("sequence_length"));
  assertEquals(await batch.inputValue(), "16");
  assertEquals(await length.inputValue(), "2048");
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("micro_batch"));
  assertEquals(await batch.inputValue(), "1");
  assertEquals(await page.textContent("#verdict-title"), first);
  await page.goForward();
  await page.waitForURL(/micro_batch=16/);
  assertEquals(await batch.inputValue(), "16");
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
  assertEquals(await length.inputValue(), "2048");
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
