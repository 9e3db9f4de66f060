import type { Paged } from "../../answer/estimate.ts";
import { each } from "../../play/readers/live.ts";
import { managedBytes } from "../../optimizers/rules.ts";
import type { Step } from "../../engines/step.ts";

/**
 * Optimizer states in CUDA's managed memory. PyTorch's allocator never counts
 * them; their pages lie on the device as far as there is room beside the rest, and
 * the driver moves the others to the host.
 *
 * Source: bitsandbytes functional.py, get_paged and prefetch_tensor:
 * cudaMallocManaged and cudaMemPrefetchAsync; CUDA C++ Programming Guide, unified
 * memory, oversubscription of the device
 *
 * @param room Bytes of the device beside all that cannot leave it.
 * @returns Null where the optimizer has none.
 */
export function pagedOf(
  { plan, rule, trained = plan.inventory.trained }: Step,
  room: number,
): Paged | null {
  const bytes = managedBytes(rule, trained);
  if (bytes === 0) return null;
  const onDevice = Math.min(bytes, Math.max(0, Math.floor(room)));
  const elements = trained.reduce(
    (sum, tensor) =>
      rule.managed(tensor).length === 0
        ? sum
        : sum + tensor.copies * tensor.elements,
    0,
  );
  return {
    name: "paged optimizer states",
    bytes,
    formula: `${
      each(bytes, elements)
    } states of ${plan.scenario.optimizer.name} in managed memory`,
    basis: "derived",
    source: "bitsandbytes optim/optimizer.py: get_state_buffer",
    device_bytes: onDevice,
    host_bytes: bytes - onDevice,
  };
}
