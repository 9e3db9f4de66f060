import { followRedirects } from "./follow_redirects.ts";
import {
  HubRefusal,
  HubStopped,
  HubUnreachable,
  isHubError,
} from "./hub_error.ts";
import { inMebibytes, MAX_TOTAL_BYTES, maxBytesOf } from "./limits.ts";
import { readBody } from "./read_body.ts";
import { pause, Turns } from "./turns.ts";
import type { TurnTaker } from "./turns_of_one.ts";

/** Longest that one request may take, its answer included. */
const TIMEOUT_MS = 15_000;
/** How often a request is tried anew after 429 or a server's failure. */
const RETRIES = 2;
/** Longest that a server may ask to wait before it is asked again. */
const MAX_WAIT_SECONDS = 10;
/** Requests under way at once. */
export const MAX_PARALLEL = 20;

/** What the requests to one Hub have in common. */
export interface HubAccess {
  /** Where the Hub is, such as https://huggingface.co */
  endpoint: string;
  /** Sent to the endpoint alone, never to where it redirects. */
  token?: string | undefined;
  fetch?: typeof globalThis.fetch | undefined;
  signal?: AbortSignal | undefined;
  /** Longest that one request may take, in milliseconds. */
  timeoutMs?: number | undefined;
  /** Shared by look-ups that have to wait for one another. */
  turns?: TurnTaker | undefined;
  /** Told whenever an answer has arrived whole. */
  onAnswer?: (() => void) | undefined;
}

/**
 * A fetch that goes to one Hub only: to its endpoint, and from there to where
 * that redirects. It keeps the token from anybody else, limits time, size and
 * requests at once, tries again when the Hub asks for patience, and throws what
 * `hub_error.ts` has for every other answer than success and "no such file".
 */
export function hubFetch(access: HubAccess): typeof globalThis.fetch {
  const { signal, timeoutMs = TIMEOUT_MS } = access;
  const { origin } = new URL(access.endpoint);
  const turns = access.turns ?? new Turns(MAX_PARALLEL);
  let total = 0;

  async function once(url: URL, init: RequestInit): Promise<Response> {
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(), timeoutMs);
    try {
      const response = await followRedirects(url, init, {
        ...access,
        signal: signal ? AbortSignal.any([signal, clock.signal]) : clock.signal,
      });
      if (!mayRead(response)) {
        await response.body?.cancel();
        return response;
      }
      await checkPart(response, init, origin);
      const bytes = await readBody(response, maxBytesOf(url.pathname));
      total += bytes.length;
      if (total > MAX_TOTAL_BYTES) {
        throw new HubUnreachable(
          `the answers about one model must have at most ${
            inMebibytes(MAX_TOTAL_BYTES)
          }: they have more`,
        );
      }
      return answerWith(bytes, response, url);
    } catch (error) {
      throw reasonOf(error, {
        origin,
        timeoutMs,
        late: clock.signal.aborted,
        signal,
      });
    } finally {
      clearTimeout(timer);
    }
  }

  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.origin !== origin) {
      throw new HubUnreachable(`${url.host} is not the configured Hub`);
    }
    await turns.take(signal);
    try {
      for (let attempt = 0;; attempt++) {
        const response = await once(url, init);
        access.onAnswer?.();
        if (response.ok || isAbsent(response, init)) return response;
        const refusal = new HubRefusal(response.status, {
          code: response.headers.get("x-error-code") ?? "",
          wait: waitOf(response.headers),
        });
        const again = response.status === 429 || response.status >= 500;
        const wait = refusal.wait ?? 0.2 * 2 ** attempt;
        if (!again || attempt === RETRIES || wait > MAX_WAIT_SECONDS) {
          throw refusal;
        }
        await pause(1000 * wait, signal);
      }
    } finally {
      turns.give();
    }
  };
}

function mayRead({ ok, body }: Response): boolean {
  return ok && body !== null;
}

/** No such file in a repository that is there: the caller's business. */
function isAbsent({ status, headers }: Response, init: RequestInit): boolean {
  return status === 404 &&
    (init.method === "HEAD" || headers.get("x-error-code") === "EntryNotFound");
}

/** A part was asked for: the whole of a checkpoint would be far too much. */
async function checkPart(
  response: Response,
  { headers }: RequestInit,
  origin: string,
): Promise<void> {
  if (response.status === 206 || !new Headers(headers).has("range")) return;
  await response.body?.cancel();
  throw new HubUnreachable(
    `${origin} answers with whole files where parts are asked for, which reading headers needs`,
  );
}

/** As if the endpoint had answered by itself: it is asked again next time. */
function answerWith(
  bytes: Uint8Array<ArrayBuffer>,
  { status, statusText, headers }: Response,
  { href }: URL,
): Response {
  const kept = new Headers(headers);
  kept.delete("content-encoding");
  kept.delete("content-length");
  const answer = new Response(bytes, { status, statusText, headers: kept });
  Object.defineProperty(answer, "url", { value: href });
  return answer;
}

/** Seconds that a server asks to wait: a number, a date, or its rate limit. */
function waitOf(headers: Headers): number | null {
  const after = headers.get("retry-after") ??
    headers.get("ratelimit")?.match(/;\s*t=(\d+)/)?.[1];
  if (!after) return null;
  const seconds = Number(after);
  if (Number.isFinite(seconds)) return Math.max(0, seconds);
  const date = Date.parse(after);
  return Number.isNaN(date) ? null : Math.max(0, (date - Date.now()) / 1000);
}

function reasonOf(
  error: unknown,
  { origin, timeoutMs, late, signal }: {
    origin: string;
    timeoutMs: number;
    late: boolean;
    signal: AbortSignal | undefined;
  },
): unknown {
  if (signal?.aborted) return new HubStopped();
  if (isHubError(error)) return error;
  if (late) {
    return new HubUnreachable(
      `${origin} did not answer within ${
        timeoutMs / 1000
      } seconds: try again, or give the model's config.json or dimensions`,
      { cause: error },
    );
  }
  if (error instanceof Error && error.name === "NotCapable") {
    return new HubUnreachable(
      `this program may not connect there: start it with --allow-net=${
        error.message.match(/"([^"]+)"/)?.[1] ?? new URL(origin).host
      }`,
      { cause: error },
    );
  }
  return new HubUnreachable(
    `${origin} cannot be reached: check the connection and HF_ENDPOINT, or give the model's config.json or dimensions`,
    { cause: error },
  );
}
