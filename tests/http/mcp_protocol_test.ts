import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import { withClient } from "./mcp.ts";

Deno.test("MCP's client calls a tool in the protocol's release without sessions", async () => {
  await withClient(async (client) => {
    const result = await client.callTool({
      name: "find_gpu",
      arguments: { query: "4090" },
    });
    const [first] = result.content;
    assert(first?.type === "text");
    assertStringIncludes(first.text, "RTX 4090");
    assertEquals(client.getNegotiatedProtocolVersion(), "2026-07-28");
  }, { pin: "2026-07-28" });
});

/** Sends a message as it is, as clients of other releases do. */
function send(body: string, headers: Record<string, string> = {}) {
  return app.request("/mcp", {
    method: "POST",
    body,
    headers: {
      "Content-Type": "application/json",
      "Accept": "application/json, text/event-stream",
      ...headers,
    },
  });
}

Deno.test("/mcp answers what is no message with JSON-RPC's errors", async () => {
  const deep = `${"[".repeat(40)}${"]".repeat(40)}`;
  for (const body of ["", "{", "null", "5", "[]", "{}", deep]) {
    const response = await send(body);
    const text = await response.text();
    assert(response.status >= 400 && response.status < 500, `${body} ${text}`);
    const { error } = JSON.parse(text);
    assert(Number.isInteger(error.code) && error.message !== "", text);
  }
  const large = await send(`"${"x".repeat(1024 ** 2)}"`);
  assertEquals(large.status, 413);
  await large.body?.cancel();
});

Deno.test("/mcp holds no stream open", async () => {
  const get = await app.request("/mcp", {
    headers: { "Accept": "text/event-stream" },
  });
  assertEquals(get.status, 405);
  await get.body?.cancel();
  const listen = await send(
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "subscriptions/listen",
      params: {
        notifications: { toolsListChanged: true },
        _meta: {
          "io.modelcontextprotocol/protocolVersion": "2026-07-28",
          "io.modelcontextprotocol/clientCapabilities": {},
        },
      },
    }),
    {
      "Mcp-Protocol-Version": "2026-07-28",
      "Mcp-Method": "subscriptions/listen",
    },
  );
  // It ends by itself, refused.
  assertStringIncludes(await listen.text(), '"error"');
});

Deno.test("/mcp needs no session: a tool is called by one message alone", async () => {
  const response = await send(JSON.stringify({
    jsonrpc: "2.0",
    id: 7,
    method: "tools/call",
    params: { name: "find_gpu", arguments: { query: "H100" } },
  }));
  assertEquals(response.status, 200);
  const text = await response.text();
  assertStringIncludes(text, '"id":7');
  assertStringIncludes(text, "H100");
});

Deno.test("/llms.txt leads to addresses that are there", async () => {
  const response = await app.request("/llms.txt");
  assertEquals(response.status, 200);
  const text = await response.text();
  const paths = [...text.matchAll(/[`\](](?:POST )?(\/[\w./]*)[`\])]/g)]
    .map(([, path = ""]) => path);
  assert(paths.length > 10, `${paths}`);
  for (const path of paths) {
    const there = await app.request(path);
    await there.body?.cancel();
    assert(there.status !== 404, path);
  }
});
