import type { Estimate, Paged, Part } from "../lib/mod.ts";
import { formatBytes } from "../lib/mod.ts";

/** What stands on the device beside the parts of the allocated peak. */
export interface DeviceParts {
  /** The parts that the method lists. */
  readonly parts: readonly Part[];
  /** Their sum, where the device holds more than that; else null. */
  readonly allocated: number | null;
  /** What the allocator keeps and what lies outside of it. */
  readonly beside: readonly Part[];
  readonly device: number;
}

function onDevice(
  { name, formula, basis, source, device_bytes, host_bytes }: Paged,
): Part {
  return {
    name,
    bytes: device_bytes,
    formula: host_bytes === 0
      ? formula
      : `${formula}; ${formatBytes(host_bytes)} of it on the host`,
    basis,
    ...(source ? { source } : {}),
  };
}

/**
 * The device's memory in parts. A method with a timeline lists what PyTorch has
 * allocated at its peak; the allocator's cache and the CUDA context come beside.
 */
export function devicePartsOf({ memory, scenario }: Estimate): DeviceParts {
  const {
    parts,
    allocated_peak_bytes: allocated,
    reserved_peak_bytes,
    device_peak_bytes: device,
    paged,
    communication,
  } = memory;
  if (allocated === null) {
    return { parts, allocated: null, beside: [], device };
  }
  // What is not PyTorch's keeps nothing back.
  const reserved = reserved_peak_bytes ?? allocated;
  const other = Math.round(scenario.overheads.other_gib * 1024 ** 3);
  const pages = paged?.device_bytes ?? 0;
  const beside: Part[] = [
    {
      name: "cached by the allocator",
      bytes: reserved - allocated,
      formula: "what PyTorch's allocator has taken and not handed out",
      basis: "derived",
    },
    {
      name: "CUDA context and libraries",
      bytes: device - reserved - other - pages - (communication?.bytes ?? 0),
      formula: "outside of PyTorch: by the GPU, or as given",
      basis: "assumed",
    },
    ...(communication ? [communication] : []),
    {
      name: "other",
      bytes: other,
      formula: "as given",
      basis: "assumed",
    },
    ...(paged ? [onDevice(paged)] : []),
  ];
  return {
    parts,
    allocated,
    beside: beside.filter(({ bytes }) => bytes > 0),
    device,
  };
}
