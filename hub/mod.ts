/**
 * The only code that talks to the network: models of the Hugging Face Hub, or of
 * a mirror of it.
 *
 * @module
 */
import type { Model, Result } from "../lib/mod.ts";
import { modelOfCheckpoint } from "../lib/models/model_of_checkpoint.ts";
import { LoadCache } from "./cache.ts";
import type { LoadOptions } from "./load.ts";
import { loadFromHub, parseHubId } from "./load.ts";

export { parseHubId } from "./load.ts";

/** Where the Hub is unless HF_ENDPOINT says otherwise. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

/** Models that are kept; one is some kilobytes. */
const KEPT = 500;

/** A Hub to look models up on. */
export interface Hub {
  /** A model that has been looked up before. */
  known(name: string): Model | undefined;
  /** Looks a model up. */
  model(name: string, options?: LookUpOptions): Promise<Result<Model>>;
}

/** How to look one model up. */
export interface LookUpOptions {
  /** Whether to count from the checkpoint's headers rather than its config. */
  headers?: boolean;
  onProgress?: (done: number) => void;
  signal?: AbortSignal;
}

/** Opens a Hub: nothing is asked before a model is looked up. */
export function openHub(
  access: Pick<LoadOptions, "endpoint" | "token" | "fetch">,
): Hub {
  const models = new LoadCache<Model>(KEPT);
  return {
    known(name) {
      return models.get(keyOf(name, false));
    },
    model(name, { headers = false, onProgress, signal } = {}) {
      return models.load(keyOf(name, headers), async () => {
        const loaded = await loadFromHub(name, {
          ...access,
          headers,
          onProgress,
          signal,
        });
        return loaded.ok
          ? modelOfCheckpoint(loaded.value, headers ? "headers" : "config")
          : loaded;
      });
    },
  };
}

function keyOf(name: string, headers: boolean): string {
  const named = parseHubId(name);
  return `${named?.id ?? name}@${named?.revision ?? ""} ${
    headers ? "headers" : "config"
  }`;
}

/**
 * The Hub that the environment describes: HF_ENDPOINT, HF_TOKEN.
 *
 * @param read Reads a variable, or undefined.
 * @returns Null where HF_HUB_OFFLINE forbids to ask.
 */
export function hubFrom(
  read: (name: string) => string | undefined,
): Hub | null {
  if (/^(1|true|yes|on)$/i.test(read("HF_HUB_OFFLINE") ?? "")) return null;
  const endpoint = (read("HF_ENDPOINT") ?? DEFAULT_ENDPOINT).replace(
    /\/+$/,
    "",
  );
  return openHub({ endpoint, token: read("HF_TOKEN") });
}
