import type { Part } from "../../answer/estimate.ts";
import type { PartName } from "../../answer/parts.ts";
import { PARTS } from "../../answer/parts.ts";
import type { LiveTensors } from "../../play/readers/live.ts";
import { formatBytes } from "../../units/mod.ts";

/** Tensors that a part's formula names; the rest is summed up. */
const NAMED = 4;

const SOURCES: Readonly<Partial<Record<PartName, string>>> = {
  "weights": "each tensor counted, in blocks of 512 bytes",
  "buffers": "transformers: register_buffer",
  "KV cache": "transformers cache_utils.py",
  "logits and loss": "transformers generation/utils.py, _sample",
  "kernel workspaces": "CublasHandlePool.cpp",
  "allocator rounding": "CUDACachingAllocator.cpp",
  "inputs": "transformers generation/utils.py: int64",
};

/** The parts that stand at an instant; they sum exactly to its bytes. */
export function servedParts(
  live: readonly LiveTensors[],
  weights: Part["basis"],
): Part[] {
  return PARTS.flatMap((name): Part[] => {
    const own = live.filter(({ part }) => part === name);
    const bytes = own.reduce((sum, each) => sum + each.bytes, 0);
    if (bytes === 0) return [];
    return [{
      name: name === "logits and loss" ? "logits" : name,
      bytes,
      formula: formulaOf(own),
      basis: name === "weights"
        ? weights
        : name === "state-space activations"
        ? "assumed"
        : "derived",
      source: SOURCES[name] ?? "transformers: the model's own code",
    }];
  });
}

function formulaOf(tensors: readonly LiveTensors[]): string {
  const named = tensors.slice(0, NAMED).map(({ label, count, bytes, terms }) =>
    terms
      ? `${terms} ${label}`
      : count > 1
      ? `${count} × ${formatBytes(bytes / count)} ${label}`
      : `${formatBytes(bytes)} ${label}`
  );
  const rest = tensors.slice(NAMED);
  const more = rest.reduce((sum, { bytes }) => sum + bytes, 0);
  return rest.length === 0
    ? named.join(" + ")
    : `${named.join(" + ")} + ${formatBytes(more)} of ${rest.length} more`;
}
