import { assertEquals, assertStringIncludes } from "@std/assert";
import { CATALOGUE, DEFAULT_SCENARIO, GPUS, leavesOf } from "../../lib/mod.ts";
import readme from "../../README.md" with { type: "text" };
import reference from "../../docs/scenario.md" with { type: "text" };

/** The reference's rows: the default that it prints for each field. */
const [scenarioPart = ""] = reference.split("## Estimate");
const rows = [...scenarioPart.matchAll(/^\| `([a-z_.]+)` *\| ([^|]*)\|/gm)]
  .map(([, path = "", text = ""]) => [path, text.trim().replaceAll("`", "")]);

Deno.test("docs/scenario.md has every field of a scenario with its default", () => {
  const fields = leavesOf({ ...DEFAULT_SCENARIO, model: "" })
    .map(({ path, value }) => [
      path,
      typeof value === "string" ? value : JSON.stringify(value),
    ]);
  assertEquals(rows, fields);
});

Deno.test("README.md counts the catalogues right", () => {
  assertStringIncludes(
    readme.replaceAll("\n", " "),
    `${CATALOGUE.length} models and ${GPUS.length} GPUs`,
  );
});
