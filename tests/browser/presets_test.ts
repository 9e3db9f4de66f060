import { assert, assertEquals } from "@std/assert";
import { openPage } from "./open_page.ts";

Deno.test("a preset loads into the form and answers as one types", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(origin);
  await page.click("header a[href='/presets']");
  await page.click("#preset-llama2-13b");
  await page.waitForSelector("#verdict-title");
  assertEquals(await page.inputValue("#f-model"), "meta-llama/Llama-2-13b-hf");
  assertEquals(await page.inputValue("[name='parallel.gpus']"), "8");
  await page.fill("[name='train.micro_batch']", "0");
  await page.waitForSelector("#answer .invalid");
  await page.fill("[name='train.micro_batch']", "1");
  await page.waitForSelector("#verdict-title");
  assertEquals(complaints, []);
});

Deno.test("the scenario is saved as a file and copied as JSON", async () => {
  await using opened = await openPage({
    permissions: ["clipboard-read", "clipboard-write"],
  });
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}/?model=llama2-7b&train.micro_batch=2`);
  await page.click("#use > summary");
  await page.click("#use a[href^='/scenario?']");
  await page.click("button[data-copies]");
  await page.waitForSelector("button:has-text('Copied')");
  const copied = await page.evaluate("navigator.clipboard.readText()");
  const wanted = { model: "llama2-7b", train: { micro_batch: 2 } };
  assertEquals(JSON.parse(String(copied)), wanted);
  const waiting = page.waitForEvent("download");
  await page.click("a[download]");
  const download = await waiting;
  assertEquals(download.suggestedFilename(), "headroom-llama2-7b.json");
  const path = await download.path();
  assertEquals(JSON.parse(await Deno.readTextFile(path)), wanted);
  assertEquals(complaints, []);
});

Deno.test("without JavaScript the JSON is there to save and to read", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}/scenario?model=llama2-7b`);
  assert(await page.isVisible("a[download]"));
  assert(await page.isVisible("#scenario-json"));
  assert(!await page.isVisible("button[data-copies]"));
});
