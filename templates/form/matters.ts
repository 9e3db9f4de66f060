import type { Field, FieldGroup, Need } from "../../lib/mod.ts";
import { GROUPS, holds } from "../../lib/mod.ts";
import type { FormState } from "./form_state.ts";
import { DEFAULT_TEXTS } from "./form_state.ts";
import type { Trait } from "./trait.ts";

/** A need of the model, by what stands for it among the paths of fields. */
const has = (trait: Trait): Need => ({ path: `#${trait}`, is: ["true"] });
const not = (path: string, ...values: unknown[]): Need => ({
  path,
  not: values,
});
const served = (...is: string[]): Need => ({ path: "serve.engine", is });

const SPLIT_MODEL = [not("parallel.pp", 1)];
const DEEPSPEED = ["auto", "deepspeed", "megatron-deepspeed"];
const OFFLOADS: Need = { path: "engine.name", like: /^(auto$|deep|fsdp)/ };

/**
 * What has to hold for a field to be worth showing, beside what it needs to mean
 * anything: engines and models that do not look at it, and what is usual.
 */
const MORE: Readonly<Record<string, readonly Need[]>> = {
  "train.images_per_sample": [has("vision")],
  "train.image_size": [has("vision")],
  "train.video_frames": [has("vision")],
  "parallel.ep": [has("experts")],
  "parallel.sequence_parallel": [not("parallel.tp", 1)],
  "parallel.virtual_pipeline": SPLIT_MODEL,
  "parallel.microbatches": SPLIT_MODEL,
  "engine.zero_stage": [{ path: "engine.name", is: DEEPSPEED }],
  "engine.offload_optimizer": [OFFLOADS],
  "engine.offload_parameters": [OFFLOADS],
  "serve.kv_cache": [served("transformers")],
  "serve.cache_tokens": [served("transformers", "sglang", "llama.cpp")],
  "serve.memory_utilization": [served("vllm", "sglang", "tgi", "tensorrt-llm")],
  "serve.max_sequences": [served("vllm", "sglang", "tgi", "tensorrt-llm")],
  "serve.max_batched_tokens": [served("vllm", "tgi", "tensorrt-llm")],
};

/** Settings that one depends on and that stand beside it anyway. */
const BESIDE = new Set(["train.images_per_sample", "serve.cache_tokens"]);

/** What has to hold for a field to stand in the form; [] where nothing has to. */
export function needsToShow({ path, group, needs }: Field): readonly Need[] {
  const { more }: FieldGroup = GROUPS[group];
  // Those are left out where they do not matter.
  if (more !== undefined) return [];
  const own = needs.filter((need) =>
    !("path" in need && (need.path === "task" || BESIDE.has(need.path)))
  );
  return [
    ...own,
    ...(MORE[path] ?? []),
  ];
}

/**
 * The needs as the page's script reads them: alternatives between " | ", each some
 * clauses between " & ", each a path, an operator and its values between commas.
 */
export function needsText(needs: readonly Need[]): string {
  return alternatives(needs).map((all) => all.map(clause).join(" & ")).join(
    " | ",
  );
}

/** A need of one field. */
type Simple = Exclude<Need, { any: unknown }>;

function alternatives(needs: readonly Need[]): Simple[][] {
  return needs.reduce<Simple[][]>(
    (found, need) => {
      const ways = "any" in need
        ? need.any.flatMap((all) => alternatives(all))
        : [[need]];
      return found.flatMap((all) => ways.map((way) => [...all, ...way]));
    },
    [[]],
  );
}

function clause(need: Simple): string {
  const words = (values: readonly unknown[]): string =>
    values.map((value) => value === null ? "" : String(value)).join(",");
  if ("like" in need) return `${need.path}~${need.like.source}`;
  return "is" in need
    ? `${need.path}=${words(need.is)}`
    : `${need.path}!${words(need.not)}`;
}

/** Whether a field is worth showing beside what stands in the form. */
export function isShown(field: Field, state: FormState): boolean {
  const { texts, errors, traits } = state;
  const { path } = field;
  const isSet = errors.has(path) ||
    (texts.get(path) ?? "") !== (DEFAULT_TEXTS.get(path) ?? "");
  return isSet ||
    needsToShow(field).every((need) =>
      holds(
        need,
        (at) =>
          at.startsWith("#")
            ? String(traits === null || traits.has(at.slice(1) as Trait))
            : texts.get(at) ?? DEFAULT_TEXTS.get(at) ?? "",
      )
    );
}
