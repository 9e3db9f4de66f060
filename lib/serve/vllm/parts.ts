import type { Part } from "../../answer/estimate.ts";
import { formatBytes } from "../../units/mod.ts";
import type { AskedVllm } from "./asked.ts";
import type { VllmStart } from "./startup.ts";

const SOURCE = "vllm-project/vllm 0.33";

/** What a stage's allocator has given while a full batch is computed. */
export function partsOf(
  { question, layout }: AskedVllm,
  { plan, pool }: VllmStart,
  stage: number,
): Part[] {
  const held = plan.stages[stage];
  if (!held) return [];
  const { loaded } = held;
  const { options } = plan;
  const { scheme, basis } = question.checkpoint;
  const parts: Part[] = [
    {
      name: "weights",
      bytes: loaded.parameters,
      formula: `${scheme}, on one of ${layout.tp} ranks`,
      basis,
      source: SOURCE,
    },
    {
      name: "weights unpacked for kernels",
      bytes: loaded.copies,
      formula: "made beside the parameters once they are loaded",
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "rotary tables",
      bytes: loaded.tables,
      formula: "longest sequence × turned features",
      basis: "exact",
      source: SOURCE,
    },
    {
      name: "adapters",
      bytes: loaded.adapters,
      formula: "slots × rank × (inputs + outputs)",
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "sampler's counts",
      bytes: held.sampler,
      formula: `${options.max_num_seqs} sequences × 4 × vocabulary`,
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "input embeddings",
      bytes: held.inputs,
      formula: `${options.max_num_batched_tokens} tokens × hidden size`,
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "experts' workspace",
      bytes: held.workspace,
      formula: `${options.max_num_batched_tokens} tokens × chosen experts`,
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "KV cache",
      bytes: pool.bytes[stage] ?? 0,
      formula: `${pool.blocks} blocks of ${
        formatBytes(plan.pool?.blockBytes[stage] ?? 0)
      }`,
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "activations",
      bytes: held.transient,
      formula:
        `${options.max_num_batched_tokens} tokens, ${options.max_num_seqs} sequences`,
      basis: "derived",
      source: SOURCE,
    },
    {
      name: "CUDA graphs",
      bytes: held.graphs,
      formula: `${options.captured.length} sizes`,
      basis: "assumed",
    },
  ];
  return parts.filter(({ bytes }) => bytes > 0);
}
