import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";

/** A module's input, by which is known where it begins and where its backward ends. */
export function marked(m: Machine, x: Value, name: string): Value {
  m.marks.begin(name);
  const node = m.record([x], [], ([grad]) => {
    m.marks.end(name);
    return [grad ? m.share(grad) : null];
  });
  return m.view(x, { source: node && { node, slot: 0 } });
}
