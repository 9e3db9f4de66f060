import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { comparisonAddress } from "../../templates/form/comparison.ts";
import { openPage } from "./open_page.ts";

const FULL = "model=meta-llama/Llama-3.1-8B";
const QLORA = `${FULL}&train.method=qlora&hardware.gpu=RTX+4090`;
const BOTH = comparisonAddress([
  { query: FULL, name: "full" },
  { query: QLORA, name: "" },
]);

for (const javaScriptEnabled of [true, false]) {
  Deno.test(
    `scenarios are compared, changed and put back ${
      javaScriptEnabled ? "with" : "without"
    } JavaScript`,
    async () => {
      await using opened = await openPage({ javaScriptEnabled });
      const { page, origin, complaints } = opened;
      await page.goto(`${origin}/?${FULL}`);
      await page.click("#answer a:text-is('Compare')");
      await page.waitForURL(/\/compare\?model=/);
      // Two neighbours stand beside it from the start.
      assertEquals(await page.locator("#scenario-c").count(), 1);
      await page.fill("#add", "mistralai/Mistral-7B-v0.1");
      await page.press("#add", "Enter");
      await page.waitForSelector("#scenario-d");
      assertStringIncludes(
        await page.textContent("#scenario-d") ?? "",
        "mistralai/Mistral-7B-v0.1",
      );
      await page.click("#scenario-d a:text-is('Change')");
      await page.waitForURL(/compare=at=4/);
      await page.fill("[name='train.micro_batch']", "3");
      if (!javaScriptEnabled) await page.click(".submit button");
      await page.waitForURL(/train\.micro_batch=3/);
      await page.click("#answer a.button");
      await page.waitForURL(/\/compare\?.*train\.micro_batch=3/);
      assertMatch(
        await page.textContent("table.side-by-side") ?? "",
        /Micro batchtrain\.micro_batch1113/,
      );
      await page.fill("#name-4", "three at a time");
      await page.click("text=Name them");
      await page.waitForURL(/n4=three/);
      await page.click("#scenario-a a:text-is('Remove')");
      await page.waitForURL((url) => !url.searchParams.has("s4"));
      assertEquals(
        await page.textContent("#scenario-c h2"),
        "C · three at a time",
      );
      assertEquals(complaints, []);
    },
  );
}

Deno.test("the keyboard reaches every way on the comparison", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}${BOTH}`);
  const reached = new Set<string>();
  for (let at = 0; at < 40; at++) {
    await page.keyboard.press("Tab");
    reached.add(
      await page.evaluate(
        "document.activeElement.getAttribute('aria-label') ?? document.activeElement.textContent",
      ),
    );
  }
  for (
    const name of [
      "Change A · full",
      "Remove B",
      "Add a changed copy of B",
      "Add",
      "Name them",
      "Table: Settings that differ",
      "Table: What they need, per GPU",
    ]
  ) assert(reached.has(name), `${name}: ${[...reached].join(", ")}`);
});

Deno.test("the largest batch comes when somebody opens it, and not before", async () => {
  const asked: string[] = [];
  await using opened = await openPage();
  const { page, origin, complaints } = opened;
  page.on("request", (request) => {
    const { pathname } = new URL(request.url());
    if (pathname === "/largest") asked.push(request.url());
  });
  await page.goto(`${origin}/?${QLORA}`);
  await page.fill("[name='train.sequence_length']", "1024");
  await page.waitForURL(/sequence_length=1024/);
  assertEquals(asked, []);
  await page.click("#largest summary");
  await page.waitForSelector("#largest-found a[href^='/?']");
  assertMatch(
    await page.textContent("#largest-found") ?? "",
    /Largest micro batch: \d+/,
  );
  assertEquals(asked.length, 1);
  assertStringIncludes(asked[0] ?? "", "sequence_length=1024");
  assertEquals(complaints, []);
});

Deno.test("without JavaScript a link leads to the largest batch", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=gpt2`);
  await page.click("#largest summary");
  await page.click("#largest a");
  assertMatch(
    await page.textContent("#largest-found") ?? "",
    /Largest micro batch: \d+/,
  );
});

Deno.test("the speed of links gives the least time of a step's traffic", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  await page.goto(`${origin}/?model=llama2-7b&parallel.gpus=16`);
  await page.click("summary:has-text('Traffic per step')");
  await page.fill("#t-node_gbs", "450");
  await page.press("#t-node_gbs", "Enter");
  await page.waitForURL(/\/traffic\?.*node_gbs=450/);
  assertMatch(await page.textContent("table.flows tfoot") ?? "", /ms/);
});
