import { assert, assertEquals } from "@std/assert";
import { openPage } from "./open_page.ts";

const BUCKET = "[name='engine.bucket_cap_mb']";

Deno.test("more settings come when asked for, and follow the engine", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf&parallel.gpus=8`);
  await page.click(".tab:has(#tab-parallelism)");
  await page.selectOption("[name='engine.name']", "ddp");
  await page.click("#more-parallelism");
  await page.fill(BUCKET, "50");
  await page.waitForURL(/engine\.bucket_cap_mb=50/);
  assert(await page.isVisible("#panel-parallelism"));

  await page.selectOption("[name='engine.name']", "fsdp");
  await page.waitForSelector("[name='engine.wrap']");
  assertEquals(await page.inputValue(BUCKET), "50");
  await page.waitForURL(/engine\.name=fsdp.*engine\.bucket_cap_mb=50/);

  // Blank, it goes with the next engine.
  await page.fill(BUCKET, "");
  await page.waitForURL((url) => !url.search.includes("bucket_cap_mb"));
  await page.selectOption("[name='engine.name']", "deepspeed");
  await page.waitForSelector("[name='engine.overlap_comm']");
  assertEquals(await page.locator(BUCKET).count(), 0);
  assertEquals(complaints, []);
});

Deno.test("settings of a method come by themselves with it", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}/?model=gpt2&train.checkpointing=full`);
  await page.click(".tab:has(#tab-advanced)");
  await page.selectOption("[name='method']", "multipliers");
  await page.waitForSelector("[name='multipliers.gradient_checkpointing']");
  await page.selectOption("[name='method']", "rule-of-thumb");
  await page.waitForSelector("[name='rule_of_thumb.count']");
  assertEquals(complaints, []);
});

Deno.test("without JavaScript more settings open by their button", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  await page.click(".tab:has(#tab-parallelism)");
  await page.fill("[name='parallel.gpus']", "4");
  await page.selectOption("[name='engine.name']", "ddp");
  await page.click("#more-parallelism");
  await page.waitForURL(/more=parallelism/);
  assert(await page.isVisible("#panel-parallelism"));
  assertEquals(await page.inputValue("[name='parallel.gpus']"), "4");
  await page.fill(BUCKET, "50");
  await page.click(".submit button");
  await page.waitForURL(/engine\.bucket_cap_mb=50/);
  assertEquals(await page.inputValue(BUCKET), "50");
});
