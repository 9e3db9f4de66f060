import type { Basis, Part } from "../../answer/estimate.ts";
import type { LiveTensors } from "../../play/readers/live.ts";
import type { PartName } from "../../answer/parts.ts";
import { PARTS } from "../../answer/parts.ts";
import { formatBytes, groupDigits } from "../../units/mod.ts";
import { SOURCES } from "./sources.ts";

/** Parts known as well as the model is; others follow from the code that runs. */
const COUNTED = new Set<PartName>([
  "weights",
  "adapters",
  "buffers",
  "gradients",
]);

/** Parts whose tensors are read off kernels that were never run to compare. */
const ASSUMED = new Set<PartName>(["state-space activations"]);

/** Parts whose tensors grow with the tokens. */
const BY_TOKEN = new Set<PartName>([
  "checkpoints",
  "residual stream",
  "norm activations",
  "attention activations",
  "state-space activations",
  "MLP activations",
  "expert activations",
  "adapter activations",
  "embeddings",
  "logits and loss",
  "activation gradients",
  "inputs",
]);

/** Tensors that a part's formula names; the rest is summed up. */
const NAMED = 4;

/**
 * The parts that stand at an instant; they sum exactly to its bytes.
 *
 * @param tokens Of one forward pass.
 * @param counted How the model's own tensors are known.
 */
export function partsOf(
  live: readonly LiveTensors[],
  tokens: number,
  counted: Basis = "exact",
): Part[] {
  return PARTS.flatMap((name) => {
    const own = live.filter(({ part }) => part === name);
    const bytes = own.reduce((sum, each) => sum + each.bytes, 0);
    if (bytes === 0) return [];
    return [{
      name,
      bytes,
      formula: formulaOf(own, tokens),
      basis: COUNTED.has(name)
        ? counted
        : ASSUMED.has(name)
        ? "assumed"
        : "derived",
      source: SOURCES[name],
    }];
  });
}

/**
 * The largest tensors of a part, each as a product of this scenario's numbers:
 * "32 × 4,096 tokens × 28,672 B MLP gate (3.50 GiB)".
 */
function formulaOf(tensors: readonly LiveTensors[], tokens: number): string {
  const isAlone = tensors.length === 1;
  const named = tensors.slice(0, NAMED).map((each) => {
    const { label, bytes } = each;
    const product = each.terms ?? productOf(each, tokens);
    return product === null
      ? `${formatBytes(bytes)} ${label}`
      : `${product} ${label}${isAlone ? "" : ` (${formatBytes(bytes)})`}`;
  });
  const rest = tensors.slice(NAMED);
  const more = rest.reduce((sum, { bytes }) => sum + bytes, 0);
  return rest.length === 0
    ? named.join(" + ")
    : `${named.join(" + ")} + ${formatBytes(more)} of ${rest.length} more`;
}

/** How many, and so many bytes a token where they are as many for each. */
function productOf(
  { part, count, bytes }: LiveTensors,
  tokens: number,
): string | null {
  const times = count > 1 ? `${groupDigits(count)} × ` : "";
  const one = bytes / count;
  if (BY_TOKEN.has(part) && tokens > 1 && Number.isInteger(one / tokens)) {
    return `${times}${groupDigits(tokens)} tokens × ${
      groupDigits(one / tokens)
    } B`;
  }
  return count > 1 ? `${times}${formatBytes(one)}` : null;
}
