import type { Result } from "../../scenario/parse_scenario.ts";
import { shown } from "../../scenario/problem.ts";
import type { Tensor } from "../tensors/tensor.ts";
import { copiesOf, elementsOf } from "../tensors/tensor.ts";
import type { Adapters } from "./adapters.ts";
import {
  isLatentAttention,
  lastKey,
  megatronTargets,
  mergedPartOf,
  PARTS_OF,
} from "./megatron_targets.ts";
import type { LoraSettings } from "./settings.ts";

/** A matrix of Megatron-Core, or as many alike as its stack has layers. */
interface Merged {
  readonly path: string;
  readonly name: string;
  readonly in: number;
  /** Outputs of each tensor that it is made of, by the names of its parts. */
  readonly outs: Map<string, number>;
  readonly layers: Tensor["layers"];
  readonly isExpert: boolean;
}

/**
 * The adapters that Megatron-Bridge adds to a model: one for each matrix of
 * Megatron-Core, and one for all experts of a layer.
 *
 * Source: NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/peft/lora.py, LoRA
 */
export function megatronAdapters(
  tensors: readonly Tensor[],
  settings: LoraSettings,
): Result<Adapters> {
  const targets = megatronTargets(settings, tensors);
  if (typeof targets === "string") return refused(targets);
  const merged = mergedOf(tensors);
  const { rank } = settings;
  const hits: Record<string, number> = {};
  const found = new Set<string>();
  const added = merged.flatMap((each) => {
    const parts = PARTS_OF[each.name] ?? [];
    const split = parts.every((name) => targets.has(name)) && parts.length > 0;
    if (!split && !targets.has(each.name)) return [];
    for (const name of split ? parts : [each.name]) found.add(name);
    const all = [...each.outs.values()].reduce((sum, out) => sum + out, 0);
    // Experts' matrices stay whole.
    const outs = split && !each.isExpert
      ? partsOf(each.outs, parts.length, all)
      : [all];
    hits[each.name] = (hits[each.name] ?? 0) + copiesOf(each);
    return outs.flatMap((out, at) => [
      tensorOf(each, `${at}.linear_in`, [rank, each.in]),
      tensorOf(each, `${at}.linear_out`, [out, rank]),
    ]);
  });
  const known = [...new Set(merged.map(({ name }) => name))];
  if (added.length === 0) {
    return refused(
      `train.lora.targets must name matrices of Megatron-Core (${
        known.join(", ")
      }): current value is ${shown(settings.targets)}`,
    );
  }
  const missed = Array.isArray(settings.targets)
    ? [...targets].filter((name) => !found.has(name))
    : [];
  return {
    ok: true,
    value: {
      tensors: added,
      trainable: added.reduce(
        (sum, tensor) => sum + elementsOf(tensor) * copiesOf(tensor),
        0,
      ),
      hits,
      notes: missed.length === 0 ? [] : [
        `train.lora.targets: Megatron-Core has no ${
          missed.join(", ")
        } in this model; the other targets are adapted`,
      ],
    },
  };
}

/** Outputs of a matrix's parts; of those that lie in one tensor their sum counts. */
function partsOf(
  outs: ReadonlyMap<string, number>,
  parts: number,
  all: number,
): number[] {
  return outs.size === parts
    ? [...outs.values()]
    : Array.from({ length: parts }, () => all / parts);
}

function refused(message: string): Result<Adapters> {
  const [path = ""] = message.split(" ");
  return { ok: false, problems: [{ path, message }] };
}

function tensorOf(
  { path, name, layers }: Merged,
  piece: string,
  shape: number[],
): Tensor {
  return {
    name: `${path}${name}.adapter.${piece}.weight`,
    shape,
    layers,
    role: "other",
    piece: "language_model",
    module: "linear",
    split: null,
    expert: false,
    quantized: false,
    dtype: null,
  };
}

function mergedOf(tensors: readonly Tensor[]): Merged[] {
  const isLatent = isLatentAttention(tensors);
  const merged = new Map<string, Merged>();
  for (const tensor of tensors) {
    const own = mergedPartOf(tensor, isLatent);
    if (!own) continue;
    const { matrix: name, part } = own;
    const { layers, expert: isExpert, module } = tensor;
    const path = tensor.name.slice(0, tensor.name.lastIndexOf(lastKey(tensor)));
    const key = `${path}${name} ${JSON.stringify(layers)}`;
    const [first = 1, second = 1] = tensor.shape.slice(-2);
    const [out, width] = module === "conv1d"
      ? [second, first]
      : [first, second];
    const known = merged.get(key) ??
      { path, name, in: width, outs: new Map(), layers, isExpert };
    known.outs.set(part, out);
    merged.set(key, known);
  }
  return [...merged.values()];
}
