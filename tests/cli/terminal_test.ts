import { assert, assertEquals, assertMatch } from "@std/assert";
import { estimate } from "../../lib/mod.ts";
import { estimateText } from "../../templates/terminal/estimate_text.ts";
import { fittedTable } from "../../templates/terminal/plain_table.ts";
import { wrapped } from "../../templates/terminal/wrapped.ts";

const answer = estimate({
  model: "qwen3-32b",
  train: { method: "qlora" },
  hardware: { gpu: "RTX 4090" },
});

Deno.test("an answer begins with its verdict", () => {
  const [first = ""] = estimateText(answer, { color: false }).split("\n");
  assertMatch(first, /^Does not fit on RTX 4090: .* too much$/);
  const served = estimate({
    model: "qwen3-8b",
    task: "serve",
    serve: { engine: "vllm" },
  });
  assertMatch(estimateText(served, { color: false }), /^vLLM starts/);
});

Deno.test("nothing is wider than the terminal, and no word is lost", () => {
  const words = (text: string) => text.split(/\s+/).sort();
  const whole = estimateText(answer, { color: false });
  for (const width of [80, 100, 140]) {
    const text = estimateText(answer, { color: false, width });
    for (const line of text.split("\n")) {
      assert(line.length <= width, `${width}: ${line}`);
    }
    assertEquals(words(text), words(whole));
  }
});

Deno.test("a line that is broken goes on under its beginning", () => {
  assertEquals(
    wrapped("  - one two three four five six seven", 24),
    "  - one two three four\n    five six seven",
  );
  assertEquals(wrapped("short", 3), "short");
  assertEquals(
    wrapped("one  two  three  four  five", 10),
    "one  two  three  four  five",
  );
  assertEquals(
    wrapped("one two three four five six", null),
    "one two three four five six",
  );
});

Deno.test("a table's last column is broken in its own column", () => {
  const rows = [["a", "one two three four five six seven eight"]];
  assertEquals(
    fittedTable(["left", "left"], rows, 23),
    "a  one two three four\n   five six seven eight",
  );
  assertEquals(fittedTable(["left", "left"], rows, null), `a  ${rows[0]?.[1]}`);
});
