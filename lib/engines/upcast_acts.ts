import { copiesOf, elementsOf } from "../models/tensors/tensor.ts";
import type { Inventory } from "../plan/inventory.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { Free, Take } from "../play/program/act.ts";
import { bufferOf } from "../play/program/buffer.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import type { Scenario } from "../scenario/schema.ts";
import { upcastsUnpacked } from "../software/peft/upcast.ts";
import { groupOf } from "./fsdp/timeline.ts";

const LOADED = groupOf("weights", "parameters before they were cast to fp32");

/**
 * What PEFT casts to fp32 was loaded in 16 bits, and is freed once it has been cast,
 * parameter by parameter: PyTorch's allocator keeps those blocks for the step.
 *
 * Source: huggingface/peft src/peft/utils/other.py, prepare_model_for_kbit_training
 */
export function upcastActs(
  { items }: Pick<Inventory, "items">,
  scenario: Scenario,
): (Take | Free)[] {
  const { weights } = scenario.precision;
  if (!upcastsUnpacked(scenario) || weights === "fp32") return [];
  const buffers = items
    .filter(({ isAdapter, dtype, tensor }) =>
      !isAdapter && dtype === "fp32" && tensor.dtype === null
    )
    .map(({ tensor }) =>
      bufferOf(tensor.name, [{
        group: LOADED,
        bytes: roundedBytes(elementsOf(tensor) * DTYPE_BYTES[weights]),
      }], copiesOf(tensor))
    );
  const at = { phase: "load", at: "load" } as const;
  return [
    ...buffers.map((buffer): Take => ({ act: "take", ...at, buffer })),
    ...buffers.map((buffer): Free => ({ act: "free", ...at, buffer })),
  ];
}
