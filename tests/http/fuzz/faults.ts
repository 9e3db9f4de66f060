import { MARK } from "./texts.ts";
import { dangersOf } from "../markup.ts";

/** A file and a line, as a stack trace has them. */
const STACK = /\bat .*\.(ts|tsx|js):\d+:\d+/;

/** What is wrong with an answer, whatever was asked. */
export async function faultsOf(
  response: Response,
  path: string,
): Promise<string[]> {
  const { status, headers } = response;
  const text = await textOf(response);
  const type = headers.get("content-type") ?? "";
  const location = headers.get("location");
  const faults: string[] = [];
  const need = (condition: boolean, what: string): void => {
    if (!condition) faults.push(what);
  };
  need(status < 500, `the status is ${status}`);
  need(headers.has("content-security-policy"), "there is no policy");
  need(headers.has("x-request-id"), "there is no request id");
  need(headers.has("cache-control") || status === 204, "caching is not said");
  need(!headers.has("set-cookie"), "a cookie is set");
  need(!STACK.test(text), "a stack is told");
  need(
    location === null || /^\/(?![/\\])/.test(location),
    `it leads to ${location}`,
  );
  if (type.startsWith("text/html")) {
    need(!text.includes(MARK), "markup is not escaped");
    need(dangersOf(text).length === 0, "there is code in the HTML");
  }
  if (status >= 400 && path.startsWith("/api/")) {
    need(isRefusal(text), `it is no refusal: ${text.slice(0, 200)}`);
  }
  return faults;
}

/** The answer's text, unpacked where it was packed as it was sent. */
function textOf({ body, headers }: Response): Promise<string> {
  const packed = headers.get("content-encoding");
  const plain = body && (packed === "gzip" || packed === "deflate")
    ? body.pipeThrough(new DecompressionStream(packed))
    : body;
  return new Response(plain).text();
}

function isRefusal(text: string): boolean {
  try {
    const { error } = JSON.parse(text);
    return typeof error.path === "string" && typeof error.message === "string";
  } catch {
    return false;
  }
}
