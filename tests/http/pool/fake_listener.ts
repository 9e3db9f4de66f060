/**
 * A server whose own thread can be kept from ever answering again.
 *
 * @module
 */
import { listen } from "../../../routes/pool/listen.ts";

const going = Promise.withResolvers<void>();

await listen(async (request, { remoteAddr }) => {
  const { pathname } = new URL(request.url);
  console.log(`running ${pathname}`);
  if (pathname === "/endless") { for (;;); }
  if (pathname === "/waits") {
    await new Promise((done) => request.signal.addEventListener("abort", done));
    console.log(`left ${pathname}`);
  }
  if (pathname === "/go") going.resolve();
  if (pathname === "/lines") {
    const lines = ["one\n", "two\n"];
    const body = new ReadableStream({
      async pull(controller) {
        const line = lines.shift();
        if (line === undefined) return controller.close();
        if (lines.length === 0) await going.promise;
        controller.enqueue(new TextEncoder().encode(line));
      },
      cancel: () => console.log(`left ${pathname}`),
    }, { highWaterMark: 0 });
    return new Response(body, {
      headers: { "Content-Type": "application/x-ndjson" },
    });
  }
  const peer = "hostname" in remoteAddr ? remoteAddr.hostname : "nowhere";
  return new Response(
    `${request.method} ${pathname} ${await request.text()} from ${peer}`,
  );
}, {
  port: 0,
  health: new Response("well", { headers: { "X-Request-Id": "first" } }),
  busy: new Response("busy", { status: 503 }),
});
