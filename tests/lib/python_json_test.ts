import { assertEquals, assertThrows } from "@std/assert";
import { parsePythonJson } from "../../lib/scenario/python_json.ts";
import { parseScenario } from "../../lib/scenario/parse_scenario.ts";

Deno.test("numbers that Python writes and JSON lacks are read as null", () => {
  assertEquals(
    parsePythonJson(
      '{"a": [0.0, Infinity], "b": -Infinity, "NaN": NaN, "c": "\\"NaN Infinity"}',
    ),
    { a: [0, null], b: null, NaN: null, c: '"NaN Infinity' },
  );
});

Deno.test("what is no JSON stays none, with the parser's own reason", () => {
  for (const text of ['{"a": Infinit}', "{NaN", '{"a": nan}']) {
    assertThrows(() => parsePythonJson(text), SyntaxError);
  }
});

Deno.test("a pasted config.json may hold Infinity", () => {
  const config =
    '{"model_type": "llama", "hidden_size": 64, "time_step_limit": [0.0, Infinity]}';
  const parsed = parseScenario({ model: config });
  assertEquals(parsed.ok && "config" in Object(parsed.value.model), true);
});
