import type { Fetch } from "./access_log.ts";
import { OF_ADDRESS } from "./caching.ts";
import type { KeptAnswer } from "./kept_answers.ts";
import { KeptAnswers } from "./kept_answers.ts";
import { isSame, packed, unpacked, wantsGzip } from "./packing.ts";
import { requestIdOf } from "./request_ids.ts";

/** Headers that belong to one request, or to one way to send its answer. */
const OF_ONE = /^(x-request-id|content-length|content-encoding|date)$/;

/**
 * Answers what hangs on nothing but its address from what it has answered
 * before. It stands before whatever estimates, so that this costs no estimate,
 * no turn in a queue and no share of a client.
 */
export function keeping<Rest extends unknown[]>(
  fetch: Fetch<Rest>,
  kept: KeptAnswers = new KeptAnswers(),
): Fetch<Rest> {
  return async (request, ...rest) => {
    const key = keyOf(request);
    if (key === null) return await fetch(request, ...rest);
    const known = kept.get(key);
    if (known) return again(request, key, known, kept);
    const response = await fetch(request, ...rest);
    const { status, headers } = response;
    const isKept = status === 200 && request.method === "GET" &&
      headers.get("Cache-Control") === OF_ADDRESS;
    if (!isKept) return response;
    const body = new Uint8Array(await response.arrayBuffer());
    const isPacked = headers.get("Content-Encoding") === "gzip";
    kept.set(key, {
      headers: Object.fromEntries(
        [...headers].filter(([name]) => !OF_ONE.test(name)),
      ),
      plain: isPacked ? null : body,
      gzip: isPacked ? body : null,
    });
    return new Response(body, { status, headers });
  };
}

/**
 * What an answer hangs on: the path and query, and whether a page swaps it in.
 *
 * @returns Null where nothing may be kept.
 */
function keyOf({ method, url, headers }: Request): string | null {
  if (method !== "GET" && method !== "HEAD" || !URL.canParse(url)) return null;
  const kind = headers.get("HX-Request") === "true" ? "part" : "page";
  return `${kind} ${url.slice(url.indexOf("/", url.indexOf("//") + 2))}`;
}

/** An answer that is kept, in the form that a request takes. */
function again(
  request: Request,
  key: string,
  answer: KeptAnswer,
  kept: KeptAnswers,
): Response {
  const headers = new Headers(answer.headers);
  headers.set("X-Request-Id", requestIdOf(request));
  const tag = headers.get("ETag");
  const asked = request.headers.get("If-None-Match") ?? undefined;
  if (tag !== null && isSame(asked, tag)) {
    headers.delete("Content-Type");
    return new Response(null, { status: 304, headers });
  }
  let { plain, gzip } = answer;
  const accepted = request.headers.get("Accept-Encoding") ?? undefined;
  const asGzip = wantsGzip(accepted) ? gzip ??= plain && packed(plain) : null;
  const body = asGzip ?? (plain ??= gzip && unpacked(gzip));
  // Only another entry is measured anew.
  if (plain !== answer.plain || gzip !== answer.gzip) {
    kept.set(key, { ...answer, plain, gzip });
  }
  if (asGzip) headers.set("Content-Encoding", "gzip");
  headers.set("Content-Length", `${body?.length ?? 0}`);
  return new Response(request.method === "HEAD" ? null : body, { headers });
}
