import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  DEFAULT_SCENARIO,
  estimate,
  leavesOf,
  putAt,
  tryEstimate,
} from "../../lib/mod.ts";
import { anotherValue } from "./another_value.ts";

const MODEL = "meta-llama/Llama-3.1-8B";

/** Fields that change neither memory nor fit by nature, so that none is named. */
const CHANGES_NOTHING: Record<string, string[]> = {
  "multipliers, train": ["train.gradient_accumulation"],
  "multipliers, serve": [],
  "rule-of-thumb, train": ["train.gradient_accumulation", "engine.name"],
  "rule-of-thumb, serve": ["parallel.gpus"],
};

for (const method of ["multipliers", "rule-of-thumb"] as const) {
  for (const task of ["train", "serve"] as const) {
    Deno.test(`${method} leaves no field ignored in silence (${task})`, () => {
      const base = { model: MODEL, task, method };
      const usual = estimate(base);
      assertEquals(usual.method, method);
      const told = new Set([...usual.warnings, ...usual.assumptions]);
      const silent: string[] = [];
      let tried = 0;
      for (const { path, value } of leavesOf(DEFAULT_SCENARIO)) {
        if (["model", "task", "method"].includes(path)) continue;
        const input: Record<string, unknown> = { ...base };
        const other = anotherValue(path, value);
        putAt(input, path, other);
        if (/^parallel\.(tp|pp|cp)$/.test(path)) {
          putAt(input, "parallel.gpus", 2);
        }
        const result = tryEstimate(input);
        if (!result.ok) {
          assertMatch(path, /^parallel\.ep$/);
          continue;
        }
        tried++;
        const { value: found } = result;
        const figures = ({ memory, kv, fit }: typeof usual) =>
          JSON.stringify([memory, kv, fit]);
        const said = [...found.warnings, ...found.assumptions].some((line) =>
          !told.has(line) && !line.startsWith("Defaults: ")
        );
        if (figures(found) === figures(usual) && !said) silent.push(path);
      }
      assert(tried > 80);
      assertEquals(silent, CHANGES_NOTHING[`${method}, ${task}`]);
    });
  }
}
