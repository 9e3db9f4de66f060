import { assert, assertEquals } from "@std/assert";
import { PRESETS } from "../../lib/mod.ts";
import { openPage } from "./open_page.ts";

Deno.test("each example's answer is printed on one sheet, without the form", async () => {
  await using opened = await openPage();
  const { page, origin } = opened;
  for (const { id } of PRESETS) {
    await page.emulateMedia({ media: null });
    await page.goto(origin);
    await page.click(`#example-${id}`);
    await page.waitForSelector("#verdict-title");
    const pdf = new TextDecoder("latin1").decode(
      await page.pdf({ format: "A4" }),
    );
    assertEquals(pdf.match(/\/Type\s*\/Page\b(?!s)/g)?.length, 1, id);
    await page.emulateMedia({ media: "print" });
    assert(await page.isVisible("#verdict-title"));
    assert(await page.isVisible("table.parts"));
    assert(!await page.isVisible("#scenario"));
  }
});
