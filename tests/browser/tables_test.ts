import { assertEquals, assertStringIncludes } from "@std/assert";
import { openPage } from "./open_page.ts";

Deno.test("the tables follow as one types, and the address with them", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(origin);
  await page.click("nav a[href^='/tables']");
  await page.waitForURL(/\/tables\?model=/);
  await page.fill("#f-lora_rank", "128");
  await page.waitForURL(/lora_rank=128/);
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "LoRA of rank 128",
  );
  await page.selectOption("#f-dtype", "int4");
  await page.waitForURL(/dtype=int4/);
  assertEquals(
    await page.locator("#answer .card:has(#memory-title) tbody tr").count(),
    1,
  );
  await page.reload();
  assertEquals(await page.inputValue("#f-lora_rank"), "128");
  assertEquals(await page.inputValue("#f-dtype"), "int4");
  await page.fill("#f-lora_rank", "0");
  await page.waitForSelector("#answer .invalid");
  assertEquals(
    await page.getAttribute("#f-lora_rank", "aria-invalid"),
    "true",
  );
  assertEquals(await page.inputValue("#f-lora_rank"), "0");
  assertEquals(complaints, []);
});

Deno.test("the tables find a model by words of its name", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/tables`);
  await page.fill("#f-model", "phi-2");
  await page.click(".popup li:has-text('microsoft/phi-2')");
  await page.waitForURL(/model=microsoft\/phi-2/);
  assertStringIncludes(
    await page.textContent("#memory-title") ?? "",
    "microsoft/phi-2",
  );
});

Deno.test("without JavaScript the tables answer by their button", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}/tables?model=gpt2`);
  await page.fill("#f-lora_rank", "0");
  await page.click(".submit button");
  await page.waitForSelector("#f-lora_rank-error");
  assertEquals(await page.inputValue("#f-lora_rank"), "0");
  await page.fill("#f-lora_rank", "16");
  await page.selectOption("#f-count", "dimensions");
  await page.click(".submit button");
  await page.waitForURL(/count=dimensions/);
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "162,148,608 parameters by dimensions",
  );
});
