import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import { gradioSessions } from "../../routes/gradio_sessions.ts";

const ROOT = "http://localhost/gradio_api/queue";

/** A body that names a session. */
function join(session: string, model = "gpt2"): Request {
  return new Request(`${ROOT}/join`, {
    method: "POST",
    body: JSON.stringify({ data: [model], session_hash: session }),
    headers: { "Accept-Encoding": "gzip" },
  });
}

function listen(session: string): Request {
  return new Request(`${ROOT}/data?session_hash=${session}`);
}

/** The messages of a stream. */
async function messagesOf(
  response: Response,
  // deno-lint-ignore no-explicit-any
): Promise<any[]> {
  assertEquals(response.headers.get("content-type"), "text/event-stream");
  const text = await response.text();
  return text.split("\n\n").filter((block) => block !== "").map((block) => {
    assert(block.startsWith("data: ") && !block.includes("\n"), block);
    return JSON.parse(block.slice(6));
  });
}

Deno.test("a session is told once what came of what it has asked", async () => {
  const fetch = gradioSessions((request) => app.fetch(request));
  const joined = await fetch(join("a"));
  const answer = await joined.json();
  assertEquals(Object.keys(answer), ["event_id"]);
  const response = await fetch(listen("a"));
  assert(response.headers.has("content-security-policy"));
  assert(response.headers.has("x-request-id"));
  const messages = await messagesOf(response);
  assertEquals(messages.map(({ msg }) => msg), [
    "estimation",
    "process_starts",
    "process_completed",
    "close_stream",
  ]);
  for (const { event_id, msg } of messages) {
    assert(msg === "close_stream" || event_id === answer.event_id);
  }
  assertEquals(messages[2].success, true);
  for (const other of ["a", "b"]) {
    assertEquals(await messagesOf(await fetch(listen(other))), [
      { msg: "close_stream" },
    ]);
  }
});

Deno.test("a stream waits for what its session has asked meanwhile, and for no other", async () => {
  const gate = Promise.withResolvers<void>();
  const fetch = gradioSessions(async (request) => {
    if (request.method === "POST" && request.url.endsWith("/join")) {
      await gate.promise;
    }
    return await app.fetch(request);
  });
  const first = fetch(join("a"));
  const second = fetch(join("a", "distilgpt2"));
  // The bodies have to be read first.
  await new Promise((done) => setTimeout(done, 20));
  let isOver = false;
  const stream = Promise.resolve(fetch(listen("a"))).then((response) => {
    isOver = true;
    return response;
  });
  assertEquals(await messagesOf(await fetch(listen("b"))), [
    { msg: "close_stream" },
  ]);
  assertEquals(isOver, false);
  gate.resolve();
  const ids = [(await (await first).json()).event_id];
  ids.push((await (await second).json()).event_id);
  const told = await messagesOf(await stream);
  const done = told.filter(({ msg }) => msg === "process_completed");
  assertEquals(done.map(({ event_id }) => event_id).sort(), ids.sort());
});

Deno.test("what waits is bounded: who joins and never listens loses what came first", async () => {
  const large = "x".repeat(200_000);
  let events = 0;
  const fetch = gradioSessions(() =>
    Response.json({
      event_id: `${++events}`,
      session_hash: "a",
      messages: [{ msg: "process_completed", event_id: `${events}`, large }],
    })
  );
  for (let at = 0; at < 3; at++) await (await fetch(join("a"))).json();
  const gone = gradioSessions(() =>
    Response.json({
      event_id: "1",
      session_hash: "a",
      messages: [{ msg: "x", large: large.repeat(3) }],
    })
  );
  await (await gone(join("a"))).json();
  const text = await (await fetch(listen("a"))).text();
  assertEquals(text.includes(`"event_id":"1"`), false);
  assertStringIncludes(text, `"event_id":"3"`);
  // Nothing is kept of an answer that is too large: the application is asked.
  const none = await (await gone(listen("a"))).json();
  assertEquals(none.event_id, "1");
});

Deno.test("a refusal is passed on, and keeps nothing", async () => {
  const fetch = gradioSessions((request) => app.fetch(request));
  const wrong = new Request(`${ROOT}/join`, {
    method: "POST",
    body: `{"session_hash": "a", "data": 5}`,
  });
  const refused = await fetch(wrong);
  assertEquals(refused.status, 422);
  await refused.body?.cancel();
  assertEquals(await messagesOf(await fetch(listen("a"))), [
    { msg: "close_stream" },
  ]);
  const broken = new Request(`${ROOT}/join`, {
    method: "POST",
    body: new ReadableStream({
      pull(controller) {
        controller.error(new TypeError("connection closed"));
      },
    }),
  });
  const answer = await fetch(broken);
  assertEquals(answer.status, 400);
  await answer.body?.cancel();
});
