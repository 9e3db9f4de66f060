import type { Fetch } from "./access_log.ts";

/** Pages that may show this one in a frame, as a policy names them. */
export type Ancestors = readonly string[];

/** Hugging Face shows a Space inside a frame of its own page. */
export const FRAMED_BY: Ancestors = [
  "'self'",
  "https://huggingface.co",
  "https://*.hf.space",
];

/** An origin, one with any subdomain, or all. */
const ANCESTOR = /^(\*|https?:\/\/(\*\.)?[a-z\d][a-z\d.-]*(:(\d+|\*))?)$/i;

/**
 * Reads who may frame the pages: origins between spaces or commas.
 *
 * @param text Of EMBED_ANCESTORS; undefined where it is not set.
 * @returns Null where Hugging Face alone may.
 * @throws {RangeError} When one is no origin.
 */
export function ancestorsFrom(text: string | undefined): Ancestors | null {
  if (text === undefined) return null;
  const origins = text.split(/[\s,]+/).filter((each) => each !== "");
  const wrong = origins.find((each) => !ANCESTOR.test(each));
  if (wrong !== undefined) {
    throw new RangeError(
      `EMBED_ANCESTORS must be origins such as https://example.org or https://*.example.org, or *: current value is ${wrong}`,
    );
  }
  return ["'self'", ...origins];
}

/** Lets other pages than usual frame what is answered. */
export function embeddable<Rest extends unknown[]>(
  fetch: Fetch<Rest>,
  ancestors: Ancestors,
): Fetch<Rest> {
  return async (request, ...rest) => {
    const response = await fetch(request, ...rest);
    const policy = response.headers.get("Content-Security-Policy");
    if (policy === null) return response;
    const headers = new Headers(response.headers);
    headers.set(
      "Content-Security-Policy",
      policy.replace(
        /frame-ancestors [^;]*/,
        `frame-ancestors ${ancestors.join(" ")}`,
      ),
    );
    return new Response(response.body, { status: response.status, headers });
  };
}
