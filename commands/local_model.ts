import { basename, dirname } from "node:path";
import { parseHubId } from "../hub/mod.ts";
import type { Model, Result } from "../lib/mod.ts";
import { findModel } from "../lib/mod.ts";
import { findConfig, readText, userPath } from "./files.ts";
import type { LocalOptions } from "./local_checkpoint.ts";
import { localCheckpoint } from "./local_checkpoint.ts";
import { parsePythonJson } from "../lib/scenario/python_json.ts";

/** Names that can only be paths. */
const PATH_LIKE = /^[./~]|\.(json|gguf|safetensors)$/i;

/** A Scenario's input, and its model where that was read off a disk. */
export interface LocalInput {
  input: unknown;
  model?: Model;
}

/**
 * Reads the model that a Scenario names by its path: a config.json, a checkpoint
 * in safetensors or GGUF format, or a folder with either. The library reads no
 * files.
 *
 * @param input A Scenario's input, still unchecked; left as it is.
 * @returns The input, or why the path leads to no model.
 */
export async function withLocalModel(
  input: unknown,
  options: LocalOptions = {},
): Promise<Result<LocalInput>> {
  const as = { ok: true, value: { input } } as const;
  if (typeof input !== "object" || input === null || !("model" in input)) {
    return as;
  }
  const { model: path } = input;
  if (typeof path !== "string" || path === "" || findModel(path)) return as;
  try {
    const checkpoint = await localCheckpoint(path, options);
    if (checkpoint?.ok) {
      return { ok: true, value: { input, model: checkpoint.value } };
    }
    if (checkpoint) return checkpoint;
  } catch (error) {
    return refused(
      `cannot be read from ${path}: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
  return await withConfig({ ...input, model: path }) ?? (
    PATH_LIKE.test(path) && !parseHubId(path)?.file
      ? refused(
        `must be a config.json, a .safetensors or .gguf file, or a folder with one: there is none at ${path}`,
      )
      : as
  );
}

/** The input with the config.json that it names; null when it names none. */
async function withConfig(
  input: { model: string },
): Promise<Result<LocalInput> | null> {
  const path = await findConfig(input.model);
  if (path === null) return null;
  try {
    const config = parsePythonJson(await readText(path));
    return isObject(config)
      ? {
        ok: true,
        value: { input: { ...input, model: { config: named(config, path) } } },
      }
      : refused(`must be a config.json: ${path} holds no JSON object`);
  } catch (error) {
    return refused(
      `must be a config.json: ${
        error instanceof Error ? error.message : error
      }`,
    );
  }
}

function refused(limit: string): Result<never> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${limit}` }],
  };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Names a config after its folder, where it does not name itself. */
function named(
  config: Record<string, unknown>,
  path: string,
): Record<string, unknown> {
  if (
    typeof config["_name_or_path"] === "string" &&
    config["_name_or_path"] !== ""
  ) {
    return config;
  }
  const file = basename(path);
  const name = file === "config.json"
    ? basename(dirname(userPath(path)))
    : file;
  return { ...config, _name_or_path: name };
}
