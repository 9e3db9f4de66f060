import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openPage } from "./open_page.ts";

const CONFIGURATION = [
  "base_model: meta-llama/Llama-3.1-8B",
  "adapter: qlora",
  "load_in_4bit: true",
  "lora_r: 24",
  "lora_target_linear: true",
  "sequence_len: 4096",
  "micro_batch_size: 2",
  "bf16: true",
  "frobnicate: 3",
].join("\n");

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";

  Deno.test(`${how} JavaScript a pasted configuration fills the form`, async () => {
    await using opened = await openPage({ javaScriptEnabled });
    const { page, origin, complaints } = opened;
    await page.goto(origin);
    await page.click(".import summary");
    await page.fill("#f-configuration", CONFIGURATION);
    await page.click("#import button");
    await page.waitForSelector(".imported");
    assertEquals(await page.inputValue("[name='train.lora.rank']"), "24");
    assertEquals(await page.inputValue("[name='train.micro_batch']"), "2");
    assertEquals(
      await page.inputValue("#f-model"),
      "meta-llama/Llama-3.1-8B",
    );
    const said = await page.textContent(".imported") ?? "";
    for (
      const piece of [
        "lora_r = 24 → train.lora.rank: 24",
        "hardware.gpu: A100-80GB (no file says which GPU)",
        "frobnicate = 3 (not known: may move memory)",
      ]
    ) assertStringIncludes(said, piece);
    await page.click(".imported a");
    await page.waitForURL(/train\.lora\.rank=24/);
    assertEquals(complaints, []);
  });

  Deno.test(`${how} JavaScript a refused configuration is kept, and the scenario too`, async () => {
    await using opened = await openPage({ javaScriptEnabled });
    const { page, origin } = opened;
    await page.goto(`${origin}/?model=llama2-7b&train.micro_batch=7`);
    await page.click(".import summary");
    const text = "base_model: gpt2\nmicro_batch_size: none of them";
    await page.fill("#f-configuration", text);
    await page.click("#import button");
    await page.waitForSelector("#f-configuration-error");
    assertEquals(await page.inputValue("#f-configuration"), text);
    assert(await page.isVisible("#f-configuration"));
    assertStringIncludes(
      await page.textContent("#f-configuration-error") ?? "",
      "micro_batch_size must be a whole number above 0",
    );
    assertEquals(await page.inputValue("[name='train.micro_batch']"), "7");
  });
}
