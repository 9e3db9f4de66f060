import { assert, assertMatch } from "@std/assert";
import { openPage } from "./open_page.ts";

const ERROR = `  File "/app/train.py", line 88, in forward
    loss = nn.functional.cross_entropy(logits, labels)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB. GPU 0 has a total capacity of 79.15 GiB of which 2.31 GiB is free. Including non-PyTorch memory, this process has 76.82 GiB memory in use. Of the allocated memory 74.90 GiB is allocated by PyTorch, and 1.09 GiB is reserved by PyTorch but unallocated.`;

for (const javaScriptEnabled of [true, false]) {
  const how = javaScriptEnabled ? "with" : "without";
  Deno.test(`an error is explained ${how} scripts, and a change of it applied`, async () => {
    await using opened = await openPage({
      javaScriptEnabled,
      viewport: { width: 390, height: 800 },
    });
    const { page, origin, complaints } = opened;
    await page.goto(
      `${origin}/explain?model=llama3.1-8b&train.micro_batch=2&train.sequence_length=4096`,
    );
    await page.fill("#f-error", ERROR);
    await page.click("form.explain button");
    const said = page.locator("#answer");
    await page.waitForSelector("#explained-title");
    assertMatch(
      await said.innerText(),
      /3\.91 GiB = 2 × 4,096 × 128,256 × 4 B: log-softmax of logits/,
    );
    if (javaScriptEnabled) {
      assert(page.url().includes("/explain?model="), page.url());
      const width = await page.evaluate("document.documentElement.scrollWidth");
      assert(width === 390, `it is ${width} pixels wide`);
    }
    await page.click("#answer ul li a");
    await page.waitForSelector("#verdict-title");
    assertMatch(
      await page.locator("#verdict-title").innerText(),
      /^(Fits|Tight)/,
    );
    assert(complaints.length === 0, complaints.join("\n"));
  });
}
