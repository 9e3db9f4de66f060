import { assert, assertEquals } from "@std/assert";
import type { FamilyTypes } from "../../lib/models/families/family.ts";
import { codeOfType, familyOf, TYPES } from "../../lib/models/families/mod.ts";
import recipes from "../../lib/models/families/recipes/recipes.json" with {
  type: "json",
};

const FOLDER = new URL("../../lib/models/families/", import.meta.url);

/** The types that each file of the folder exports. */
async function typesByFile(): Promise<Map<string, FamilyTypes[]>> {
  const found = new Map<string, FamilyTypes[]>();
  for await (const { name, isFile } of Deno.readDir(FOLDER)) {
    if (!isFile || !name.endsWith(".ts") || name === "mod.ts") continue;
    const exported: Record<string, unknown> = await import(
      new URL(name, FOLDER).href
    );
    const tables = Object.values(exported).filter(isTypes);
    if (tables.length > 0) found.set(name, tables);
  }
  return found;
}

function isTypes(value: unknown): value is FamilyTypes {
  return typeof value === "object" && value !== null &&
    Object.values(value).length > 0 &&
    Object.values(value).every((each) =>
      typeof each === "object" && each !== null && "declare" in each &&
      "code" in each
    );
}

Deno.test("each family's file stands in the list of all, and no type in two", async () => {
  const files = await typesByFile();
  const seen = new Map<string, string>();
  for (const [file, tables] of files) {
    for (const [type, row] of tables.flatMap(Object.entries)) {
      assertEquals(seen.get(type), undefined, `${type} of ${file}`);
      seen.set(type, file);
      const listed = TYPES[type];
      assert(
        // Formulas count what a file alone knows the code of.
        listed === row ||
          row.declare === null && type in recipes && listed?.code === row.code,
        `mod.ts lacks ${type} of ${file}`,
      );
    }
  }
  assertEquals(
    [...new Set([...seen.keys(), ...Object.keys(recipes)])].sort(),
    Object.keys(TYPES).sort(),
  );
});

Deno.test("a type states what it does otherwise than Llama", () => {
  const usual = codeOfType("no such type");
  const gptj = codeOfType("gptj");
  assertEquals(gptj.rotary.byToken, true);
  assertEquals(gptj.rotary.tables, usual.rotary.tables);
  assertEquals(gptj.layer, { ...usual.layer, arrangement: "parallel" });
  assertEquals(familyOf("no such type"), null);
  assertEquals(familyOf("constructor"), null);
});
