import type { Problem } from "../../scenario/problem.ts";
import { shown } from "../../scenario/problem.ts";
import type {
  Assumed,
  Ignored,
  LogFigure,
  Missing,
  Understood,
} from "./imported.ts";

/** One setting of a file. */
export interface FileSetting {
  /** Dotted key as the file writes it. */
  key: string;
  value: unknown;
}

/**
 * What a file says that no single field of a Scenario holds; several files and
 * fields together decide what becomes of it.
 */
export interface FileFacts {
  /** Type that the forward pass computes in, or "no". */
  mixed_precision: "bf16" | "fp16" | "no";
  /** Type that the model is loaded in. */
  loaded: "fp32" | "bf16" | "fp16";
  /** Whether the tool casts all that trains to fp32. */
  trainable_fp32: boolean;
  /** Whether adapters are trained. */
  adapters: boolean;
  /** Sequences per optimizer step, over all GPUs. */
  global_batch: number;
  /** Machines that the GPUs stand in. */
  nodes: number;
}

/** The field that each fact ends in, for the list of what was understood. */
export const FACT_FIELDS: Record<keyof FileFacts, string> = {
  mixed_precision: "precision.autocast",
  loaded: "precision.weights",
  trainable_fp32: "precision.weights",
  adapters: "train.method",
  global_batch: "train.gradient_accumulation",
  nodes: "parallel.gpus_per_node",
};

/** What a fact says, in words. */
const FACT_WORDS: Record<keyof FileFacts, (value: string) => string> = {
  mixed_precision: (value) =>
    value === "no" ? "no mixed precision" : `mixed precision in ${value}`,
  loaded: (value) => `loaded in ${value}`,
  trainable_fp32: () => "what trains lies in fp32",
  adapters: (value) =>
    value === "true" ? "lora, or qlora over 4-bit weights" : "full",
  global_batch: (value) => `${value} sequences a step over all GPUs`,
  nodes: (value) => `GPUs in ${value} ${value === "1" ? "node" : "nodes"}`,
};

/** A value and the setting that states it. */
export interface Stated {
  value: unknown;
  key: string;
}

/** What one file's settings come to, before other files are looked at. */
export class Draft {
  readonly stated: Map<string, Stated> = new Map();
  readonly facts: Map<keyof FileFacts, Stated> = new Map();
  readonly assumed: Map<string, { value: unknown; reason: string }> = new Map();
  /** Fields that are left at their default, and why. */
  readonly unstated: Assumed[] = [];
  /** What stated values are taken for. */
  readonly remarks: Assumed[] = [];
  readonly understood: Understood[] = [];
  readonly ignored: Ignored[] = [];
  /** What has to come from somewhere else. */
  readonly wants: Missing[] = [];
  readonly problems: Problem[] = [];
  /** What a log says was taken. */
  readonly figures: LogFigure[] = [];
  /** Whether what the file leaves out has a Scenario's own default. */
  complete = false;

  /** A setting decides a field; two that disagree are refused. */
  state(setting: FileSetting, path: string, value: unknown): void {
    if (!this.#agrees(this.stated.get(path), setting, value, path)) return;
    this.stated.set(path, { value, key: setting.key });
    this.#understand(setting, path, settingText(value));
  }

  /** A setting decides something that several fields depend on. */
  fact<Name extends keyof FileFacts>(
    setting: FileSetting,
    name: Name,
    value: FileFacts[Name],
  ): void {
    if (!this.#agrees(this.facts.get(name), setting, value, name)) return;
    this.facts.set(name, { value, key: setting.key });
    this.#understand(
      setting,
      FACT_FIELDS[name],
      FACT_WORDS[name](settingText(value)),
    );
  }

  /** A field that the tool itself fills in, or that a name suggests. */
  assume(path: string, value: unknown, reason: string): void {
    this.assumed.set(path, { value, reason });
  }

  /** A setting that other files decide; until then a field's default holds. */
  open(path: string, value: string, reason: string): void {
    this.unstated.push({ path, value, reason });
  }

  /** How a stated value was taken, where it does not say all. */
  remark(path: string, value: string, reason: string): void {
    this.remarks.push({ path, value, reason });
  }

  /** A setting is left out. */
  leave(setting: FileSetting, reason: string, movesMemory = false): void {
    this.ignored.push({
      key: setting.key,
      value: shown(setting.value),
      reason,
      moves_memory: movesMemory,
    });
  }

  /** A setting waits for what no text gives yet. */
  want(want: Missing): void {
    this.wants.push(want);
  }

  /** A setting cannot be used. */
  refuse({ key, value }: FileSetting, limit: string): void {
    this.problems.push({
      path: key,
      message: `${key} ${limit}: current value is ${shown(value)}`,
    });
  }

  /** What a field is so far, stated or assumed. */
  valueAt(path: string): unknown {
    return this.stated.get(path)?.value ?? this.assumed.get(path)?.value;
  }

  #agrees(
    before: Stated | undefined,
    { key }: FileSetting,
    value: unknown,
    what: string,
  ): boolean {
    if (!before || settingText(before.value) === settingText(value)) {
      return true;
    }
    this.problems.push({
      path: key,
      message:
        `${key} and ${before.key} contradict each other: ${what} cannot be both ${
          settingText(before.value)
        } and ${settingText(value)}`,
    });
    return false;
  }

  #understand(
    { key, value }: FileSetting,
    path: string,
    becomes: string,
  ): void {
    this.understood.push({ key, value: shown(value), path, becomes });
  }
}

/** A field's value in a few words. */
export function settingText(value: unknown): string {
  if (typeof value === "string") return value;
  if (Array.isArray(value) && value.every((each) => typeof each === "string")) {
    return value.join(", ");
  }
  return shown(value);
}
