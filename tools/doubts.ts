/**
 * Plays every traced step and writes what is not reached to
 * lib/evidence/doubts.json, and the kinds of steps that were compared to
 * lib/evidence/traced.json.
 *
 *     deno task doubts [--accept-worse]
 *
 * It stops where an error is greater than the recorded one, or new: `--accept-worse`
 * is for traces that the project had not seen before.
 */
import type { DoubtRow } from "../lib/evidence/doubt.ts";
import { doubtRows, ratchet } from "../lib/evidence/doubt_rows.ts";
import { tracedKindsOf } from "../lib/evidence/traced_kinds.ts";
import { comparedSteps, measuredKinds } from "../tests/lib/compared_steps.ts";

const EVIDENCE = new URL("../lib/evidence/", import.meta.url);
const DOUBTS = new URL("doubts.json", EVIDENCE);

const steps = comparedSteps();
const rows = doubtRows(steps);
const recorded: DoubtRow[] = JSON.parse(await Deno.readTextFile(DOUBTS));
const { worse, better } = ratchet(recorded, rows);
for (const text of better) console.log(`better: ${text}`);
for (const text of worse) console.log(`worse: ${text}`);
if (worse.length > 0 && !Deno.args.includes("--accept-worse")) {
  console.error(
    "Nothing was written: doubts may only shrink (--accept-worse, for new traces)",
  );
  Deno.exit(1);
}
await Deno.writeTextFile(DOUBTS, lines(rows));
await Deno.writeTextFile(
  new URL("traced.json", EVIDENCE),
  `${
    JSON.stringify(
      tracedKindsOf([...steps.map(({ kind }) => kind), ...measuredKinds()]),
    ).replaceAll(/("types":\{|\]\},)/g, "$1\n")
  }\n`,
);
console.log(`${steps.length} steps, ${rows.length} doubts`);

function lines(rows: readonly DoubtRow[]): string {
  return rows.length === 0
    ? "[]\n"
    : `[\n${rows.map((row) => JSON.stringify(row)).join(",\n")}\n]\n`;
}
