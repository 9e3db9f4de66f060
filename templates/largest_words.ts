import type { Largest } from "../lib/mod.ts";
import { formatBytes, groupDigits } from "../lib/mod.ts";
import { setWords } from "./advice_words.ts";
import { fieldAt } from "../lib/scenario/field_list.ts";

/** What answers are called; others by their field's path. */
const NAMES: Readonly<Record<string, string>> = {
  "train.micro_batch": "Largest micro batch",
  "train.sequence_length": "Largest sequence length",
  "train.lora.rank": "Highest LoRA rank",
  "serve.batch": "Largest number of concurrent sequences",
  "serve.input_tokens": "Largest input",
  "serve.max_model_len": "Longest context",
  "serve.cache_tokens": "Largest cache",
  "serve.gpu_layers": "Most layers on the GPU",
  "parallel.gpus": "Fewest GPUs",
};

/** What the answer is, what bounds it, and what was tried, a sentence each. */
export interface LargestWords {
  /** "Largest micro batch" */
  name: string;
  /** "7", "8,192 tokens", "none" */
  value: string;
  sentences: string[];
}

/** Writes the largest value of a field for a person. */
export function largestWords(found: Largest): LargestWords {
  const { field, value, next, gpu, usable_bytes: usable } = found;
  const isFewest = field === "parallel.gpus";
  const unit = isFewest
    ? " GPUs"
    : fieldAt(field)?.unit === "tokens"
    ? " tokens"
    : "";
  const text = (number: number): string =>
    `${groupDigits(number)}${number === 1 ? unit.replace(/s$/, "") : unit}`;
  const sentences: string[] = [];
  if (value === null) {
    sentences.push(
      `It does not fit on ${gpu} even at ${text(next?.value ?? 1)}: ${
        formatBytes(next?.device_peak_bytes ?? 0)
      }, ${formatBytes(next?.over_bytes ?? 0)} too much.`,
    );
  } else {
    sentences.push(
      `At ${text(value)} it needs ${
        formatBytes(found.device_peak_bytes ?? 0)
      } of ${formatBytes(usable)} on ${gpu}${
        next?.over_bytes
          ? `; at ${text(next.value)}, ${formatBytes(next.over_bytes)} too much`
          : ""
      }.`,
    );
    if (found.at_bound && !isFewest) {
      sentences.push("A scenario takes no more.");
    }
    if (isFewest && Object.keys(found.set).length > 1) {
      sentences.push(`Laid out with ${setWords(found.set)}.`);
    }
    if (found.beyond_context !== null) {
      sentences.push(
        `The model's context ends at ${
          groupDigits(found.beyond_context)
        } tokens.`,
      );
    }
    if (found.cautious) {
      const { value: safe, high_bytes: high } = found.cautious;
      sentences.push(
        safe === null || high === null
          ? `The high end of the band does not fit even at ${text(1)}.`
          : `At ${text(safe)} the high end of the band fits too (${
            formatBytes(high)
          }).`,
      );
    }
    if (!isFewest) sentences.push(checkedWords(found));
  }
  if (found.methods.length > 1) {
    sentences.push(
      `Not every value was answered by the same method: ${
        found.methods.join(", ")
      }.`,
    );
  }
  return {
    name: NAMES[field] ?? `Largest ${field}`,
    value: value === null ? "none" : text(value),
    sentences,
  };
}

function checkedWords({ checked }: Largest): string {
  const { estimates, from, to, sampled_to, exceptions } = checked;
  const beyond = sampled_to > to
    ? `, and samples up to ${groupDigits(sampled_to)}`
    : "";
  const gaps = exceptions.length > 0
    ? `; below it, ${
      runsOf(exceptions)
    } did not fit: memory need not grow evenly`
    : "";
  return `Tried: ${estimates} values, each from ${groupDigits(from)} to ${
    groupDigits(to)
  }${beyond}${gaps}.`;
}

/** Numbers with those in a row drawn together: "3, 7 to 9". */
function runsOf(numbers: readonly number[]): string {
  const runs: [from: number, to: number][] = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([from, to]) =>
    from === to
      ? groupDigits(from)
      : `${groupDigits(from)} to ${groupDigits(to)}`
  ).join(", ");
}
