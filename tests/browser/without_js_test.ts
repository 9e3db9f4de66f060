import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openPage } from "./open_page.ts";

Deno.test("without JavaScript the form answers by its button", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=meta-llama/Llama-2-7b-hf`);
  await page.fill("[name='train.micro_batch']", "4");
  await page.click(".submit button");
  await page.waitForURL(/train\.micro_batch=4/);
  assertEquals(
    new URL(page.url()).search,
    "?model=meta-llama/Llama-2-7b-hf&train.micro_batch=4",
  );
  assertEquals(await page.inputValue("[name='train.micro_batch']"), "4");
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "token ids (64.0 KiB)",
  );
});

Deno.test("without JavaScript the tabs, tasks and examples work", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(origin);
  await page.click(".tab:has(#tab-optimizations)");
  assert(await page.isVisible("#panel-optimizations"));
  assert(!await page.isVisible("#panel-basic"));
  await page.selectOption("[name='train.loss']", "fused");
  await page.click(".submit button");
  await page.waitForURL(/train\.loss=fused/);
  await page.check("[name=task][value=serve]");
  assert(await page.isVisible("[name='serve.batch']"));
  await page.click("#example-gpt-oss-vllm");
  assertStringIncludes(page.url(), "task=serve");
});

Deno.test("without JavaScript a refused form keeps what was typed", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(origin);
  await page.click(".tab:has(#tab-parallelism)");
  await page.fill("[name='parallel.gpus']", "many");
  await page.click(".tab:has(#tab-basic)");
  await page.fill("[name='train.micro_batch']", "5");
  await page.click(".submit button");
  await page.waitForSelector("#answer .invalid");
  assertEquals(await page.inputValue("[name='parallel.gpus']"), "many");
  assertEquals(await page.inputValue("[name='train.micro_batch']"), "5");
  assert(await page.isVisible("#panel-parallelism"));
  assertEquals(
    await page.getAttribute("[name='parallel.gpus']", "aria-invalid"),
    "true",
  );
});
