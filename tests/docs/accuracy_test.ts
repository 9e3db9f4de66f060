/// <reference lib="dom" />
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { parseHTML } from "../npm/linkedom.ts";
import { accuracyOf } from "../../lib/ask/accuracy.ts";
import { readCases } from "../../lib/evidence/case.ts";
import { writtenFiles } from "../../templates/accuracy/files.ts";
import measured from "../truth/measured.json" with { type: "json" };
import steps from "../truth/steps.json" with { type: "json" };

const cases = readCases([...measured, ...steps]);
assert(cases.ok);
const accuracy = accuracyOf(cases.value);
const files = writtenFiles(accuracy);
const ROOT = new URL("../../", import.meta.url);

for (const [path, text] of Object.entries(files)) {
  Deno.test(`${path} is what deno task accuracy --write writes now`, async () => {
    const committed = await Deno.readTextFile(new URL(path, ROOT));
    assert(
      committed === text,
      `${path} is out of date: run deno task accuracy --write`,
    );
  });
}

const markdown = files["docs/accuracy.md"] ?? "";
const svg = files["docs/accuracy.svg"] ?? "";

Deno.test("docs/accuracy.md names every method, every group and every case not predicted", () => {
  for (const method of accuracy.methods) {
    assertStringIncludes(markdown, `- \`${method}\`: `);
  }
  for (const { group } of cases.value) {
    assertStringIncludes(markdown, `\`${group}\``);
  }
  const plain = markdown.replaceAll("\\", "");
  for (const { ids, reason } of accuracy.unpredicted) {
    assertStringIncludes(plain, reason);
    assertStringIncludes(plain, `</summary>${ids.join(", ")}</details>`);
  }
});

Deno.test("docs/accuracy.md's tables have as many cells in each row", () => {
  for (const block of markdown.split("\n\n")) {
    if (!block.startsWith("|")) continue;
    const counts = block.split("\n").map((line) =>
      line.replaceAll("\\|", "").split("|").length
    );
    assertEquals(new Set(counts).size, 1, block);
  }
});

const picture = parseHTML(svg).document as unknown as Document;

Deno.test("docs/accuracy.svg has a mark for each total that is predicted", () => {
  const drawn = accuracy.predictions.filter(({ reading, figure }) =>
    figure !== null &&
    /^(allocated_peak|allocated_steady|reserved_peak|device_peak|step_peak)$/
      .test(reading.counter)
  );
  const marks = [...picture.querySelectorAll("use[x]")];
  assertEquals(marks.length, drawn.length);
  for (const mark of marks) {
    for (const name of ["x", "y"]) {
      assert(Number.isFinite(Number(mark.getAttribute(name))));
    }
  }
});

Deno.test("docs/accuracy.svg is named, described and has a shape for each legend", () => {
  const names = picture.querySelector("svg")?.getAttribute("aria-labelledby");
  assertEquals(names, "title description");
  for (const id of ["title", "description"]) {
    assert((picture.getElementById(id)?.textContent ?? "").length > 10);
  }
  const shapes = [...picture.querySelectorAll("defs path")];
  const drawn = shapes.map((shape) => shape.getAttribute("d"));
  assertEquals(new Set(drawn).size, shapes.length);
  assert(shapes.length >= 5);
  assertStringIncludes(svg, "prefers-color-scheme:dark");
});
