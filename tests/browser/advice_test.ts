/// <reference lib="dom" />
import { assertEquals, assertMatch } from "@std/assert";
import { openPage } from "./open_page.ts";

const TOO_LARGE =
  "/?model=Qwen/Qwen3-32B&train.method=qlora&hardware.gpu=RTX+4090";

Deno.test("what would help follows the answer by itself; a link applies it, Back undoes it", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${TOO_LARGE}`);
  await page.waitForSelector("#advice li");
  assertMatch(
    await page.textContent("#verdict-title") ?? "",
    /^Does not fit/,
  );
  await page.click("#advice p a");
  await page.waitForURL(/train\.checkpointing=full/);
  assertMatch(
    await page.textContent("#verdict-title") ?? "",
    /^(Fits|Tight) on one RTX 4090/,
  );
  assertEquals(
    await page.inputValue("[name='train.checkpointing']"),
    "full",
  );
  await page.goBack();
  await page.waitForURL((url) => !url.search.includes("checkpointing"));
  assertMatch(
    await page.textContent("#verdict-title") ?? "",
    /^Does not fit/,
  );
  assertEquals(complaints, []);
});

Deno.test("what would help goes with the answer that it belonged to", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${TOO_LARGE}`);
  await page.waitForSelector("#advice li");
  await page.selectOption("[name='hardware.gpu']", "B200");
  await page.waitForURL(/hardware\.gpu=B200/);
  await page.waitForFunction(() =>
    document.querySelector("#verdict-title")?.textContent?.includes("B200")
  );
  assertEquals(await page.$("#advice"), null);
  await page.selectOption("[name='hardware.gpu']", "T4");
  await page.waitForSelector("#advice li a[href*='hardware.gpu=T4']");
});
