import { assert } from "@std/assert";
import steps from "../truth/traced_state_spaces.json" with { type: "json" };
import type { Traced } from "./traced.ts";
import { errorsOf, errorsText } from "./traced.ts";

Deno.test("the timeline reaches traced steps of state spaces, phase by phase", () => {
  const traced = steps as unknown as Traced[];
  assert(traced.length > 0);
  const off = traced.flatMap((each) => {
    const errors = errorsOf(each);
    assert(errors, each.name);
    const worst = errors.filter(([, error]) => Math.abs(error) > 5e-3);
    return worst.length === 0 ? [] : [errorsText(each, worst)];
  });
  assert(
    off.length === 0,
    `${off.length} of ${traced.length}:\n${off.join("\n")}`,
  );
});
