import type { Model } from "../../models/model.ts";
import { megatronAdapters } from "../../models/lora/megatron.ts";
import {
  megatronTargets,
  PARTS_OF,
} from "../../models/lora/megatron_targets.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import type { AdapterPart, CutMatrix } from "../../software/megatron/shares.ts";

/** What LoRA adds beside the matrices of Megatron-Core. */
export interface LoraCuts {
  readonly rank: number;
  readonly dropout: number;
  /** Names of the matrices, or of their parts. */
  readonly targets: ReadonlySet<string>;
}

/** A matrix that may have adapters. */
export interface Adaptable {
  readonly name: string;
  /** On this rank. */
  readonly in: number;
  readonly out: number;
  /** Over how many ranks it is cut, and how. */
  readonly ranks: number;
  readonly cut: "rows" | "columns";
  /** Outputs of its parts on this rank, where they may be adapted one by one. */
  readonly parts?: readonly number[];
}

/** What a scenario's LoRA adds, null where none does, or why it cannot. */
export function loraCutsOf(
  { train, parallel }: Scenario,
  { tensors }: Model,
): LoraCuts | null | { readonly reason: string } {
  if (train.method === "full") return null;
  const { rank, dropout } = train.lora;
  const targets = megatronTargets(train.lora, tensors);
  if (typeof targets === "string") return { reason: targets };
  const adapters = megatronAdapters(tensors, train.lora);
  if (!adapters.ok) return { reason: adapters.problems[0]?.message ?? "" };
  const { tp } = parallel;
  return rank % tp === 0 ? { rank, dropout, targets } : {
    reason:
      `train.lora.rank must be divisible by parallel.tp = ${tp} with Megatron-Core, which cuts it over ranks: current value is ${rank}; ${
        Math.ceil(rank / tp) * tp
      } is`,
  };
}

/**
 * The adapters beside a matrix: A of one that is cut by rows is cut by rows too, A of
 * another as it is; B is always cut by rows.
 *
 * Source: NVIDIA-NeMo/Megatron-Bridge src/megatron/bridge/peft/utils.py,
 * ParallelLinearAdapter
 */
export function adapterParts(
  { name, in: width, out, ranks, cut, parts = [] }: Adaptable,
  lora: LoraCuts | null,
  dtype: Dtype,
): AdapterPart[] {
  if (!lora) return [];
  const { rank, dropout, targets } = lora;
  const last = name.split(".").pop() ?? "";
  const split = PARTS_OF[last] ?? [];
  const isSplit = split.length > 0 && split.every((each) => targets.has(each));
  if (!isSplit && !targets.has(last)) return [];
  const outs = isSplit && parts.length > 0 ? parts : [out];
  const matrix = (label: string, rows: number, columns: number): CutMatrix => ({
    name: label,
    in: columns,
    out: rows,
    bias: null,
    weight: {
      name: `${label}.weight`,
      shape: [rows, columns],
      elements: rows * columns,
      dtype,
      trains: true,
    },
  });
  return outs.map((own, at): AdapterPart => {
    const label = outs.length > 1 ? split[at] ?? last : last;
    const isCutByRows = cut === "rows";
    return {
      name: `adapter of ${label}`,
      dropout,
      a: matrix(
        `${label}.linear_in`,
        isCutByRows ? rank / ranks : rank,
        width,
      ),
      b: matrix(
        `${label}.linear_out`,
        isCutByRows ? own : own / ranks,
        rank,
      ),
    };
  });
}
