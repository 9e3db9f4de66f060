import { assert, assertEquals } from "@std/assert";
import doubts from "../../lib/evidence/doubts.json" with { type: "json" };
import type { DoubtRow } from "../../lib/evidence/doubt.ts";
import { beyond, doubtRows, ratchet } from "../../lib/evidence/doubt_rows.ts";
import { tracedKindsOf } from "../../lib/evidence/traced_kinds.ts";
import traced from "../../lib/evidence/traced.json" with { type: "json" };
import { comparedSteps, measuredKinds } from "./compared_steps.ts";
import { errorsText } from "./traced.ts";
import { UNSAID } from "./unsaid.ts";

const steps = comparedSteps();

Deno.test("every traced step is reached phase by phase, or its kind is doubted by that much", () => {
  const off = steps.flatMap(({ name, errors }) => {
    const worst = beyond(errors);
    return worst.length === 0 ? [] : [errorsText({ name }, worst)];
  });
  console.log(
    `${steps.length} traced steps, ${
      steps.length - off.length
    } within 0.5 %; ${doubts.length} kinds are doubted`,
  );
  const { worse, better } = ratchet(doubts as DoubtRow[], doubtRows(steps));
  assertEquals(
    worse,
    [],
    `steps are worse than lib/evidence/doubts.json says:\n${off.join("\n")}`,
  );
  assertEquals(
    better,
    [],
    "doubts are no longer needed: run `deno task doubts`",
  );
});

Deno.test("what is taken off a trace belongs to a step that was traced", () => {
  const names = steps.map(({ name }) => name);
  for (const name of Object.keys(UNSAID)) assert(names.includes(name), name);
});

Deno.test("traced.json holds every kind of step that was traced or measured", () => {
  const kinds = [...steps.map(({ kind }) => kind), ...measuredKinds()];
  assertEquals<unknown>(
    traced,
    tracedKindsOf(kinds),
    "run `deno task doubts`",
  );
  assert(Object.keys(traced.types).length > 40);
});
