/**
 * A server whose own thread can be kept from ever answering again.
 *
 * @module
 */
import { listen } from "../../../routes/pool/listen.ts";

await listen(async (request, { remoteAddr }) => {
  const { pathname } = new URL(request.url);
  console.log(`running ${pathname}`);
  if (pathname === "/endless") { for (;;); }
  if (pathname === "/waits") {
    await new Promise((done) => request.signal.addEventListener("abort", done));
    console.log(`left ${pathname}`);
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
