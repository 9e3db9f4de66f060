import { CALLBACK } from "./sign_in/settings.ts";
import { requestIdOf } from "./request_ids.ts";

/** What answers a request, as `Deno.serve` takes it. */
export type Fetch<Rest extends unknown[]> = (
  request: Request,
  ...rest: Rest
) => Response | Promise<Response>;

/** One line of the access log. */
interface AccessLine {
  /** When the request came. */
  time: string;
  /** The answer's X-Request-Id. */
  id: string;
  method: string;
  path: string;
  /** Only where it is asked for: an address holds what somebody typed. */
  query?: string;
  status: number;
  ms: number;
  /** Of the answer's body, as it is sent; null where it has no length. */
  bytes: number | null;
}

/** How the access log is written. */
export interface AccessLog {
  /** Takes a line, without its end. */
  write(line: string): void;
  /** Whether the addresses' queries are written. */
  queries: boolean;
}

/** Longest piece of a request that a line repeats. */
const MAX_TEXT = 1000;

/** Hugging Face tokens, which somebody may paste where they do not belong. */
const TOKEN = /hf_[\w.-]{6,}/g;

/**
 * Logs what a server answers, a line of JSON each; no header of a request is
 * among it but its id. It stands around everything, so that what is refused
 * before the application is logged too.
 */
export function logged<Rest extends unknown[]>(
  fetch: Fetch<Rest>,
  { write, queries }: AccessLog,
): Fetch<Rest> {
  return async (request, ...rest) => {
    const time = new Date();
    const from = performance.now();
    const given = await fetch(request, ...rest);
    const response = given.headers.has("X-Request-Id")
      ? given
      : withId(given, requestIdOf(request));
    const { path, query } = partsOf(request.url);
    const line: AccessLine = {
      time: time.toISOString(),
      id: response.headers.get("X-Request-Id") ?? "",
      method: plain(request.method),
      path,
      ...(queries ? { query } : {}),
      status: response.status,
      ms: Math.round(10 * (performance.now() - from)) / 10,
      bytes: lengthOf(request, response),
    };
    write(JSON.stringify(line));
    return response;
  };
}

/**
 * The access log that the environment asks for: to the standard output, with
 * queries where LOG_QUERY is "1", none where LOG_REQUESTS is "0".
 *
 * @param read Reads a variable, or undefined.
 */
export function accessLogFrom(
  read: (name: string) => string | undefined,
): AccessLog | null {
  if (isOff(read("LOG_REQUESTS") ?? "1")) return null;
  return {
    write: (line) => console.log(line),
    queries: !isOff(read("LOG_QUERY") ?? "0"),
  };
}

function isOff(text: string): boolean {
  return /^\s*(0|false|no|off|)\s*$/i.test(text);
}

function withId(response: Response, id: string): Response {
  const named = new Response(response.body, response);
  named.headers.set("X-Request-Id", id);
  return named;
}

/** The parts of an address; one that is none stands as it came. */
function partsOf(url: string): { path: string; query: string } {
  const parsed = URL.parse(url);
  const path = parsed?.pathname ?? url;
  return {
    path: plain(path),
    // What a visitor comes back with is worth a token.
    query: path === CALLBACK ? "" : plain(parsed?.search.slice(1) ?? ""),
  };
}

/** A text as printable ASCII, without tokens and no longer than a line needs. */
function plain(text: string): string {
  return text.replaceAll(TOKEN, "hf_***").slice(0, MAX_TEXT).toWellFormed()
    .replaceAll(/[^\x21-\x7e]/gu, (each) => encodeURIComponent(each));
}

function lengthOf(request: Request, response: Response): number | null {
  if (!response.body || request.method === "HEAD") return 0;
  const length = response.headers.get("Content-Length");
  return length === null ? null : Number(length);
}
