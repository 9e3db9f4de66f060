import { leavesOf } from "../../scenario/walk.ts";
import type { Format } from "../reading/format.ts";
import { isCalculatorConfig, readCalculatorConfig } from "./config.ts";

/** Sections of the calculator's file, and of a Scenario. */
const SECTIONS: Record<string, string> = {
  model: "model.dims",
  training: "train",
  parallelism: "parallel",
  engine: "engine",
  hardware: "hardware.gpu",
};

/** The training memory calculator's JSON, which a schema of its own reads. */
export const memoryCalculatorFile: Format = {
  id: "memory-calculator",
  title: "the training memory calculator",
  kind: "mapping",
  recognises: (values) => isCalculatorConfig(values),
  rules: [],
  unexpressed: [],
  neutral: [],
  finish: (draft, all) => {
    draft.ignored.length = 0;
    draft.complete = true;
    const read = readCalculatorConfig(all.root);
    if (!read.ok) {
      draft.problems.push(...read.problems);
      return;
    }
    const { scenario, understood, assumed, ignored } = read.value;
    for (const { path, value } of leavesOf(scenario)) {
      if (value !== undefined) draft.stated.set(path, { value, key: path });
    }
    for (const words of understood) {
      const [key, value] = partsOf(words);
      const path = SECTIONS[key] ?? key;
      draft.understood.push({ key, value, path, becomes: value });
    }
    for (const words of assumed) {
      draft.remark("configuration", "as follows", words);
    }
    for (const words of ignored) {
      const [key, reason] = partsOf(words);
      draft.ignored.push({ key, value: "…", reason, moves_memory: false });
    }
  },
};

/** What stands before the first colon, and after it. */
function partsOf(words: string): [string, string] {
  const at = words.indexOf(": ");
  return at < 0 ? [words, ""] : [words.slice(0, at), words.slice(at + 2)];
}
