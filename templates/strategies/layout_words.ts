import type { GpuLayout, GpuLayouts, Scenario } from "../../lib/mod.ts";
import { findGpu, formatBytes, groupDigits } from "../../lib/mod.ts";
import { withSet } from "../../lib/ask/with_set.ts";
import type { AdvisedSet } from "../../lib/mod.ts";

/** What an engine that trains is called. */
const ENGINES: Partial<Record<Scenario["engine"]["name"], string>> = {
  single: "One GPU",
  ddp: "DDP",
  fsdp: "FSDP",
  fsdp2: "FSDP2",
  megatron: "Megatron-LM",
};

/** What of FSDP's states is sharded. */
const SHARDINGS: Record<Scenario["engine"]["sharding"], string> = {
  full: "all is sharded",
  grad_op: "gradients and optimizer states are sharded",
  hybrid: "all is sharded within a node",
  none: "nothing is sharded",
};

/** A way to lay a scenario out, in the words of those who do it. */
export function layoutWords(
  scenario: Scenario,
  { set, replicas }: Pick<GpuLayout, "set" | "replicas">,
): string {
  const laidOut = withSet(scenario, set as AdvisedSet);
  const { parallel, engine, task } = laidOut;
  if (task === "serve") return servingWords(laidOut, replicas);
  switch (engine.name) {
    case "deepspeed":
      return `DeepSpeed ZeRO-${engine.zero_stage}`;
    case "fsdp":
    case "fsdp2":
      return `${ENGINES[engine.name]}: ${SHARDINGS[engine.sharding]}`;
    case "megatron": {
      const { gpus, tp, pp, cp } = parallel;
      const dp = gpus / (tp * pp * cp);
      return `Megatron-LM: ${axesWords({ ...parallel, dp })}${
        engine.distributed_optimizer && dp > 1
          ? ", optimizer states sharded"
          : ""
      }`;
    }
    default:
      return ENGINES[engine.name] ?? engine.name;
  }
}

function servingWords(
  { parallel, serve }: Scenario,
  replicas = 1,
): string {
  if (parallel.gpus === 1) return "One GPU";
  if (serve.engine === "llama.cpp") return "Layers dealt out to all GPUs";
  return axesWords({ ...parallel, dp: replicas });
}

/** "TP 4 × PP 2 × DP 1"; sizes of one are left out. */
function axesWords(
  { tp, pp, cp, ep, dp }: {
    tp: number;
    pp: number;
    cp: number;
    ep: number;
    dp: number;
  },
): string {
  const axes = Object.entries({ TP: tp, PP: pp, CP: cp, DP: dp })
    .filter(([, size]) => size > 1)
    .map(([name, size]) => `${name} ${size}`);
  const split = axes.length === 0 ? "one GPU each" : axes.join(" × ");
  return ep > 1 ? `${split}, experts over ${ep}` : split;
}

/** How simple a layout is to set up and to run: less is simpler. */
function effortOf(scenario: Scenario, { set }: GpuLayout): number {
  const { parallel, engine, task } = withSet(scenario, set as AdvisedSet);
  const { tp, pp, cp, ep } = parallel;
  const splits = Math.log2(tp) + 2 * Math.log2(pp) + 2 * Math.log2(cp) +
    Math.log2(ep);
  if (task === "serve") return splits;
  const own: Partial<Record<Scenario["engine"]["name"], number>> = {
    single: 0,
    ddp: 1,
    deepspeed: 1 + engine.zero_stage,
    fsdp2: engine.sharding === "grad_op" ? 3 : 4,
    fsdp: engine.sharding === "grad_op" ? 3.5 : 4.5,
  };
  return own[engine.name] ?? 10 + splits;
}

/** What stands first of an answer: how many fit, the simplest, the leanest. */
export interface LayoutsSummary {
  /** "34 of 36 ways fit on 8 × H100-80GB." */
  verdict: string;
  fits: boolean;
  simplest: GpuLayout | null;
  leanest: GpuLayout | null;
}

/** Sums layouts up. */
export function layoutsSummary(
  scenario: Scenario,
  gpus: number,
  { rows }: GpuLayouts,
): LayoutsSummary {
  const played = rows.filter(({ peak_bytes }) => peak_bytes !== null);
  const fitting = played.filter(({ fits }) => fits);
  const simplest =
    fitting.toSorted((a, b) =>
      effortOf(scenario, a) - effortOf(scenario, b)
    )[0] ?? null;
  const on = onWords(scenario, gpus);
  const ways = played.length === 1 ? "way" : "ways";
  return {
    verdict: played.length === 0
      ? `No way to lay it out on ${on} can be played.`
      : fitting.length === 0
      ? `Does not fit on ${on}: none of ${played.length} ${ways} does.`
      : `Fits on ${on}: ${fitting.length} of ${played.length} ${ways} ${
        fitting.length === 1 ? "does" : "do"
      }.`,
    fits: fitting.length > 0,
    simplest,
    leanest: played[0] ?? null,
  };
}

/** "8 × H100-80GB" */
export function onWords({ hardware }: Scenario, gpus: number): string {
  const { gpu } = hardware;
  const name = typeof gpu === "string"
    ? findGpu(gpu)?.name ?? gpu
    : `${gpu.memory_gib} GiB`;
  return gpus === 1 ? name : `${groupDigits(gpus)} × ${name}`;
}

/** What a layout needs of each GPU: "21.4 GiB". */
export function needWords({ peak_bytes }: GpuLayout): string {
  return formatBytes(peak_bytes ?? 0);
}
