/**
 * What the library counts otherwise than transformers' own classes:
 * `deno run -A tools/truth/perturbed.ts FOUND.jsonl [--all] [--write] [TYPE…]` reads
 * what perturbed.py built and prints, by type and class, what does not agree; --write
 * writes the truth of a test.
 *
 * @module
 */
import { resolveModel } from "../../lib/models/resolve_model.ts";
import { parsePythonJson } from "../../lib/scenario/python_json.ts";
import type { Truth } from "../../tests/lib/tensor_truth.ts";
import { expected, tally } from "../../tests/lib/tensor_truth.ts";

/** What became of a config; all but the first two are to be looked at. */
type Outcome = "exact" | "told" | "unsure" | "off" | "WRONG" | "refused";

interface Found {
  outcome: Outcome;
  words: string;
}

function judged(record: Truth & { config: unknown }): Found {
  let config: unknown;
  try {
    config = parsePythonJson(String(record.config));
  } catch (error) {
    return { outcome: "refused", words: String(error) };
  }
  const built = resolveModel({
    config: config as Record<string, unknown>,
  });
  if (!built.ok) {
    return {
      outcome: "refused",
      words: built.problems.map(({ message }) => message).join("; "),
    };
  }
  const { parameters, parameters_basis: basis, tensors, doubts = [] } =
    built.value;
  const isSure = basis === "exact" && doubts.length === 0;
  if (parameters === record.total) {
    return { outcome: isSure ? "exact" : "unsure", words: doubts.join("; ") };
  }
  const [got, want] = [tally(tensors), expected(record)];
  const names = [...new Set([...Object.keys(got), ...Object.keys(want)])];
  const different = names.filter((name) => got[name] !== want[name])
    .map((name) => `${name} ${got[name] ?? 0} for ${want[name] ?? 0}`);
  const off = (parameters / record.total - 1) * 100;
  return {
    outcome: isSure ? "WRONG" : "off",
    words: `${off.toFixed(2)} % ${different.slice(0, 4).join(", ")}`,
  };
}

/** Which of a class's configs the committed truth has: as short as they are saved. */
const KEPT = /(?: 1| 3)$/;
const TRUTH = "tests/truth/perturbed.json";

const flags = new Set(Deno.args.filter((each) => each.startsWith("--")));
const files = Deno.args.filter((each) => each.endsWith(".jsonl"));
const types = Deno.args.filter((each) =>
  !each.endsWith(".jsonl") && !flags.has(each)
);
const counts = new Map<Outcome, number>();
const seen = new Set<string>();
const good = new Map<string, boolean>();
const kept: string[] = [];
const otherwise: string[] = [];
for (const file of files) {
  for (const line of (await Deno.readTextFile(file)).trim().split("\n")) {
    const record = JSON.parse(line) as Truth & { config: unknown };
    const { name, model_type, class: className, total } = record;
    if (types.length > 0 && !types.includes(model_type)) continue;
    const { outcome, words } = judged(record);
    counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    const isGood = outcome === "exact";
    good.set(model_type, (good.get(model_type) ?? true) && isGood);
    if (KEPT.test(name)) {
      const config = parsePythonJson(String(record.config));
      kept.push(JSON.stringify({ name, total, config }));
      if (!isGood) otherwise.push(name);
    }
    const key = `${model_type} ${className} ${outcome}`;
    if (isGood || seen.has(key) && !flags.has("--all")) continue;
    seen.add(key);
    console.log(`${outcome.padEnd(8)} ${name}: ${words.slice(0, 400)}`);
  }
}
if (flags.has("--write")) {
  await Deno.writeTextFile(
    TRUTH,
    `{"otherwise":${JSON.stringify(otherwise.sort(), null, 1)},\n"models":[\n${
      kept.join(",\n")
    }\n]}\n`,
  );
}
const right = [...good.values()].filter(Boolean).length;
console.log(
  [...counts].map(([outcome, count]) => `${count} ${outcome}`).join(", "),
);
console.log(`${right} of ${good.size} types are exact throughout`);
