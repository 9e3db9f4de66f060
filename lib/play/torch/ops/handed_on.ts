import type { Machine } from "../machine.ts";
import type { Grad, Value, WhereSaved } from "../values.ts";

/** A gradient that the forward pass made and saved: backward hands it on as it is. */
export function handedOn(
  m: Machine,
  { storage, elements, dtype }: Value,
  here: WhereSaved,
): Grad {
  const now = here(storage);
  m.tape.retain(now);
  return { storage: now, elements, dtype };
}
