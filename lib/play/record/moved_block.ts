import type { PartName } from "../../answer/parts.ts";
import type { Dtype } from "../torch/dtype.ts";
import { Machine } from "../torch/machine.ts";
import type { Block } from "./block.ts";
import { blockOf } from "./block.ts";

/** What comes to a GPU with the hidden states of layers on another one. */
export interface Moved {
  readonly elements: number;
  readonly dtype: Dtype;
  readonly part: PartName;
  /** Tables and masks that layers are handed beside, in bytes each. */
  readonly beside: readonly number[];
}

/** Records how hidden states come: they stand until a layer has read them. */
export function recordArrival(moved: Moved): Block {
  const m = new Machine({});
  m.recording = false;
  m.part = moved.part;
  const x = m.create(moved.elements, moved.dtype, "hidden states");
  const beside = m.within(
    "embeddings",
    () =>
      moved.beside.map((bytes) =>
        m.create(bytes, "uint8", "positions and masks from the first GPU")
      ),
  );
  const forward = m.tape.events.length;
  m.drop(...beside);
  return blockOf(m, [forward, null, forward], {
    in: null,
    out: x.storage,
    gradIn: null,
    gradOut: null,
    outputDtype: x.dtype,
  }, moved.part);
}

/** Records how they go: a copy on the next GPU takes their place. */
export function recordDeparture({ elements, dtype, part }: Moved): Block {
  const m = new Machine({});
  m.recording = false;
  const x = m.external(elements, dtype, "hidden states", null, part);
  m.drop(x);
  const forward = m.tape.events.length;
  return blockOf(m, [forward, null, forward], {
    in: x.storage,
    out: null,
    gradIn: null,
    gradOut: null,
    outputDtype: dtype,
  }, part);
}
