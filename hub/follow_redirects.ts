import { HubUnreachable } from "./hub_error.ts";

const MAX_REDIRECTS = 5;
/** Hosts that huggingface.co keeps its files on. */
const HUGGING_FACE = /(^|\.)(huggingface\.co|hf\.co)$/;
/** What asks the Hub for a protocol of its own instead of a redirect. */
const XET = /^application\/vnd\.xet-fileinfo\+json\s*,?\s*/;

/**
 * Asks an endpoint and goes where it redirects: to itself, or to the servers
 * that keep its files. The token stays with the endpoint.
 *
 * @throws {HubUnreachable} When it redirects to another's servers, or endlessly.
 */
export async function followRedirects(
  url: URL,
  init: RequestInit,
  { endpoint, token, fetch: ask = globalThis.fetch, signal }: {
    endpoint: string;
    token?: string | undefined;
    fetch?: typeof globalThis.fetch | undefined;
    signal: AbortSignal;
  },
): Promise<Response> {
  const home = new URL(endpoint);
  let target = url;
  let isHome = true;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    // Who was sent away does not come back with the token.
    isHome &&= target.origin === home.origin;
    const response = await ask(target, {
      ...init,
      headers: headersOf(init, isHome ? token : undefined),
      redirect: "manual",
      signal,
    });
    const location = response.headers.get("location");
    if (response.status < 300 || response.status >= 400 || !location) {
      return response;
    }
    await response.body?.cancel();
    const next = URL.parse(location, target);
    if (!next || !mayGo(home, next)) {
      throw new HubUnreachable(
        `${home.origin} redirects to ${
          next?.host ?? "nowhere"
        }, which is not one of its hosts`,
      );
    }
    target = next;
  }
  throw new HubUnreachable(`${home.origin} redirects without end`);
}

function headersOf({ headers }: RequestInit, token?: string): Headers {
  const sent = new Headers(headers);
  sent.delete("authorization");
  if (token) sent.set("authorization", `Bearer ${token}`);
  const accept = sent.get("accept");
  if (accept) sent.set("accept", accept.replace(XET, "") || "*/*");
  return sent;
}

/** A mirror says itself where its files are; nobody leaves TLS. */
function mayGo(home: URL, target: URL): boolean {
  if (target.origin === home.origin) return true;
  const isSafe = target.protocol === "https:" ||
    (target.protocol === "http:" && home.protocol === "http:");
  return isSafe &&
    (!HUGGING_FACE.test(home.hostname) || HUGGING_FACE.test(target.hostname));
}
