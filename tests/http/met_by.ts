import type { Need } from "../../lib/mod.ts";
import { describeField, holds } from "../../lib/mod.ts";

/** Texts of fields with which all that is needed is so. */
export function metBy(needs: readonly Need[]): Record<string, string> {
  const met: Record<string, string> = {};
  for (const need of needs) {
    if ("any" in need) Object.assign(met, metBy(need.any[0] ?? []));
    else met[need.path] = textFor(need, need.path);
  }
  return met;
}

function textFor(need: Need, path: string): string {
  const values = describeField(path);
  const texts = values.kind === "choice"
    ? values.options
    : ["2", "0", "int4", ""];
  const found = texts.find((text) => holds(need, () => text));
  if (found === undefined) throw new RangeError(`${path} meets no need`);
  return found;
}
