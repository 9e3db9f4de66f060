import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/**
 * Runs what nobody reads: its result, and what autograd saves behind it, stand
 * until the forward pass ends and the model lets go of the result.
 */
export function unread(m: Machine, body: () => Value): void {
  const { outs: [result], backward } = m.again(() => [body()]);
  if (result) {
    m.giveBack(result);
    m.drop(result);
  }
  // No gradient comes: autograd gives up what it saved.
  m.forwardEnds.push(() => backward([null]));
}
