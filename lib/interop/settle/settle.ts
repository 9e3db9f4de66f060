import { DEFAULT_SCENARIO } from "../../scenario/default_scenario.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import { parseScenario } from "../../scenario/parse_scenario.ts";
import type { Problem } from "../../scenario/problem.ts";
import { leavesOf, putAt } from "../../scenario/walk.ts";
import type { Draft, Facts, Stated } from "../draft/draft.ts";
import { FACT_FIELDS, textOf } from "../draft/draft.ts";
import type {
  Assumed,
  Ignored,
  Imported,
  Understood,
} from "../draft/imported.ts";
import { plainText } from "../draft/plain_text.ts";

/** What several files state together; the last one wins. */
interface Merged {
  stated: Map<string, Stated>;
  facts: Map<keyof Facts, Stated>;
  assumed: Map<string, { value: unknown; reason: string }>;
}

/** Fields that an estimate rests on, said where nothing states them. */
const WANTED: readonly [path: string, reason: string][] = [
  ["train.sequence_length", "no file says how long sequences are"],
  ["train.micro_batch", "no file says the batch of a GPU"],
  ["precision.weights", "no file says in which type parameters lie"],
  ["parallel.gpus", "no file says how many GPUs train"],
  ["hardware.gpu", "no file says which GPU"],
];

/** Puts what the files say together, and checks it as a Scenario. */
export function settle(
  drafts: readonly Draft[],
): Result<Omit<Imported, "formats">> {
  const problems = drafts.flatMap((draft) => draft.problems);
  if (problems.length > 0) return { ok: false, problems };
  const merged: Merged = {
    stated: new Map(),
    facts: new Map(),
    assumed: new Map(),
  };
  const ignored = drafts.flatMap((draft) => draft.ignored);
  const overridden = new Set<string>();
  for (const draft of drafts) {
    for (const [what, before, now] of overrides(merged, draft)) {
      overridden.add(`${before.key}\n${what}`);
      ignored.push({
        key: before.key,
        value: textOf(before.value),
        reason: `${now.key} in a later file says ${textOf(now.value)}`,
        moves_memory: false,
      });
    }
    for (const [path, value] of draft.stated) merged.stated.set(path, value);
    for (const [name, value] of draft.facts) merged.facts.set(name, value);
    for (const [path, value] of draft.assumed) merged.assumed.set(path, value);
  }
  const complete = drafts.some((draft) => draft.complete);
  if (!complete) settleMethod(merged);
  dropUnused(merged);
  settlePrecision(merged);
  const unfit = settleMesh(merged);
  if (unfit) ignored.push(unfit);
  const wrong = unfit ? null : settleBatch(merged);
  if (wrong) return { ok: false, problems: [wrong] };
  settleNodes(merged);

  const input: Record<string, unknown> = {};
  for (const [path, { value }] of merged.assumed) {
    if (!merged.stated.has(path)) putAt(input, path, value);
  }
  for (const [path, { value }] of merged.stated) putAt(input, path, value);
  const checked = checkedInput(input, merged.stated);
  if (!checked.ok) return checked;
  return {
    ok: true,
    value: {
      scenario: checked.value,
      understood: drafts.flatMap((draft) => draft.understood)
        .filter(({ key, path }) => !overridden.has(`${key}\n${path}`))
        .map((each) => withEngine(each, valueAt(merged, "engine.name"))),
      ignored,
      assumed: assumptionsOf(drafts, merged),
      warnings: ignored.filter(({ moves_memory }) => moves_memory)
        .map(({ key, value, reason }) =>
          `${key} (${value}) moves memory and is left out: ${reason}`
        ),
    },
  };
}

/** DeepSpeed casts the model where others run autocast. */
function withEngine(each: Understood, engine: unknown): Understood {
  return engine === "deepspeed" && each.path === FACT_FIELDS.mixed_precision &&
      each.becomes.startsWith("mixed")
    ? { ...each, path: "precision.weights" }
    : each;
}

function* overrides(
  merged: Merged,
  draft: Draft,
): Generator<[what: string, before: Stated, now: Stated]> {
  for (const [path, now] of draft.stated) {
    const before = merged.stated.get(path);
    if (before && textOf(before.value) !== textOf(now.value)) {
      yield [path, before, now];
    }
  }
  for (const [name, now] of draft.facts) {
    const before = merged.facts.get(name);
    if (before && textOf(before.value) !== textOf(now.value)) {
      yield [FACT_FIELDS[name], before, now];
    }
  }
}

function valueAt({ stated, assumed }: Merged, path: string): unknown {
  return stated.get(path)?.value ?? assumed.get(path)?.value;
}

/** Adapters over 4-bit weights are QLoRA; over others LoRA. */
function settleMethod(merged: Merged): void {
  const { stated, facts, assumed } = merged;
  const quantized = valueAt(merged, "quantization.weights");
  const fourBits = /^(?:nf4|nf4-dq|gptq-int4|awq-int4|hqq-int4|int4)$/.test(
    String(quantized),
  );
  const stays = stated.get("train.method")?.value;
  if (stays === "full" || stays === "lora" || stays === "qlora") {
    if (stays === "lora" && fourBits) {
      stated.set("train.method", {
        value: "qlora",
        key: stated.get("train.method")?.key ?? "",
      });
    }
    return;
  }
  const adapters = facts.get("adapters");
  if (adapters) {
    stated.set("train.method", {
      value: adapters.value ? fourBits ? "qlora" : "lora" : "full",
      key: adapters.key,
    });
  } else if (fourBits || quantized === "int8") {
    assumed.set("train.method", {
      value: fourBits ? "qlora" : "lora",
      reason: "quantized weights train by adapters alone",
    });
  } else if (assumed.get("train.method")?.value !== "lora") {
    assumed.delete("train.method");
  }
}

/**
 * In which type parameters lie, and whether autocast runs: DeepSpeed casts the
 * model, accelerate's FSDP casts what trains to fp32, the Trainer leaves it as
 * it was loaded.
 */
function settlePrecision(merged: Merged): void {
  const { stated, facts, assumed } = merged;
  const mixed = facts.get("mixed_precision");
  const loaded = facts.get("loaded");
  const engine = plainText(valueAt(merged, "engine.name") ?? "auto");
  const full = valueAt(merged, "train.method") === "full" ||
    valueAt(merged, "train.method") === undefined;
  const state = (path: string, value: unknown, by: Stated): void => {
    if (!stated.has(path)) stated.set(path, { value, key: by.key });
  };
  const type = mixed?.value === "no" ? undefined : mixed?.value;
  if (engine === "deepspeed") {
    if (mixed && type) state("precision.weights", type, mixed);
    else if (loaded) state("precision.weights", loaded.value, loaded);
    return;
  }
  if (mixed && type) state("precision.autocast", type, mixed);
  const trained = facts.get("trainable_fp32");
  const sharded = engine === "fsdp" || engine === "fsdp2";
  if (
    type && full && (trained || sharded) && !stated.has("precision.weights")
  ) {
    assumed.set("precision.weights", {
      value: "fp32",
      reason: trained
        ? `${trained.key} casts parameters that train to fp32`
        : "accelerate casts sharded parameters that train to fp32 under mixed precision",
    });
  } else if (loaded) state("precision.weights", loaded.value, loaded);
  else if (type && !stated.has("precision.weights")) {
    assumed.set("precision.weights", {
      value: type,
      reason:
        `no file says in which type the model is loaded; taken as ${type}, as ${mixed?.key}`,
    });
  }
}

/** A tool's defaults for adapters mean nothing where there are none. */
function dropUnused(merged: Merged): void {
  const method = valueAt(merged, "train.method");
  const adapted = method === "lora" || method === "qlora";
  const unused = [...merged.assumed.keys()].filter((path) =>
    path === "quantization.kbit_upcast"
      ? valueAt(merged, "quantization.weights") === undefined
      : path.startsWith("train.lora.") && !adapted
  );
  for (const path of unused) merged.assumed.delete(path);
}

/**
 * The ways that tp, pp and cp split a replica, over so many GPUs.
 *
 * @returns What does not fit: flags and fields may still mend it.
 */
function settleMesh(merged: Merged): Ignored | null {
  const sizes = ["tp", "pp", "cp"].map((size) => `parallel.${size}`);
  const replica = sizes.reduce(
    (product, path) => product * Number(valueAt(merged, path) ?? 1),
    1,
  );
  if (!(replica > 1)) return null;
  const gpus = valueAt(merged, "parallel.gpus");
  if (gpus === undefined) {
    if (!merged.facts.has("global_batch")) {
      merged.assumed.set("parallel.gpus", {
        value: replica,
        reason: "one replica of tp × pp × cp, since no file says how many GPUs",
      });
    }
    return null;
  }
  if (Number(gpus) % replica === 0) return null;
  return {
    key: merged.stated.get("parallel.gpus")?.key ?? "parallel.gpus",
    value: textOf(gpus),
    reason:
      `tp × pp × cp = ${replica} GPUs hold a replica: these are no multiple of it; give their number`,
    moves_memory: true,
  };
}

function settleNodes(merged: Merged): void {
  const nodes = merged.facts.get("nodes");
  const gpus = Number(valueAt(merged, "parallel.gpus"));
  if (!nodes || !Number.isInteger(gpus)) return;
  const perNode = gpus / Number(nodes.value);
  if (Number.isInteger(perNode) && Number(nodes.value) > 1) {
    merged.stated.set("parallel.gpus_per_node", {
      value: perNode,
      key: nodes.key,
    });
  }
}

/**
 * A batch over all GPUs decides the accumulation, or the number of GPUs, or has
 * to agree with both.
 *
 * @returns What is wrong with it, or null.
 */
function settleBatch(merged: Merged): Problem | null {
  const { stated, facts, assumed } = merged;
  const batch = facts.get("global_batch");
  if (!batch) return null;
  const numberAt = (path: string): number => Number(valueAt(merged, path) ?? 1);
  const total = Number(batch.value);
  const micro = numberAt("train.micro_batch");
  const replica = ["tp", "pp", "cp"].reduce(
    (product, size) => product * numberAt(`parallel.${size}`),
    1,
  );
  const accumulation = stated.get("train.gradient_accumulation");
  const problem = (limit: string): Problem => ({
    path: batch.key,
    message: `${batch.key} ${limit}: current value is ${total}`,
  });
  if (!stated.has("parallel.gpus") && accumulation) {
    const step = micro * Number(accumulation.value);
    if (!(total % step === 0)) {
      return problem(
        `must be a multiple of the micro batch × accumulation = ${step}`,
      );
    }
    assumed.set("parallel.gpus", {
      value: (total / step) * replica,
      reason: `${batch.key} ÷ micro batch ÷ accumulation gives the replicas`,
    });
    return null;
  }
  if (
    !stated.has("train.micro_batch") && !assumed.has("train.micro_batch")
  ) {
    const per = numberAt("parallel.gpus") / replica *
      Number(accumulation?.value ?? 1);
    if (!(total % per === 0)) {
      return problem(`must be a multiple of replicas × accumulation = ${per}`);
    }
    assumed.set("train.micro_batch", {
      value: total / per,
      reason: `${batch.key} ÷ replicas ÷ accumulation`,
    });
    return null;
  }
  if (valueAt(merged, "parallel.gpus") === undefined && replica > 1) {
    assumed.set("parallel.gpus", {
      value: replica,
      reason: "one replica of tp × pp × cp, since no file says how many GPUs",
    });
  }
  const step = micro * numberAt("parallel.gpus") / replica;
  if (accumulation) {
    const product = step * Number(accumulation.value);
    return product === total ? null : problem(
      `must be micro batch × accumulation × replicas = ${product}`,
    );
  }
  if (!(total % step === 0)) {
    return problem(`must be a multiple of micro batch × replicas = ${step}`);
  }
  assumed.set("train.gradient_accumulation", {
    value: total / step,
    reason: `${batch.key} ÷ micro batch ÷ replicas`,
  });
  return null;
}

/**
 * The input with its values as the schema reads them. A model may be missing or
 * lack a dimension; whoever wants an estimate is told.
 */
function checkedInput(
  input: Record<string, unknown>,
  stated: ReadonlyMap<string, Stated>,
): Result<Record<string, unknown>> {
  const { model, ...rest } = input;
  const parsed = parseScenario({ ...rest, model: model ?? "-" });
  const problems = parsed.ok
    ? []
    : parsed.problems.filter(({ path, message }) =>
      !(path.startsWith("model.") && message.includes(" is missing"))
    );
  if (problems.length > 0) {
    return {
      ok: false,
      problems: problems.map(({ path, message }) => {
        const key = stated.get(path)?.key ??
          stated.get(path.replace(/\.\d+$/, ""))?.key;
        return {
          path,
          message: key === undefined || key === path
            ? message
            : `${key}: ${message}`,
        };
      }),
    };
  }
  const values: Record<string, unknown> = {};
  if (model !== undefined) putAt(values, "model", model);
  const full = parsed.ok ? parsed.value : parseScenarioWithoutModel(rest);
  for (const { path, value } of leavesOf(rest)) {
    putAt(values, path, full ? at(full, path) ?? value : value);
  }
  // Sections made along a path have no prototype; what is given away has one.
  return { ok: true, value: structuredClone(values) };
}

function parseScenarioWithoutModel(rest: object): object | null {
  const parsed = parseScenario({ ...rest, model: "-" });
  return parsed.ok ? parsed.value : null;
}

function at(value: object, path: string): unknown {
  let inner: unknown = value;
  for (const key of path.split(".")) {
    if (typeof inner !== "object" || inner === null) return undefined;
    inner = (inner as Record<string, unknown>)[key];
  }
  return inner;
}

function assumptionsOf(drafts: readonly Draft[], merged: Merged): Assumed[] {
  const { stated, assumed } = merged;
  const list: Assumed[] = [];
  for (const [path, { value, reason }] of assumed) {
    if (!stated.has(path)) list.push({ path, value: textOf(value), reason });
  }
  for (const each of drafts.flatMap((draft) => draft.remarks)) list.push(each);
  const told = new Set([...stated.keys(), ...assumed.keys()]);
  for (const each of drafts.flatMap((draft) => draft.unstated)) {
    if (told.has(each.path)) continue;
    list.push(each);
  }
  for (const { path } of list) told.add(path);
  if (!drafts.some((draft) => draft.complete)) {
    for (const [path, reason] of WANTED) {
      if (told.has(path) || (path === "hardware.gpu" && hasGpu(told))) continue;
      list.push({ path, value: textOf(at(DEFAULT_SCENARIO, path)), reason });
    }
  }
  return dedupe(list);
}

function hasGpu(told: ReadonlySet<string>): boolean {
  return [...told].some((path) => path.startsWith("hardware.gpu"));
}

function dedupe(list: readonly Assumed[]): Assumed[] {
  const seen = new Map(
    list.map((each) => [`${each.path}\n${each.reason}`, each]),
  );
  return [...seen.values()];
}
