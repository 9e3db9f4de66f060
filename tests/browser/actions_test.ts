/// <reference lib="dom" />
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openPage } from "./open_page.ts";

const LLAMA = "/?model=meta-llama/Llama-2-7b-hf";
const CLIPBOARD = { permissions: ["clipboard-read", "clipboard-write"] };

Deno.test("the actions copy what they say, and say that they did", async () => {
  await using opened = await openPage(CLIPBOARD);
  const { page, origin, complaints } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.fill("[name='train.micro_batch']", "2");
  await page.waitForURL(/micro_batch=2/);
  // The verdict is announced where the copies are.
  await page.waitForFunction(() =>
    document.querySelector("#said")?.textContent !== ""
  );
  const wanted: ((text: string) => void)[] = [
    (text) => assertEquals(text, page.url()),
    (text) => {
      assertStringIncludes(text, "--model meta-llama/Llama-2-7b-hf");
      assertStringIncludes(text, "train.micro_batch=2");
    },
    (text) =>
      assertEquals(JSON.parse(text), {
        model: "meta-llama/Llama-2-7b-hf",
        train: { micro_batch: 2 },
      }),
  ];
  for (const [at, check] of wanted.entries()) {
    await page.locator(".actions a").nth(at).click();
    await page.waitForFunction(
      (index) =>
        document.querySelectorAll(".actions a")[index]?.textContent ===
          "Copied",
      at,
    );
    check(String(await page.evaluate("navigator.clipboard.readText()")));
    assertEquals(await page.textContent("#said"), "Copied");
  }
  assertStringIncludes(page.url(), "micro_batch=2");
  assertEquals(complaints, []);
});

Deno.test("texts for programs name the server that shows them", async () => {
  await using opened = await openPage(CLIPBOARD);
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  await page.click("#use > summary");
  await page.click("[data-copies='use-curl']");
  const copied = String(
    await page.evaluate("navigator.clipboard.readText()"),
  );
  assertStringIncludes(copied, `${origin}/api/v1/estimate`);
  await page.fill("[name='train.micro_batch']", "2");
  await page.waitForURL(/micro_batch=2/);
  assertStringIncludes(
    await page.textContent("#use-python") ?? "",
    `${origin}/api/v1/estimate`,
  );
});

Deno.test("without JavaScript the actions are links", async () => {
  await using opened = await openPage({ javaScriptEnabled: false });
  const { page, origin } = opened;
  await page.goto(`${origin}${LLAMA}`);
  assertEquals(
    (await page.locator(".actions").innerText()).split(/\s*\n\s*/).map((each) =>
      each.trim()
    ),
    ["Link", "Command", "JSON", "Compare", "Export", "Use via API"],
  );
  await page.locator(".actions a").nth(1).click();
  assert(await page.isVisible("#use-command"));
});
