import type { Config } from "../lib/models/config.ts";
import type {
  GgufHeader,
  HeaderTensor,
  ReadRange,
} from "../lib/models/headers/mod.ts";
import {
  BrokenHeader,
  filesOfIndex,
  joinGguf,
  modelOfGguf,
  readGguf,
  readSafetensors,
} from "../lib/models/headers/mod.ts";
import { modelOfCheckpoint } from "../lib/models/model_of_checkpoint.ts";
import { modelOfIndex, totalsOfIndex } from "../lib/models/model_of_index.ts";
import {
  HF_QUANT_CONFIG,
  lacksQuantizer,
  withQuantizer,
} from "../lib/models/quantizer_file.ts";
import type { Model, Result } from "../lib/mod.ts";
import { chooseGguf } from "./choose_gguf.ts";
import type { HubId } from "./hub_id.ts";
import { rangesOfUrl } from "./read_range.ts";
import type { Repository } from "./repository.ts";
import { runWithin } from "./time_limit.ts";
import { parsePythonJson } from "../lib/scenario/python_json.ts";

const SINGLE = "model.safetensors";
const INDEX = "model.safetensors.index.json";
/** Longest that a model may take to be made; large ones take some hundredths. */
const MAX_MS = 2000;

/** Told how many of a checkpoint's files have been read, of how many. */
export type OnProgress = (done: number, total?: number) => void;

/** How to read a model. */
export interface ReadOptions {
  /** Whether to read the headers even where the config tells the tensors. */
  headers: boolean;
  /** Type of the GGUF file to take where there are only such files. */
  gguf?: string | undefined;
  onProgress?: OnProgress | undefined;
}

/**
 * Reads a model of the Hub: its config.json, and the headers of its checkpoint
 * where they are asked for or the config does not tell the tensors.
 *
 * @returns The model, or what is wrong with its files.
 * @throws {BrokenHeader} and what `hub_error.ts` has.
 */
export async function readModel(
  { file }: HubId,
  { id, commit, files }: Repository,
  options: ReadOptions & { endpoint: string; ask: typeof fetch },
): Promise<Result<Model>> {
  const { ask, endpoint, headers: wanted, onProgress } = options;
  const urlOf = (path: string): string =>
    `${endpoint}/${id}/resolve/${commit}/${
      path.split("/").map(encodeURIComponent).join("/")
    }`;
  const open = (path: string): ReadRange => rangesOfUrl(urlOf(path), ask);
  const hasTensors = files.has(SINGLE) || files.has(INDEX);
  if (file !== null || (!hasTensors && hasGguf(files))) {
    const chosen = chooseGguf(id, files, file ?? options.gguf ?? null);
    if (!chosen.ok) return refused(chosen.reason);
    const parts = await readEach(
      chosen.files,
      (path) => readGguf(open(path)),
      onProgress,
    );
    return made(() => modelOfGguf(id, joinGguf(parts as GgufHeader[])));
  }
  const stated = files.has("config.json")
    ? await readConfig(urlOf("config.json"), ask)
    : null;
  const config = stated && lacksQuantizer(stated) && files.has(HF_QUANT_CONFIG)
    ? withQuantizer(stated, await readConfig(urlOf(HF_QUANT_CONFIG), ask))
    : stated;
  if (config === null && !hasTensors) {
    return refused(
      `${id} has neither a config.json nor a safetensors or GGUF checkpoint`,
    );
  }
  const alone = config === null
    ? null
    : made(() => modelOfCheckpoint({ id, config, headers: null }));
  const isEnough = alone?.ok && alone.value.parameters_basis === "exact";
  if (alone && (!hasTensors || (isEnough && !wanted))) return alone;
  if (config !== null && isAwaited(files)) {
    const totals = totalsOfIndex(await (await ask(urlOf(INDEX))).text());
    return made(() => modelOfIndex(id, config, totals));
  }
  const names = files.has(INDEX)
    ? filesOfIndex(await (await ask(urlOf(INDEX))).text(), files)
    : [SINGLE];
  const parts = await readEach(
    names,
    (path) => readSafetensors(open(path)),
    onProgress,
  );
  const headers: HeaderTensor[] = parts.flat();
  return made(() =>
    modelOfCheckpoint({ id, config, headers }, wanted ? "headers" : "config")
  );
}

/**
 * Makes a model of what has been read.
 *
 * @throws {BrokenHeader} When that takes too long.
 */
function made(make: () => Result<Model>): Result<Model> {
  let result: Result<Model> | undefined;
  runWithin(MAX_MS, () => result = make());
  if (result) return result;
  throw new BrokenHeader(
    `what its files say takes more than ${MAX_MS / 1000} seconds to understand`,
  );
}

/** Whether there is an index whose files of weights are all still to come. */
function isAwaited(files: ReadonlySet<string>): boolean {
  return files.has(INDEX) &&
    ![...files].some((file) => file.endsWith(".safetensors"));
}

function hasGguf(files: ReadonlySet<string>): boolean {
  return [...files].some((file) => /\.gguf$/i.test(file));
}

/** Reads all files; the fetch bounds how many at once. */
async function readEach<T>(
  files: readonly string[],
  read: (file: string) => Promise<T>,
  onProgress: OnProgress | undefined,
): Promise<T[]> {
  let done = 0;
  onProgress?.(done, files.length);
  return await Promise.all(files.map(async (file) => {
    try {
      const value = await read(file);
      onProgress?.(++done, files.length);
      return value;
    } catch (error) {
      throw error instanceof BrokenHeader
        ? new BrokenHeader(`${file}: ${error.message}`, { cause: error })
        : error;
    }
  }));
}

async function readConfig(url: string, ask: typeof fetch): Promise<Config> {
  const text = await (await ask(url)).text();
  try {
    const value: unknown = parsePythonJson(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      return value as Config;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new BrokenHeader(
    `its ${url.slice(url.lastIndexOf("/") + 1)} is no JSON object`,
  );
}

function refused(reason: string): Result<never> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${reason}` }],
  };
}
