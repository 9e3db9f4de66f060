import { assertEquals, assertStringIncludes } from "@std/assert";
import { CATALOGUE, GPUS } from "../../lib/mod.ts";
import { rowsOf, scenarioRows } from "./scenario_rows.ts";
import readme from "../../README.md" with { type: "text" };
import reference from "../../docs/scenario.md" with { type: "text" };

Deno.test("docs/scenario.md has every field of a scenario as it is defined", () => {
  assertEquals(rowsOf(reference), scenarioRows());
});

Deno.test("README.md counts the catalogues right", () => {
  assertStringIncludes(
    readme.replaceAll("\n", " "),
    `${CATALOGUE.length} models and ${GPUS.length} GPUs`,
  );
});
