import { CALLER } from "../../hub/caller.ts";
import type { LookUps } from "../../hub/look_up.ts";
import type { Job } from "./job.ts";
import type { FromWorker, ToWorker } from "./messages.ts";

/** What a look-up counts for, as processor time, in milliseconds. */
const LOOK_UP_MS = 100;

/**
 * Looks a model up that a request waits for, in its client's name.
 *
 * @returns What its worker is told; null where the request asks no more.
 */
export async function lookUpFor(
  job: Job,
  { ask, name, options }: FromWorker & { kind: "ask" },
  { lookUps, onSpent }: {
    lookUps: LookUps | null;
    onSpent?: (client: string, milliseconds: number) => void;
  },
): Promise<ToWorker | null> {
  const stop = new AbortController();
  job.asks.set(ask, stop);
  const { client } = job.request;
  const lookUp = await CALLER.run(
    {
      client,
      token: job.token,
      signal: stop.signal,
      onLookUp: () => onSpent?.(client, LOOK_UP_MS),
    },
    async () => await lookUps?.ask(name, options) ?? null,
  );
  return job.asks.delete(ask)
    ? { kind: "found", job: job.id, ask, lookUp }
    : null;
}
