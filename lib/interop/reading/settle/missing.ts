import type { Draft } from "../draft.ts";
import type { Missing } from "../imported.ts";
import { plainText } from "../plain_text.ts";
import type { Merged } from "./merged.ts";
import { mergedValueAt } from "./merged.ts";
import { replicaOf } from "./mesh.ts";

/** Dimensions without which a model cannot be counted. */
const DIMENSIONS = [
  "layers",
  "hidden_size",
  "attention_heads",
  "vocab_size",
] as const;

/** What the files leave to whoever runs them, each once. */
export function missingOf(
  drafts: readonly Draft[],
  merged: Merged,
): Missing[] {
  const missing = new Map<string, Missing>();
  for (const want of drafts.flatMap(({ wants }) => wants)) {
    if (
      want.paths.length > 0 && want.paths.some((path) => isTold(merged, path))
    ) {
      continue;
    }
    const before = missing.get(want.name);
    if (before) {
      before.paths = [...new Set([...before.paths, ...want.paths])];
    } else missing.set(want.name, want);
  }
  const waited = new Set([...missing.values()].flatMap(({ paths }) => paths));
  const add = (name: string, reason: string, tries?: number[]): void => {
    if (waited.has(name)) return;
    missing.set(name, {
      kind: "field",
      name,
      paths: [name],
      key: name,
      reason,
      ...(tries ? { tries } : {}),
    });
  };
  for (const name of dimensionsOf(merged)) {
    add(name, `no flag says it: give ${name}`);
  }
  const why = shardsBy(merged);
  if (why !== null && !merged.stated.has("parallel.gpus")) {
    const tries = triesOf(merged);
    add(
      "parallel.gpus",
      `no file says how many GPUs train, and ${why} over all of them: give parallel.gpus`,
      tries,
    );
    for (const each of missing.values()) {
      if (each.paths.includes("parallel.gpus")) each.tries = tries;
    }
  }
  return [...missing.values()];
}

/** Whether something states a field, or fields within it. */
function isTold({ stated }: Merged, path: string): boolean {
  return stated.has(path) ||
    path === "model" &&
      [...stated.keys()].some((each) => each.startsWith("model."));
}

/** Dimensions that a model which is given by some of them still needs. */
function dimensionsOf(merged: Merged): string[] {
  const { stated, assumed } = merged;
  if (mergedValueAt(merged, "model") !== undefined) return [];
  const some = [...stated.keys(), ...assumed.keys()].some((path) =>
    path.startsWith("model.dims.")
  );
  return some
    ? DIMENSIONS.map((name) => `model.dims.${name}`)
      .filter((path) => mergedValueAt(merged, path) === undefined)
    : [];
}

/** What shards a run's states over its replicas; null where nothing does. */
function shardsBy(merged: Merged): string | null {
  const at = (path: string): unknown => mergedValueAt(merged, path);
  if (at("task") === "serve") return null;
  const gpus = merged.assumed.get("parallel.gpus");
  const replica = replicaOf(merged);
  // What a batch or a launch comment tells is a number of GPUs.
  if (gpus && gpus.value !== replica) return null;
  if (gpus && !/^one replica/.test(gpus.reason)) return null;
  const name = plainText(at("engine.name") ?? "auto");
  const stage = Number(at("engine.zero_stage") ?? 0);
  if (stage > 0) return `ZeRO ${stage} shards`;
  if (name === "fsdp" || name === "fsdp2") {
    return at("engine.sharding") === "none" ? null : "FSDP shards";
  }
  const ep = Number(at("parallel.ep") ?? 1);
  if (name === "megatron" && at("engine.distributed_optimizer") !== false) {
    return "the distributed optimizer shards";
  }
  return ep > 1 ? "experts are spread" : null;
}

/** Numbers of GPUs that are worth an answer: 2, 4, 8, or as many replicas. */
function triesOf(merged: Merged): number[] {
  const at = (path: string): number =>
    Number(mergedValueAt(merged, path) ?? 1) || 1;
  const experts = at("parallel.ep") * at("parallel.pp") *
    Number(mergedValueAt(merged, "parallel.etp") ?? at("parallel.tp"));
  const least = leastCommonMultiple(replicaOf(merged), experts);
  const first = least === 1 ? 2 : least;
  return [first, 2 * first, 4 * first];
}

function leastCommonMultiple(a: number, b: number): number {
  let [x, y] = [a, b];
  while (y > 0) [x, y] = [y, x % y];
  return x > 0 ? (a / x) * b : a;
}
