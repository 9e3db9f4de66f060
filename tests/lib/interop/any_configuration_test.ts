import { assert } from "@std/assert";
import { stringify } from "yaml";
import { FORMATS } from "../../../lib/interop/tools.ts";
import { parseScenario, scenarioOfConfiguration } from "../../../lib/mod.ts";
import { CODE_POINT } from "../../code_point.ts";
import fc from "../../npm/fast-check.ts";

/** Keys that some format knows, and others. */
const KEYS = [
  ...new Set(
    FORMATS.flatMap(({ rules, unexpressed }) =>
      [...rules, ...unexpressed].flatMap(({ keys }) => keys)
    ).map((key) => key.split(".")[0] ?? key),
  ),
  "__proto__",
  "constructor",
  "toString",
  "x",
];

const value = fc.letrec((tie) => ({
  any: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      "auto",
      "none",
      "cpu",
      "bf16",
      0,
      1,
      3,
      8,
      -1,
      1.5,
      1e300,
    ),
    fc.string(),
    fc.array(tie("any"), { maxLength: 3 }),
    fc.dictionary(
      fc.constantFrom(...KEYS, "stage", "device", "enabled"),
      tie("any"),
      {
        maxKeys: 3,
      },
    ),
  ),
})).any;

Deno.test("scenarioOfConfiguration() answers any settings with a scenario or with problems", () => {
  let read = 0;
  fc.assert(
    fc.property(
      fc.dictionary(fc.constantFrom(...KEYS), value, { maxKeys: 8 }),
      fc.boolean(),
      (settings, json) => {
        const text = json ? JSON.stringify(settings) : stringify(settings);
        const result = scenarioOfConfiguration(text);
        if (!result.ok) {
          assert(result.problems.length > 0);
          for (const { message } of result.problems) {
            assert(message.length > 0 && message.length < 2000);
          }
          return;
        }
        read++;
        const { model, ...rest } = result.value.scenario;
        assert(parseScenario({ ...rest, model: "gpt2" }).ok);
        JSON.stringify(model);
      },
    ),
    { numRuns: 1500 },
  );
  assert(read > 20, `${read} were read`);
});

Deno.test("scenarioOfConfiguration() answers objects that cannot be made texts", () => {
  for (const key of KEYS) {
    for (const value of [{ toString: null }, [{ toString: 1, valueOf: 1 }]]) {
      const result = scenarioOfConfiguration(JSON.stringify({ [key]: value }));
      assert(result.ok || result.problems.length > 0);
    }
  }
});

Deno.test("scenarioOfConfiguration() answers any text", () => {
  fc.assert(
    fc.property(fc.string({ unit: CODE_POINT, maxLength: 300 }), (text) => {
      const result = scenarioOfConfiguration(text);
      assert(result.ok || result.problems.length > 0);
    }),
    { numRuns: 500 },
  );
});
