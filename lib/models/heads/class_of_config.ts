import type { Config } from "../config.ts";
import classes from "./classes.json" with { type: "json" };
import { shown } from "../../scenario/problem.ts";
import type { HeadKind } from "./head_kind.ts";
import { headKind } from "./head_kind.ts";

/** The classes that transformers 5.24.0 has for each model type. */
const CLASSES: Readonly<Record<string, readonly string[]>> = classes;

/** The class whose tensors a config's model has. */
export interface ModelClass {
  /** As transformers spells it; "" for what a type is mostly saved as. */
  name: string;
  kind: HeadKind;
  /** What is to be said where `architectures` names none of the type's classes. */
  warning: string | null;
}

/**
 * Classes whose code comes with them: reward models, which vLLM knows as well, and
 * what transformers builds by a class of another name.
 *
 * Source: vllm-project/vllm model_executor/models/qwen2_rm.py, internlm2.py;
 * huggingface/transformers models/exaone
 */
const WITH_CODE: Readonly<Record<string, string>> = {
  ExaoneForCausalLM: "exaone",
  InternLM2ForRewardModel: "internlm2",
  Qwen2ForProcessRewardModel: "qwen2",
  Qwen2ForRewardModel: "qwen2",
};

/** The first class that a config's `architectures` names; "" for none. */
export function namedClass(config: Config): string {
  const named = config["architectures"];
  const [first] = Array.isArray(named) ? named : [];
  return typeof first === "string" ? first : "";
}

/** The classes of a model type; null for a type that transformers has not. */
export function classesOf(type: string): readonly string[] | null {
  return Object.hasOwn(CLASSES, type) ? CLASSES[type] ?? null : null;
}

/**
 * The class that `architectures` names, or the one of the same kind that the
 * model type has: code of its own repository is taken for transformers' own.
 *
 * @param type The `model_type`.
 * @param named The first of `architectures`; "" where there is none.
 */
export function classOf(type: string, named: string): ModelClass {
  const usual = { name: "", kind: "vocabulary" as const, warning: null };
  if (named === "") return usual;
  const kind = headKind(named);
  if (WITH_CODE[named] === type) {
    return { name: named, kind, warning: null };
  }
  const known = classesOf(type);
  if (known === null) return ofForeignType(named, kind);
  const same = named.toLowerCase();
  const own = known.find((each) => each.toLowerCase() === same);
  if (own) return { name: own, kind: headKind(own), warning: null };
  const like = kind === "other"
    ? undefined
    : known.find((each) => headKind(each) === kind);
  const counted = like ?? usualOf(known) ?? type;
  return {
    ...(like ? { name: like, kind } : usual),
    warning: `${strange(type, named)}; it is counted as ${counted}`,
  };
}

/** What a type's config without a class is taken for: encoders have no head. */
function usualOf(known: readonly string[]): string | undefined {
  const writes = known.some((each) => /ForConditionalGeneration$/.test(each));
  const isEncoder = !writes &&
    known.some((each) => /ForMaskedLM$/.test(each));
  const ofKind = (kind: HeadKind) =>
    known.find((each) => headKind(each) === kind);
  return (isEncoder ? undefined : ofKind("vocabulary")) ?? ofKind("none");
}

/** Types that run the code of their repositories. */
function ofForeignType(named: string, kind: HeadKind): ModelClass {
  const labels = kind === "sequences" || kind === "tokens" || kind === "spans";
  return labels
    ? {
      name: named,
      kind,
      warning: `model.config.architectures names ${
        shown(named)
      }, whose code is not in transformers: its head is counted as those of transformers are`,
    }
    : { name: "", kind: "vocabulary", warning: null };
}

function strange(type: string, named: string): string {
  const others = Object.keys(CLASSES).filter((each) =>
    CLASSES[each]?.includes(named)
  );
  const begins = (each: string) =>
    named.toLowerCase().startsWith(each.replaceAll(/[-_]/g, ""));
  const other = others.find(begins) ?? others[0];
  const name = shown(named);
  return other
    ? `model.config.architectures names ${name}, a class of model type ${other} and not of ${type}`
    : `model.config.architectures names ${name}, which is no class of transformers 5.24.0 for model type ${type}`;
}
