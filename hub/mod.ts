/**
 * The only code that talks to the network: models of the Hugging Face Hub, or of
 * a mirror of it.
 *
 * @module
 */
import type { Model, Result } from "../lib/mod.ts";
import { LoadCache } from "./cache.ts";
import type { HubAccess } from "./hub_fetch.ts";
import { hubFetch, MAX_PARALLEL } from "./hub_fetch.ts";
import { isGate, markGated } from "./gated.ts";
import { HubStopped } from "./hub_error.ts";
import type { HubId } from "./hub_id.ts";
import { isCommit, parseHubId } from "./hub_id.ts";
import type { OnProgress } from "./load.ts";
import { readModel } from "./load.ts";
import { refusalReason } from "./refusal_reason.ts";
import { listRepository } from "./repository.ts";
import { Turns } from "./turns.ts";
import { TurnsOfOne } from "./turns_of_one.ts";

export { parseHubId } from "./hub_id.ts";
export type { OnProgress } from "./load.ts";

/** Where the Hub is unless HF_ENDPOINT says otherwise. */
export const DEFAULT_ENDPOINT = "https://huggingface.co";

/** Bytes of the models that are kept; most have some kilobytes. */
const KEPT_BYTES = 32 * 1024 ** 2;

/** A Hub to look models up on. */
export interface Hub {
  /** A model that has been looked up before. */
  known(name: string, options?: Pick<LookUpOptions, "gguf">): Model | undefined;
  /** Looks a model up. */
  model(name: string, options?: LookUpOptions): Promise<Result<Model>>;
}

/** How to look one model up. */
export interface LookUpOptions {
  /** Whether to count from the checkpoint's headers rather than its config. */
  headers?: boolean;
  /** Type of the GGUF file to take, such as Q4_K_M, where there are several. */
  gguf?: string | undefined;
  /** Told how many of the checkpoint's files have been read, of how many. */
  onProgress?: OnProgress;
  /** Told whenever the Hub has answered one of the requests. */
  onAnswer?: () => void;
  signal?: AbortSignal;
}

/** Whom a Hub is opened for. */
export interface HubUse {
  /** Bytes of the models that are kept, about. */
  keptBytes: number;
  /** Whether its token is one visitor's, who has signed in. */
  isVisitors: boolean;
}

/** Opens a Hub: nothing is asked before a model is looked up. */
export function openHub(
  access:
    & Pick<HubAccess, "endpoint" | "token" | "fetch" | "timeoutMs">
    & Partial<HubUse>,
): Hub {
  const { keptBytes = KEPT_BYTES, isVisitors = false } = access;
  const byName = new LoadCache<Model>(keptBytes);
  // A branch and its commit share what was read.
  const byCommit = new LoadCache<Model>(keptBytes);
  const turns = new Turns(MAX_PARALLEL);
  const stopped = new WeakSet<Result<Model>>();

  async function look(
    name: string,
    options: LookUpOptions,
  ): Promise<Result<Model>> {
    const { headers = false, gguf, onProgress, signal } = options;
    const named = parseHubId(name);
    if (!named) {
      return refused(
        `must be owner/name on the Hub: current value is ${
          JSON.stringify(name)
        }`,
      );
    }
    const { endpoint, token } = access;
    const ask = hubFetch({
      ...access,
      signal,
      turns: new TurnsOfOne(turns),
      onAnswer: options.onAnswer,
    });
    try {
      const repository = await listRepository(named, endpoint, ask);
      const { id, commit } = repository;
      const key = keyOf({ ...named, id, revision: commit }, { headers, gguf });
      return await byCommit.load(
        key,
        () =>
          readModel(named, repository, {
            headers,
            gguf,
            onProgress,
            endpoint,
            ask,
          }),
      );
    } catch (error) {
      const { id, revision } = named;
      const reason = refusalReason(error, {
        id,
        revision,
        endpoint,
        token,
        isVisitors,
      });
      if (reason === null) throw error;
      const result = refused(reason);
      if (error instanceof HubStopped) stopped.add(result);
      if (isGate(error)) markGated(result);
      return result;
    }
  }

  function kept(name: string, options: LookUpOptions): Model | undefined {
    const named = parseHubId(name);
    if (!named) return undefined;
    const key = keyOf(named, options);
    return byName.get(key) ??
      (isCommit(named.revision) ? byCommit.get(key) : undefined);
  }

  return {
    known: (name, options = {}) => kept(name, options),
    async model(name, options = {}) {
      const value = kept(name, options);
      if (value) return { ok: true, value };
      const named = parseHubId(name);
      if (!named) return await look(name, options);
      for (;;) {
        const result = await byName.load(
          keyOf(named, options),
          () => look(name, options),
        );
        // Somebody else stopped what both had waited for.
        if (!stopped.has(result) || options.signal?.aborted) return result;
      }
    },
  };
}

function keyOf(
  { id, revision, file }: HubId,
  { headers = false, gguf }: LookUpOptions,
): string {
  return JSON.stringify([id, revision, file ?? gguf ?? null, headers]);
}

function refused(reason: string): Result<never> {
  return {
    ok: false,
    problems: [{ path: "model", message: `model ${reason}` }],
  };
}

/** Whether a variable of the environment switches something on. */
export function isOn(value: string | undefined): boolean {
  return /^(1|true|yes|on)$/i.test(value ?? "");
}

/**
 * The Hub that the environment describes: HF_ENDPOINT, HF_TOKEN.
 *
 * @param read Reads a variable, or undefined.
 * @param forVisitors Whether others than the token's owner ask: their look-ups
 *   go without it, unless HF_TOKEN_FOR_VISITORS lets them see its models too.
 * @returns Null where HF_HUB_OFFLINE forbids to ask.
 */
export function hubFrom(
  read: (name: string) => string | undefined,
  { forVisitors = false }: { forVisitors?: boolean } = {},
): Hub | null {
  if (isOn(read("HF_HUB_OFFLINE"))) return null;
  const endpoint = endpointFrom(read);
  const lends = !forVisitors || isOn(read("HF_TOKEN_FOR_VISITORS"));
  return openHub({ endpoint, token: lends ? read("HF_TOKEN") : undefined });
}

/** Where the Hub is that the environment describes. */
export function endpointFrom(
  read: (name: string) => string | undefined,
): string {
  return (read("HF_ENDPOINT") ?? DEFAULT_ENDPOINT).replace(/\/+$/, "");
}
