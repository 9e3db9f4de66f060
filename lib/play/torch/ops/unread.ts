import type { Machine } from "../machine.ts";
import type { PassEnds, Value } from "../values.ts";

/**
 * Runs what nobody reads: its result, and what autograd saves behind it, stand
 * until the model lets go of the result.
 *
 * @param until Whether that is where its body returns, or where its forward pass
 *   ends.
 */
export function unread(
  m: Machine,
  body: () => Value,
  until: keyof PassEnds = "forward",
): void {
  const { outs: [result], backward } = m.again(() => [body()]);
  if (result) {
    m.giveBack(result, until);
    m.drop(result);
  }
  // No gradient comes: autograd gives up what it saved.
  m.ends[until].push(() => backward([null]));
}
