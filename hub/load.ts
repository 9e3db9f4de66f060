import type { Result } from "../lib/mod.ts";
import type { HeaderTensor } from "../lib/models/headers/mod.ts";
import type { HubAccess } from "./hub_fetch.ts";
import { hubFetch, HubUnreachable } from "./hub_fetch.ts";

/** What the Hub knows of a model. */
export interface HubModel {
  id: string;
  /** The commit that was read. */
  revision: string;
  config: Record<string, unknown> | null;
  /** The checkpoint's tensors; null when they were not asked for or are none. */
  headers: HeaderTensor[] | null;
}

/** How to load a model. */
export interface LoadOptions extends HubAccess {
  /** Whether to read the headers even where the config tells the tensors. */
  headers?: boolean | undefined;
  /** Told how many of the checkpoint's files have been read. */
  onProgress?: ((done: number) => void) | undefined;
}

/** A checkpoint's header that cannot be read, now or later. */
class BrokenHeader extends Error {}

/** "owner/name" or "owner/name@revision", as the Hub allows them. */
const ID = /^([\w-][\w.-]*\/[\w-][\w.-]*)(?:@([\w.\/-]+))?$/;

/** Reads what a name is, without asking anybody; null when it is no Hub id. */
export function parseHubId(
  name: string,
): { id: string; revision: string } | null {
  const match = name.trim().match(ID);
  if (!match || name.includes("..")) return null;
  const [, id = "", revision = "main"] = match;
  return { id, revision };
}

/**
 * Loads a model's config.json from the Hub, and its checkpoint's headers.
 *
 * @returns The model, or what keeps it away and what to do about it.
 */
export async function loadFromHub(
  name: string,
  options: LoadOptions,
): Promise<Result<HubModel>> {
  const named = parseHubId(name);
  if (!named) {
    return refused(
      `must be owner/name on the Hub: current value is ${JSON.stringify(name)}`,
    );
  }
  const ask = hubFetch(options);
  try {
    return await load(named, options, ask);
  } catch (error) {
    if (error instanceof HubUnreachable) {
      return refused(`cannot be looked up: ${error.message}`);
    }
    if (error instanceof BrokenHeader) {
      return refused(
        `has a checkpoint whose header is broken: ${error.message}`,
      );
    }
    throw error;
  }
}

async function load(
  { id, revision }: { id: string; revision: string },
  options: LoadOptions,
  ask: typeof fetch,
): Promise<Result<HubModel>> {
  const { endpoint } = options;
  const info = await ask(
    `${endpoint}/api/models/${id}/revision/${encodeURIComponent(revision)}`,
  );
  if (!info.ok) {
    await info.body?.cancel();
    return refused(reasonOf(info, id, options));
  }
  const { sha, siblings } = await info.json() as {
    sha?: string;
    siblings?: { rfilename: string }[];
  };
  const files = new Set((siblings ?? []).map(({ rfilename }) => rfilename));
  const commit = sha ?? revision;

  let config: Record<string, unknown> | null = null;
  if (files.has("config.json")) {
    const answer = await ask(`${endpoint}/${id}/resolve/${commit}/config.json`);
    if (!answer.ok) {
      await answer.body?.cancel();
      return refused(reasonOf(answer, id, options));
    }
    const read = await readObject(answer);
    if (!read) return refused(`${id} has a config.json that is no JSON object`);
    config = read;
  }
  const wanted = options.headers || config === null;
  const headers = wanted && hasSafetensors(files)
    ? await readHeaders(id, commit, options, ask)
    : null;
  if (config === null && headers === null) {
    return refused(
      `${id} has neither a config.json nor a safetensors checkpoint`,
    );
  }
  return { ok: true, value: { id, revision: commit, config, headers } };
}

function hasSafetensors(files: ReadonlySet<string>): boolean {
  return files.has("model.safetensors") ||
    files.has("model.safetensors.index.json");
}

async function readHeaders(
  id: string,
  revision: string,
  { endpoint, onProgress }: LoadOptions,
  ask: typeof fetch,
): Promise<HeaderTensor[]> {
  let done = 0;
  const counting: typeof fetch = async (input, init) => {
    const response = await ask(input, init);
    onProgress?.(++done);
    return response;
  };
  // Loaded when it is needed: a server that is asked for nothing starts sooner.
  const { parseSafetensorsMetadata, SafetensorParseError } = await import(
    "@huggingface/hub"
  );
  const settings = { repo: id, revision, hubUrl: endpoint, fetch: counting };
  const parsed = await parseSafetensorsMetadata(settings).catch((error) => {
    throw error instanceof SafetensorParseError
      ? new BrokenHeader(error.message)
      : error;
  });
  const parts = parsed.sharded
    ? Object.values(parsed.headers)
    : [parsed.header];
  return parts.flatMap((header) =>
    Object.entries(header)
      .filter(([name]) => name !== "__metadata__")
      .map(([name, tensor]) => {
        const { dtype, shape } = tensor as { dtype: string; shape: number[] };
        return { name, dtype, shape };
      })
  );
}

async function readObject(
  response: Response,
): Promise<Record<string, unknown> | null> {
  try {
    const value: unknown = JSON.parse(await response.text());
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? value as Record<string, unknown>
      : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** What an unsuccessful answer means, and what to do about it. */
function reasonOf(
  { status, headers }: Response,
  id: string,
  { endpoint, token }: LoadOptions,
): string {
  const code = headers.get("x-error-code");
  if (code === "GatedRepo" || status === 403) {
    return `${id} is gated: accept its terms at ${endpoint}/${id} and set HF_TOKEN to a token of that account`;
  }
  if (status === 401 && token) {
    return "cannot be looked up: the Hub does not accept the token in HF_TOKEN";
  }
  if (status === 429) {
    const wait = headers.get("retry-after");
    return `cannot be looked up now: the Hub asks for patience${
      wait ? `, ${wait} seconds` : ""
    }; a token in HF_TOKEN raises its limit`;
  }
  if (status === 401 || status === 404) {
    return `${id} is not on the Hub, or is private: check its name, or set HF_TOKEN to a token that may read it`;
  }
  return `cannot be looked up: ${endpoint} answered ${status}`;
}

function refused(reason: string): Result<HubModel> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${reason}` }],
  };
}
