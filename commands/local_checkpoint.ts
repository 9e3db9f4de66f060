import type { Stats } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { chooseGguf } from "../hub/choose_gguf.ts";
import type { Config } from "../lib/models/config.ts";
import {
  HF_QUANT_CONFIG,
  lacksQuantizer,
  withQuantizer,
} from "../lib/models/quantizer_file.ts";
import type { ReadRange } from "../lib/models/headers/mod.ts";
import {
  BrokenHeader,
  filesOfIndex,
  joinGguf,
  modelOfGguf,
  readGguf,
  readSafetensors,
  splitGguf,
} from "../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../lib/models/model_of_checkpoint.ts";
import { modelOfIndex, totalsOfIndex } from "../lib/models/model_of_index.ts";
import type { Model, Result } from "../lib/mod.ts";
import { readText, userPath } from "./files.ts";
import { codeOf, isMissing } from "./system_error.ts";
import { parsePythonJson } from "../lib/scenario/python_json.ts";

const INDEX = "model.safetensors.index.json";
/** Largest index of a checkpoint's files. */
const MAX_INDEX_BYTES = 64 * 1024 * 1024;
/** What lies beside a model in the same format. */
const BESIDE = /^(adapter_|consolidated|optimizer|training_)/;

/** How to read a checkpoint on a disk. */
export interface LocalOptions {
  /** Whether the headers count rather than the config, where both are there. */
  headers?: boolean | undefined;
  onProgress?: ((done: number, total?: number) => void) | undefined;
}

/**
 * Reads the model of a file in safetensors or GGUF format, or of a folder that
 * holds a checkpoint: its headers and its config.json, none of its weights.
 *
 * @returns Null when the path leads to neither.
 * @throws {BrokenHeader} When a file is no checkpoint.
 */
export async function localCheckpoint(
  path: string,
  options: LocalOptions,
): Promise<Result<Model> | null> {
  const found = await statOf(path);
  if (found?.isFile() && /\.gguf$/i.test(path)) {
    return await ggufModel(dirname(path), splitGguf(basename(path)), options);
  }
  if (found?.isFile() && /\.safetensors$/i.test(path)) {
    const files = [basename(path)];
    return await safetensorsModel(dirname(path), files, basename(path), {
      ...options,
      headers: true,
    });
  }
  return found?.isDirectory() ? await folderModel(path, options) : null;
}

async function folderModel(
  path: string,
  options: LocalOptions,
): Promise<Result<Model> | null> {
  const names = new Set(await readdir(userPath(path)));
  const name = basename(userPath(path));
  const hasFiles = [...names].some((file) => file.endsWith(".safetensors"));
  if (names.has(INDEX) && names.has("config.json") && !hasFiles) {
    return modelOfIndex(
      name,
      await readConfig(join(path, "config.json")),
      totalsOfIndex(await readText(join(path, INDEX), MAX_INDEX_BYTES)),
    );
  }
  const parts = await safetensorsIn(path, names);
  if (parts.length > 0) {
    return await safetensorsModel(path, parts, name, options);
  }
  const isGguf = [...names].some((file) => /\.gguf$/i.test(file));
  if (names.has("config.json") || !isGguf) return null;
  const chosen = chooseGguf(path, names, null, join(path, "FILE"));
  return chosen.ok
    ? await ggufModel(path, chosen.files, options)
    : refused(chosen.reason);
}

async function safetensorsIn(
  path: string,
  names: ReadonlySet<string>,
): Promise<string[]> {
  if (names.has(INDEX)) {
    return filesOfIndex(
      await readText(join(path, INDEX), MAX_INDEX_BYTES),
      names,
    );
  }
  if (names.has("model.safetensors")) return ["model.safetensors"];
  return [...names].filter((file) =>
    file.endsWith(".safetensors") && !BESIDE.test(file)
  ).sort();
}

async function safetensorsModel(
  folder: string,
  files: readonly string[],
  id: string,
  options: LocalOptions,
): Promise<Result<Model>> {
  const stated = (await statOf(join(folder, "config.json")))?.isFile()
    ? await readConfig(join(folder, "config.json"))
    : null;
  const beside = join(folder, HF_QUANT_CONFIG);
  const config = stated && lacksQuantizer(stated) &&
      (await statOf(beside))?.isFile()
    ? withQuantizer(stated, await readConfig(beside))
    : stated;
  const parts = await readEach(folder, files, readSafetensors, options);
  return modelOfCheckpoint(
    { id, config, headers: parts.flat() },
    options.headers ? "headers" : "config",
  );
}

async function ggufModel(
  folder: string,
  files: readonly string[],
  options: LocalOptions,
): Promise<Result<Model>> {
  const parts = await readEach(folder, files, readGguf, options);
  return modelOfGguf(
    (files[0] ?? "").replace(/(-00001-of-\d{5})?\.gguf$/i, ""),
    joinGguf(parts),
  );
}

/** One after the other: a disk gains nothing from more at once. */
async function readEach<T>(
  folder: string,
  files: readonly string[],
  read: (range: ReadRange) => Promise<T>,
  { onProgress }: LocalOptions,
): Promise<T[]> {
  const values: T[] = [];
  for (const file of files) {
    onProgress?.(values.length, files.length);
    try {
      values.push(await read(rangesOfFile(join(folder, file))));
    } catch (error) {
      const reason = isMissing(error)
        ? "there is no such file"
        : error instanceof BrokenHeader
        ? error.message
        : null;
      if (reason === null) throw error;
      throw new BrokenHeader(`${file}: ${reason}`, { cause: error });
    }
  }
  onProgress?.(values.length, files.length);
  return values;
}

function rangesOfFile(path: string): ReadRange {
  return async (from, to) => {
    const file = await open(userPath(path));
    try {
      const { size } = await file.stat();
      const bytes = new Uint8Array(Math.max(0, Math.min(to, size) - from));
      for (let at = 0; at < bytes.length;) {
        const { bytesRead } = await file.read(bytes, at, null, from + at);
        if (bytesRead === 0) return { bytes: bytes.slice(0, at), size };
        at += bytesRead;
      }
      return { bytes, size };
    } finally {
      await file.close();
    }
  };
}

async function readConfig(path: string): Promise<Config> {
  const value = parsePythonJson(await readText(path));
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Config;
  }
  throw new BrokenHeader(`${path} holds no JSON object`);
}

async function statOf(path: string): Promise<Stats | null> {
  try {
    return await stat(userPath(path));
  } catch (error) {
    // What is no path at all may be a name.
    if (codeOf(error) === "EACCES") throw error;
    return null;
  }
}

function refused(reason: string): Result<never> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${reason}` }],
  };
}
