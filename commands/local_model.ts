import { basename, dirname } from "node:path";
import type { Result } from "../lib/mod.ts";
import { findModel } from "../lib/mod.ts";
import { findConfig, readText, userPath } from "./files.ts";

/** Checkpoints whose headers are not read yet. */
const NOT_YET = /\.(gguf|safetensors)$/i;

/** Names that can only be paths. */
const PATH_LIKE = /^[./~]|\.json$/;

/**
 * Replaces a Scenario's model by the config.json that it names, when it names
 * one: a file, or a folder with one inside. The library reads no files.
 *
 * @param input A Scenario's input, still unchecked; left as it is.
 * @returns The input, or why the path leads to no config.json.
 */
export async function withLocalModel(input: unknown): Promise<Result<unknown>> {
  const as = { ok: true, value: input } as const;
  if (typeof input !== "object" || input === null || !("model" in input)) {
    return as;
  }
  const { model } = input;
  if (typeof model !== "string" || model === "" || findModel(model)) return as;
  if (NOT_YET.test(model)) {
    return refused(
      `must be a name or a config.json: reading ${model} is not possible yet`,
    );
  }
  const path = await findConfig(model);
  if (path === null) {
    return PATH_LIKE.test(model)
      ? refused(
        `must be a config.json or a folder with one: there is none at ${model}`,
      )
      : as;
  }
  try {
    const config: unknown = JSON.parse(await readText(path));
    return isObject(config)
      ? {
        ok: true,
        value: { ...input, model: { config: named(config, path) } },
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

function refused(limit: string): Result<unknown> {
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
