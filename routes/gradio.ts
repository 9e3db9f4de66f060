import { Buffer } from "node:buffer";
import type { Context } from "hono";
import { Hono } from "hono";
import type { Hub } from "../hub/mod.ts";
import type { Problem, Result } from "../lib/mod.ts";
import { refusalOf } from "../lib/mod.ts";
import { readJson, refused } from "./api_body.ts";
import { ofAddress } from "./caching.ts";
import { gradioAnswer, gradioData } from "./gradio/answer.ts";
import { gradioConfig, gradioInfo } from "./gradio/describe.ts";
import type { GradioEndpoint } from "./gradio/endpoints.ts";
import { ENDPOINTS } from "./gradio/endpoints.ts";
import { CLOSE, messagesOf, streamOf } from "./gradio/events.ts";
import { PREFIX } from "./gradio/prefix.ts";

/** Longest name of a session; clients make them of ten letters or so. */
const MAX_SESSION = 128;
/** Longest question that an address holds, in characters of JSON. */
const MAX_HELD = 20_000;
/** Levels around a scenario in a body: data and its list. */
const AROUND = 2;

/**
 * The door for Gradio's clients, in Python and JavaScript, and for curl.
 * `queue/join` answers at once, with all that `queue/data` has to tell later:
 * whoever stands before the application keeps it until then (see
 * {@link ./gradio_sessions.ts}). `call` keeps nothing: its event's name is the
 * question.
 */
export function gradioRoute(hub: Hub | null): Hono {
  const gradio = new Hono()
    .get("/config", (c) => {
      ofAddress(c);
      return c.json(gradioConfig());
    })
    .get(`${PREFIX}/info`, (c) => {
      ofAddress(c);
      return c.json(gradioInfo());
    })
    .post(`${PREFIX}/queue/join`, async (c) => {
      const joined = readJoined(await c.req.text());
      if (!joined.ok) return refuse(c, joined.problems);
      const { session, endpoint, data } = joined.value;
      const since = performance.now();
      const answer = await gradioAnswer(endpoint, data, hub);
      const event_id = crypto.randomUUID();
      return c.json({
        event_id,
        session_hash: session,
        messages: messagesOf(
          event_id,
          answer.ok ? answer.value : { error: wordsOf(answer.problems) },
          (performance.now() - since) / 1000,
        ),
      });
    })
    // Nothing waits here.
    .get(`${PREFIX}/queue/data`, (c) => events(c, streamOf([CLOSE])));
  for (const endpoint of ENDPOINTS) {
    gradio
      .post(`${PREFIX}/call/${endpoint.name}`, async (c) => {
        const data = readCalled(endpoint, await c.req.text());
        if (!data.ok) return refuse(c, data.problems);
        const text = JSON.stringify(data.value);
        if (text.length > MAX_HELD) {
          return refuse(c, [{
            path: "data",
            message:
              `data must have at most ${MAX_HELD} characters: current value has ${text.length}; /api/v1/estimate takes more`,
          }]);
        }
        return c.json({ event_id: heldBy(text) });
      })
      .get(`${PREFIX}/call/${endpoint.name}/:event`, async (c) => {
        const data = readHeld(endpoint, c.req.param("event"));
        const answer = data.ok
          ? await gradioAnswer(endpoint, data.value, hub)
          : data;
        return events(
          c,
          answer.ok
            ? `event: complete\ndata: ${JSON.stringify(answer.value.data)}\n\n`
            : `event: error\ndata: ${
              JSON.stringify({ error: wordsOf(answer.problems) })
            }\n\n`,
        );
      });
  }
  return gradio;
}

function readJoined(
  text: string,
): Result<{ session: string; endpoint: GradioEndpoint; data: unknown[] }> {
  const body = readObject(text);
  if (!body.ok) return body;
  const { session_hash: session, fn_index } = body.value;
  if (
    typeof session !== "string" || session === "" ||
    session.length > MAX_SESSION
  ) {
    return refused(
      "session_hash",
      `session_hash must be a text of 1 to ${MAX_SESSION} characters`,
    );
  }
  const endpoint = ENDPOINTS[Number(fn_index ?? 0)];
  if (!endpoint) {
    return refused(
      "fn_index",
      `fn_index must be a whole number up to ${ENDPOINTS.length - 1}`,
    );
  }
  const data = gradioData(endpoint, body.value["data"]);
  return data.ok
    ? { ok: true, value: { session, endpoint, data: data.value } }
    : data;
}

function readCalled(
  endpoint: GradioEndpoint,
  text: string,
): Result<unknown[]> {
  const body = readObject(text);
  return body.ok ? gradioData(endpoint, body.value["data"]) : body;
}

function readObject(text: string): Result<Record<string, unknown>> {
  const read = readJson(text, `an object {"data": […]}`, AROUND);
  if (!read.ok) return read;
  const { value } = read;
  return typeof value === "object" && value !== null && !Array.isArray(value)
    ? { ok: true, value: value as Record<string, unknown> }
    : refused("", `The body must be an object {"data": […]}`);
}

/** A question as the name of an event. */
function heldBy(text: string): string {
  return Buffer.from(text).toString("base64url");
}

function readHeld(
  endpoint: GradioEndpoint,
  event: string,
): Result<unknown[]> {
  const text = Buffer.from(event, "base64url").toString();
  const read = readJson(text, "", AROUND);
  return read.ok
    ? gradioData(endpoint, read.value)
    : refused("event_id", "event_id must be one that a POST has given");
}

function events(c: Context, text: string): Response {
  return c.body(text, 200, {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-store",
  });
}

/** A refusal in the API's shape, with the word that Gradio's clients show. */
function refuse(c: Context, problems: readonly Problem[]): Response {
  return c.json({ ...refusalOf(problems), detail: wordsOf(problems) }, 422);
}

function wordsOf(problems: readonly Problem[]): string {
  return problems.map(({ message }) => message).join("; ");
}
