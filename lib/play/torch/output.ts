import type { Dtype } from "./dtype.ts";
import type { KeptKind } from "./kept_outputs.ts";
import type { Machine } from "./machine.ts";
import type { Source, Value } from "./values.ts";

/** A tensor that an operation gives. */
export interface Output {
  readonly elements: number;
  readonly dtype: Dtype;
  readonly label: string;
  readonly source?: Source | null;
}

/** An output of an operation that a checkpoint may keep, or have kept. */
export function output(
  m: Machine,
  kind: KeptKind,
  { elements, dtype, label, source = null }: Output,
): Value {
  const how = m.outputs?.next(kind) ?? "made";
  if (typeof how === "number") {
    const held = true;
    const value = m.view({ storage: how, elements, dtype, source, held });
    m.tape.release(how);
    return value;
  }
  const value = m.create(elements, dtype, label, source);
  if (how === "kept") {
    m.tape.retain(value.storage);
    m.outputs?.kept.push(value.storage);
  }
  return value;
}
