/// <reference lib="dom" />
import { assert, assertEquals } from "@std/assert";
import { PRESETS } from "../../lib/mod.ts";
import { openPage } from "./open_page.ts";

const PHONE = { viewport: { width: 390, height: 844 } };

/** The longest that an answer's page may be with its details closed. */
const MAX_HEIGHT = 3000;

/** The smallest target of a finger. */
const MIN_TARGET = 24;

Deno.test(`on a phone each example is at most ${MAX_HEIGHT} pixels high, and a finger meets what it means`, async () => {
  await using opened = await openPage(PHONE);
  const { page, origin } = opened;
  for (const { id } of PRESETS) {
    await page.goto(origin);
    await page.click(`#example-${id}`);
    await page.waitForSelector("#verdict-title");
    if (await page.locator("#advice").count() > 0) {
      await page.waitForSelector("#advice li", { state: "attached" });
    }
    const height = Number(
      await page.evaluate("document.documentElement.scrollHeight"),
    );
    assert(height <= MAX_HEIGHT, `${id}: ${height}`);
    const small = await page.evaluate((least) =>
      [...document.querySelectorAll(
        "a, button, summary, input:not([type=hidden]), select, textarea",
      )].filter((each) =>
        each.checkVisibility({ visibilityProperty: true }) &&
        // Links in a sentence are as high as its lines.
        !each.matches(".unseen, p a, li a:not(.actions a), td a, dd a, th a")
      ).filter((each) => {
        const { width, height } = each.getBoundingClientRect();
        return width > 0 && (width < least || height < least);
      }).map(({ outerHTML }) => outerHTML.slice(0, 100)), MIN_TARGET);
    assertEquals(small, [], id);
  }
});

Deno.test("on a phone a part's formula is folded under its question mark", async () => {
  await using opened = await openPage(PHONE);
  const { page, origin } = opened;
  await page.goto(origin);
  const row = page.locator("table.parts tbody tr").first();
  assert(!await row.locator(".formula").isVisible());
  const before = await row.boundingBox();
  assert(before && before.height < 60);
  await row.locator(".why summary").click();
  assert(await row.locator(".formula").isVisible());
  assert(await row.locator(".basis").isVisible());
});

Deno.test("on a phone slight parts come when they are asked for", async () => {
  await using opened = await openPage(PHONE);
  const { page, origin } = opened;
  await page.goto(origin);
  const slight = page.locator("table.parts .slight");
  assert(await slight.count() > 0);
  assert(!await slight.first().isVisible());
  await page.check(".slighter input");
  assert(await slight.first().isVisible());
});
