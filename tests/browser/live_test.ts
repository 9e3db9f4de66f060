import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import type { Request } from "../npm/playwright-core.ts";
import { openPage, twoFrames } from "./open_page.ts";

const LLAMA = "/?model=meta-llama/Llama-2-7b-hf";

Deno.test("typing changes the answer and the address", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${LLAMA}`);
  const before = await page.textContent("#verdict-title");
  await page.fill("[name='train.micro_batch']", "4");
  await page.waitForURL(/train\.micro_batch=4/);
  const after = await page.textContent("#verdict-title");
  assert(before !== after, `The verdict stays ${before}`);
  assertEquals(
    new URL(page.url()).search,
    `${LLAMA.slice(1)}&train.micro_batch=4`,
  );
  assertEquals(complaints, []);
});

Deno.test("choosing and ticking change the answer", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.selectOption("[name='hardware.gpu']", "H200");
  await page.waitForURL(/hardware\.gpu=H200/);
  assertStringIncludes(await page.textContent("#verdict-title") ?? "", "H200");
  await page.check("[name='train.method'][value=qlora]");
  await page.waitForURL(/train\.method=qlora/);
  assertStringIncludes(await page.textContent("table.parts") ?? "", "adapters");
  await page.check("[name=task][value=serve]");
  await page.waitForURL(/task=serve/);
  assert(await page.isVisible("[name='serve.batch']"));
  assert(!await page.isVisible("[name='train.micro_batch']"));
  assertStringIncludes(await page.textContent("table.parts") ?? "", "KV cache");
});

Deno.test("human numbers are understood as they are typed", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("[name='train.sequence_length']", "4k");
  await page.waitForURL(/train\.sequence_length=4096/);
  await page.fill("[name='hardware.gpu.memory_gib']", "80GB");
  await page.waitForURL(/hardware\.gpu\.memory_gib=74\.5/);
  assertStringIncludes(
    await page.textContent("#verdict-title") ?? "",
    "74.51 GiB",
  );
});

Deno.test("an answer that comes late does not replace a newer one", async () => {
  const late = Promise.withResolvers<void>();
  const isLate = (url: URL): boolean =>
    url.searchParams.get("train.micro_batch") === "7";
  await using opened = await openPage({
    hold: (url) => isLate(url) ? late.promise : undefined,
  });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  const asked = page.waitForRequest(/train\.micro_batch=7/);
  const over = new Promise<void>((done) => {
    const settle = (request: Request): void => {
      if (isLate(new URL(request.url()))) done();
    };
    page.on("requestfinished", settle);
    page.on("requestfailed", settle);
  });
  await page.fill("[name='train.micro_batch']", "7");
  await asked;
  await page.fill("[name='train.micro_batch']", "8");
  await page.waitForURL(/train\.micro_batch=8/);
  late.resolve();
  await over;
  await twoFrames(page);
  assertMatch(page.url(), /train\.micro_batch=8/);
  assertStringIncludes(
    await page.textContent("table.parts") ?? "",
    "token ids (128.0 KiB)",
  );
});

Deno.test("a refused value is named, marked, kept, and forgiven", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${LLAMA}`);
  const field = page.locator("[name='train.micro_batch']");
  await field.fill("none");
  await page.waitForSelector("#answer .invalid");
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    'train.micro_batch must be a number: current value is "none"',
  );
  assertEquals(await field.inputValue(), "none");
  assertEquals(await field.getAttribute("aria-invalid"), "true");
  await page.reload();
  assertEquals(await field.inputValue(), "none");
  await field.fill("2");
  await page.waitForSelector("#verdict-title");
  assertEquals(await field.getAttribute("aria-invalid"), null);
  assertEquals(await page.locator("#scenario .error").count(), 0);
  assertEquals(complaints, []);
});

Deno.test("the page that was reached by typing is the page of its address", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("[name='train.sequence_length']", "8192");
  await page.waitForURL(/sequence_length=8192/);
  const typed = await page.textContent("#answer");
  await page.reload();
  assertEquals(await page.textContent("#answer"), typed);
  assertEquals(await page.inputValue("[name='train.sequence_length']"), "8192");
});

Deno.test("a model may be described by its dimensions or its config.json", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.getByText("A model that is not in the catalogue").click();
  const config = {
    model_type: "llama",
    hidden_size: 64,
    intermediate_size: 96,
    num_hidden_layers: 2,
    num_attention_heads: 4,
    vocab_size: 1000,
  };
  await page.fill("[name='model.config']", JSON.stringify(config));
  await page.waitForSelector("#answer .invalid");
  assertStringIncludes(await page.textContent("#answer") ?? "", "not both");
  await page.fill("#f-model", "");
  await page.waitForSelector("#verdict-title");
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "from the given config.json",
  );
  await page.fill("[name='model.config']", "");
  for (
    const [name, text] of [["layers", "2"], ["hidden_size", "64"], [
      "attention_heads",
      "4",
    ], ["vocab_size", "1k"]]
  ) {
    await page.fill(`[name='model.dims.${name}']`, text ?? "");
  }
  await page.waitForURL(/dims\.vocab_size=1000/);
  assertStringIncludes(
    await page.textContent("#answer") ?? "",
    "from the given dimensions",
  );
});
