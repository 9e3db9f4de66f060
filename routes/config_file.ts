import type { Config, Result } from "../lib/mod.ts";
import { nestsDeeper } from "../lib/scenario/depth.ts";
import { MAX_CONFIG_DEPTH } from "../lib/scenario/model_field.ts";
import { MAX_CONFIG_BYTES } from "../templates/form/page_fields.ts";
import { parsePythonJson } from "../lib/scenario/python_json.ts";

/** What every problem of the file is about. */
const PATH = "model.config";

/**
 * Reads the config.json that somebody chose.
 *
 * @param files What came under the file's name; a form without a choice sends
 *   one of no name.
 * @returns The config, or what is wrong with the file, by its name.
 */
export async function readConfigFile(
  files: readonly File[],
): Promise<Result<Config>> {
  const chosen = files.filter(({ name, size }) => name !== "" || size > 0);
  const [file] = chosen;
  if (!file) return refused("must be a file: none was chosen");
  if (chosen.length > 1) {
    return refused(`must be one file: ${chosen.length} were chosen`);
  }
  const named = JSON.stringify(file.name.slice(0, 100));
  if (file.size === 0) {
    return refused(`must be a JSON object: the file ${named} is empty`);
  }
  if (file.size > MAX_CONFIG_BYTES) {
    return refused(
      `must have at most ${MAX_CONFIG_BYTES} bytes: the file ${named} has ${file.size}`,
    );
  }
  const text = textOf(await file.bytes());
  if (text === null) {
    return refused(
      `must be a JSON object: the file ${named} is binary; of a checkpoint, choose its config.json`,
    );
  }
  let value: unknown;
  try {
    value = parsePythonJson(text);
  } catch (error) {
    return refused(
      `must be a JSON object: the file ${named} is no JSON (${
        String(error instanceof Error ? error.message : error)
          .replaceAll(/\p{Cc}/gu, " ")
      })`,
    );
  }
  if (!isObject(value)) {
    return refused(
      `must be a JSON object: the file ${named} holds ${kindOf(value)}`,
    );
  }
  return nestsDeeper(value, MAX_CONFIG_DEPTH)
    ? refused(
      `must nest at most ${MAX_CONFIG_DEPTH} levels deep: the file ${named} nests more`,
    )
    : { ok: true, value };
}

/** The text of a file; null where its bytes are none. */
function textOf(bytes: Uint8Array<ArrayBuffer>): string | null {
  if (bytes.includes(0)) return null;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  return Array.isArray(value) ? "a list" : `a ${typeof value}`;
}

function refused(reason: string): Result<Config> {
  return {
    ok: false,
    problems: [{ path: PATH, message: `${PATH} ${reason}` }],
  };
}
