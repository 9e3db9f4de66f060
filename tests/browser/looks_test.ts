import { assert, assertEquals } from "@std/assert";
import axe from "../npm/axe-core.ts";
import { openPage } from "./open_page.ts";

const PAGES = [
  "/",
  "/?model=meta-llama/Llama-2-7b-hf&train.attention=eager&train.micro_batch=16",
  "/?model=nope&train.micro_batch=0",
  "/gpus",
  "/tables?model=mistralai/Mixtral-8x7B-v0.1",
  "/tables?lora_rank=0&dtype=fp3",
  "/?model=meta-llama/Llama-2-7b-hf&parallel.gpus=16&parallel.tp=2",
  "/compare?s1=model%3Dllama2-7b&s2=model%3Dllama2-7b%26train.method%3Dqlora&n2=small&s3=model%3Dgpt2&s4=model%3Dgpt2",
  "/compare?s1=model%3Dllama2-7b&s2=model%3Dnope&add=%22%3E%3Cb%3E%3F",
  "/largest?model=Qwen/Qwen3-32B&train.method=qlora&hardware.gpu=RTX+4090",
  "/advice?model=Qwen/Qwen3-32B&train.method=qlora&hardware.gpu=RTX+4090",
  "/strategies?model=Qwen/Qwen2.5-7B&gpus=8",
  "/explain?model=Qwen/Qwen3-32B&train.method=qlora&hardware.gpu=RTX+4090",
  "/traffic?model=llama2-7b&parallel.gpus=16&node_gbs=x",
  "/presets",
  "/docs",
  "/docs/accuracy",
  "/docs/configurations",
  "/docs/settings",
  "/docs/parts",
  "/docs/faq",
  "/accuracy",
  "/accuracy?counter=x",
  "/compare",
  "/nowhere",
  "/scenario?model=llama2-7b",
  "/export?model=llama2-7b&parallel.gpus=8",
  "/?model=meta-llama/Llama-3.1-8B&task=serve&serve.engine=llama.cpp&parallel.gpus=2",
  "/?model=openai/gpt-oss-120b&task=serve&serve.engine=vllm",
];

for (const width of [320, 390, 768, 1280]) {
  Deno.test(`nothing sticks out at ${width} pixels`, async () => {
    await using opened = await openPage({ viewport: { width, height: 800 } });
    const { page, origin, complaints } = opened;
    for (const path of PAGES) {
      await page.goto(`${origin}${path}`);
      assertEquals(
        await page.evaluate("document.documentElement.scrollWidth"),
        width,
        `${path} is wider than the screen`,
      );
    }
    // A browser complains of each page that is not there.
    assertEquals(
      complaints.filter((each) => !each.includes("status of 404")),
      [],
    );
  });
}

Deno.test("on a phone the gist of the answer stays in sight", async () => {
  await using opened = await openPage({
    viewport: { width: 390, height: 800 },
  });
  const { page, origin } = opened;
  await page.goto(origin);
  const gist = page.locator(".peek");
  const box = await gist.boundingBox();
  assert(box && box.y + box.height <= 800 && box.y > 600);
  await gist.click();
  assert(await page.locator("#verdict-title").isVisible());
});

for (const colorScheme of ["light", "dark"] as const) {
  Deno.test(`axe finds nothing to mend in ${colorScheme}`, async () => {
    await using opened = await openPage({ colorScheme });
    const { page, origin } = opened;
    for (const path of PAGES) {
      await page.goto(`${origin}${path}`);
      await page.evaluate(axe);
      for (const tab of ["basic", "optimizations", "advanced"]) {
        const label = page.locator(`.tab:has(#tab-${tab})`);
        if (await label.count() > 0) await label.click();
        const found = await page.evaluate(
          "axe.run({ rules: { 'target-size': { enabled: true } } }).then(({ violations }) => violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(' ')}`))",
        );
        assertEquals(found, [], `${path}, ${tab}`);
      }
    }
  });
}

Deno.test("on a phone the table of roles can be scrolled to its end", async () => {
  await using opened = await openPage({
    viewport: { width: 390, height: 800 },
  });
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=deepseek-ai/DeepSeek-V3`);
  await page.click("#understood > summary");
  await page.click(".roles summary");
  const share = page.locator(".roles tfoot td").last();
  await share.scrollIntoViewIfNeeded();
  const box = await share.boundingBox();
  assert(box && box.x > 0 && box.x + box.width <= 390);
});

Deno.test("the page asks for nothing but its own files", async () => {
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  const foreign: string[] = [];
  page.on("request", (request) => {
    if (!request.url().startsWith(origin)) foreign.push(request.url());
  });
  await page.goto(origin);
  await page.fill("[name='train.micro_batch']", "2");
  await page.waitForURL(/micro_batch=2/);
  assertEquals(foreign, []);
  assertEquals(complaints, []);
});
