import { CLOCK } from "../hub/look_up_places.ts";
import type { Fetch } from "./access_log.ts";
import { answersTo, BATCH, LINES_TYPE, linesOf } from "./batch_lines.ts";
import { Bodies } from "./body.ts";
import { requestOf } from "./request_of.ts";

/** Headers of one answer that those of many do not share. */
const OF_ONE = ["Content-Length", "Content-Encoding", "Content-Type", "Vary"];

/**
 * Answers batches line by line, each as a request of its own. It stands before
 * whatever estimates, so that every line has its own turn, its own limits and its
 * own share of what a client may have, and answers go out as they come.
 */
export function batching<Rest extends unknown[]>(
  fetch: Fetch<Rest>,
): Fetch<Rest> {
  const bodies = new Bodies(CLOCK);
  return async (request, ...rest) => {
    const url = URL.parse(request.url);
    if (request.method !== "POST" || url?.pathname !== BATCH) {
      return await fetch(request, ...rest);
    }
    return await bodies.use(request, async (read) => {
      if (!read.ok) {
        const { status, message } = read;
        return Response.json({ error: { path: "", message } }, { status });
      }
      const { method, headers, signal } = request;
      const whole = { url: request.url, method, headers, body: read.body };
      const lines = linesOf(new TextDecoder().decode(read.body ?? undefined));
      // The application says what is wrong with a batch as such.
      if (!lines.ok) return await fetch(requestOf(whole, signal), ...rest);
      const [first = "", ...more] = lines.value;
      const left = new AbortController();
      const either = AbortSignal.any([signal, left.signal]);
      const ask = async (line: string): Promise<Response> =>
        await fetch(lineOf(request, url, line, either), ...rest);
      const one = await ask(first);
      const told = await one.text();
      let isFirst = true;
      const stream = answersTo([first, ...more], async (line) => {
        if (!isFirst) return await (await ask(line)).text();
        isFirst = false;
        return told;
      }, () => left.abort());
      const own = new Headers(one.headers);
      for (const name of OF_ONE) own.delete(name);
      own.set("Content-Type", LINES_TYPE);
      return new Response(stream, { status: 200, headers: own });
    });
  };
}

/** A line as a question of its own, with the batch's options. */
function lineOf(
  { headers }: Request,
  { origin, search }: URL,
  line: string,
  signal: AbortSignal,
): Request {
  const forwarded = headers.get("X-Forwarded-For");
  return new Request(`${origin}/api/v1/estimate${search}`, {
    method: "POST",
    headers: {
      "Content-Type": "application/json",
      ...(forwarded === null ? {} : { "X-Forwarded-For": forwarded }),
    },
    body: line,
    signal,
  });
}
