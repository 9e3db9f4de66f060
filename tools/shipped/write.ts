/**
 * Writes the configurations that a tool ships, of each what may decide memory:
 * lib/interop/TOOL/shipped.json. A file is left out where its tool's reader refuses
 * it, and held whole where less of it would be read otherwise.
 *
 *     deno run -A tools/shipped/write.ts torchtune "torchtune 0.7.0" CLONE/recipes/configs
 *     deno run -A tools/shipped/write.ts accelerate "TRL 1.10" CLONE/examples/accelerate_configs
 *
 * @module
 */
import { isObject } from "../../lib/scenario/fields.ts";
import { leavesOf, putAt } from "../../lib/scenario/walk.ts";
import type { Format } from "../../lib/interop/reading/format.ts";
import { FileSettings } from "../../lib/interop/reading/format.ts";
import type { Document } from "../../lib/interop/reading/document.ts";
import { readDocument } from "../../lib/interop/reading/document.ts";
import { applyFormat } from "../../lib/interop/reading/apply_format.ts";
import { Draft } from "../../lib/interop/reading/draft.ts";
import { settle } from "../../lib/interop/reading/settle/settle.ts";
import { FORMATS } from "../../lib/interop/tools.ts";

/** What comments say of how a file is started. */
const STARTS = /--nproc[_-]per[_-]node[= ]+\d+|--nnodes[= ]+\d+|single_device/g;

const [id = "", by = "", folder = ""] = Deno.args;
const format = FORMATS.find((each) => each.id === id.replaceAll("_", "-"));
if (!format || folder === "") throw new Error("TOOL BY FOLDER");
const files: Record<string, unknown> = {};
let refused = 0;
for (const path of yamlFiles(folder)) {
  const text = Deno.readTextFileSync(`${folder}/${path}`);
  const read = readDocument(text);
  if (!read.ok || !format.recognises(read.value.values, path)) continue;
  const whole = outcome(format, read.value);
  if (whole === null) {
    refused++;
    continue;
  }
  const values = decidingValues(format, read.value, whole);
  const comments = [...new Set(read.value.comments.match(STARTS))].join(" ");
  const short = { ...read.value, values, comments };
  const same = outcome(format, short) === whole;
  if (!same) console.log(`whole: ${path}`);
  files[path.replace(/\.ya?ml$/, "")] = {
    values: same ? values : read.value.values,
    ...(comments === "" ? {} : { comments }),
  };
}
const rows = Object.entries(files).map(([name, file]) =>
  `${JSON.stringify(name)}:${JSON.stringify(file)}`
);
Deno.writeTextFileSync(
  `lib/interop/${id}/shipped.json`,
  `{"by":${JSON.stringify(by)},"files":{\n${rows.join(",\n")}\n}}\n`,
);
console.log(`${Object.keys(files).length} files, ${refused} refused`);

function* yamlFiles(root: string, inside = ""): Generator<string> {
  const entries = [...Deno.readDirSync(`${root}/${inside}`)]
    .sort((a, b) => a.name < b.name ? -1 : 1);
  for (const { name, isDirectory } of entries) {
    if (isDirectory) yield* yamlFiles(root, `${inside}${name}/`);
    else if (/\.ya?ml$/.test(name)) yield inside + name;
  }
}

/** What is understood of it; null where it is refused. */
function outcome(format: Format, document: Document): string | null {
  const draft = new Draft();
  applyFormat(format, document, draft);
  if (draft.problems.length > 0) return null;
  const settled = settle([draft]);
  if (!settled.ok) return null;
  const { scenario, assumed, missing } = settled.value;
  return JSON.stringify([scenario, assumed, missing]);
}

/** The values of keys that a reader has, and those without which it is another. */
function decidingValues(
  format: Format,
  document: Document,
  whole: string,
): Record<string, unknown> {
  const { rules, unexpressed } = format;
  const { values } = document;
  const all = new FileSettings(values);
  const kept: Record<string, unknown> = {};
  for (const key of [...rules, ...unexpressed].flatMap(({ keys }) => keys)) {
    const value = all.raw(key);
    if (value === undefined || isObject(value)) continue;
    if (Object.hasOwn(values, key)) kept[key] = value;
    else putAt(kept, key, value);
  }
  const says = (tried: Record<string, unknown>) =>
    outcome(format, { ...document, values: tried }) === whole;
  if (says(kept)) return kept;
  // Defaults of a tool read more than its rules: what is left out one by one.
  const rest = leavesOf(values)
    .filter(({ path }) => new FileSettings(kept).raw(path) === undefined);
  const needed = structuredClone(values);
  return rest.reduce((least, { path }) => {
    const without = structuredClone(least);
    putAt(without, path, undefined);
    return says(without) ? without : least;
  }, needed);
}
