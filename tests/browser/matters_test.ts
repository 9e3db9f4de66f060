import { assert, assertEquals } from "@std/assert";
import { openPage } from "./open_page.ts";

Deno.test("settings come and go with the task, the method and the engine", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  const shown = (path: string) => page.isVisible(`[name='${path}']`);
  const open = (tab: string) => page.click(`.tab:has(#tab-${tab})`);

  await open("lora");
  assert(!await shown("train.lora.rank"));
  assert(await page.isVisible("#panel-lora .instead"));
  await open("basic");
  await page.check("[name='train.method'][value=lora]");
  await open("lora");
  await page.waitForSelector("[name='train.lora.rank']");
  assert(!await page.isVisible("#panel-lora .instead"));

  await open("parallelism");
  assert(!await shown("parallel.ep"));
  assert(!await shown("engine.sharding"));
  await page.selectOption("[name='engine.name']", "fsdp");
  await page.waitForSelector("[name='engine.sharding']");
  assert(!await shown("engine.zero_stage"));

  await open("basic");
  await page.check("[name=task][value=serve]");
  await page.selectOption("[name='serve.engine']", "vllm");
  await open("advanced");
  await page.waitForSelector("[name='serve.memory_utilization']");
  assert(!await shown("serve.cache_tokens"));
  await open("basic");
  assert(!await page.isVisible("#f-serve-kv_cache"));
  assertEquals(complaints, []);
});

Deno.test("images stand under Basic for models that see, experts for those that have some", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  assert(!await page.isVisible("[name='train.images_per_sample']"));
  await page.fill("#f-model", "Qwen/Qwen2.5-VL-7B-Instruct");
  await page.keyboard.press("Enter");
  await page.waitForSelector("[name='train.images_per_sample']");
  // What is wrong with them keeps them where they are.
  await page.fill("[name='train.image_size']", "large");
  await page.waitForSelector("#answer .invalid");
  assert(await page.isVisible("[name='train.image_size']"));

  await page.goto(`${origin}/?model=Qwen/Qwen3-30B-A3B`);
  await page.click(".tab:has(#tab-parallelism)");
  assert(await page.isVisible("[name='parallel.ep']"));
});

Deno.test("a setting that is set stays, though it does not matter", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(
    `${origin}/?model=meta-llama/Llama-2-7b-hf&train.lora.rank=32`,
  );
  await page.click(".tab:has(#tab-lora)");
  assert(await page.isVisible("[name='train.lora.rank']"));
  assert(!await page.isVisible("[name='train.lora.dropout']"));
});

Deno.test("without JavaScript nothing is out of the way, for it could not come back", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  await page.click(".tab:has(#tab-lora)");
  assert(await page.isVisible("[name='train.lora.rank']"));
});

Deno.test("a question mark unfolds a sentence that leads to the docs", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(origin);
  const why = page.locator(".field:has(#f-train-micro_batch) .why");
  await why.locator("summary").click();
  assert(await why.locator("p").isVisible());
  await why.locator("a").click();
  await page.waitForURL(/\/docs\/settings#train\.micro_batch$/);
  assert(await page.isVisible("[id='train.micro_batch']"));
});
