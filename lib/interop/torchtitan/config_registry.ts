import type { Document } from "../reading/document.ts";
import type { PythonCall } from "../reading/python/python_value.ts";
import { readPython } from "../reading/python/read_python.ts";

/** Classes of torchtitan's configurations, and their tables in its TOML. */
const TABLES: Readonly<Record<string, string>> = {
  TrainingConfig: "training",
  ParallelismConfig: "parallelism",
  ActivationCheckpointConfig: "activation_checkpoint",
  CompileConfig: "compile",
};

/** Most functions of a file that are looked at. */
const MAX_FUNCTIONS = 64;

/**
 * A `config_registry.py` of torchtitan: of several functions the first whose
 * `hf_assets_path` is no folder of its own tests counts.
 *
 * @returns Null where a text is none.
 */
export function readConfigRegistry(text: string): Document | null {
  if (
    !/\bTrainer\.Config\s*\(/.test(text) ||
    !/\b(?:TrainingConfig|ParallelismConfig)\s*\(/.test(text)
  ) return null;
  const bodies = text.split(/^(?=def \w+)/m).slice(0, MAX_FUNCTIONS)
    .filter((body) => /\bTrainer\.Config\s*\(/.test(body));
  const own = bodies.filter((body) => !/^def \w*debug/.test(body));
  const [body] = own.length > 0 ? own : bodies;
  if (body === undefined) return null;
  const values: Record<string, unknown> = Object.create(null);
  for (const call of readPython(body)) put(values, call);
  const name = /^def (\w+)/.exec(body)?.[1];
  const others = bodies.length - 1;
  return {
    kind: "own",
    values,
    comments: "",
    notes: others === 0 ? [] : [
      `${
        name ?? "the first"
      } is read; ${others} other configurations of the file are left out: paste each alone`,
    ],
  };
}

function put(
  values: Record<string, unknown>,
  { name, on, named }: PythonCall,
): void {
  const table = Object.hasOwn(TABLES, name) ? TABLES[name] : undefined;
  if (table !== undefined) return putAll(values, table, named);
  if (name !== "Config") return;
  const owner = on.slice(on.lastIndexOf(".") + 1);
  if (/Trainer$/.test(owner)) {
    const path = named["hf_assets_path"];
    if (typeof path === "string") values["model.hf_assets_path"] = path;
  } else if (/OptimizersContainer$/.test(owner)) {
    putAll(values, "optimizer", named);
  } else if (/^(?:Full|Selective)AC$/.test(owner)) {
    values["activation_checkpoint.mode"] = owner === "FullAC"
      ? "full"
      : "selective";
  } else if (/^Float8|^MXFP8|^NVFP4/i.test(owner)) {
    values["model.converters"] = owner;
  } else if (/^LoRA/.test(owner)) putAll(values, "lora", named);
  else if (/Chunked/.test(owner)) values["loss.chunked"] = true;
}

function putAll(
  values: Record<string, unknown>,
  table: string,
  named: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries(named)) {
    if (value !== undefined) values[`${table}.${key}`] = value;
  }
}
