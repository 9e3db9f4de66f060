import { assert, assertEquals } from "@std/assert";
import { Client, StreamableHTTPClientTransport } from "../npm/mcp_client.ts";
import { app } from "../../app.ts";

/** Longest answer of a tool, in characters: about 2,000 tokens. */
const SHORT = 8000;

/** Runs something with the SDK's own client, which asks the application. */
export async function withClient<T>(
  run: (client: Client) => Promise<T>,
  mode: "legacy" | { pin: string } = "legacy",
  path = "/mcp",
): Promise<T> {
  const client = new Client({ name: "test", version: "1" }, {
    versionNegotiation: { mode },
  });
  const transport = new StreamableHTTPClientTransport(
    new URL(`http://127.0.0.1${path}`),
    {
      fetch: (input, init) =>
        Promise.resolve(app.fetch(new Request(input, init))),
    },
  );
  await client.connect(transport);
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}

/** What a tool said. */
export interface Told {
  text: string;
  isError: boolean;
  // What a client gets is as untyped as JSON.
  // deno-lint-ignore no-explicit-any
  value: any;
}

/** Calls a tool, and reads what its answer says in words. */
export async function call(
  name: string,
  sent: Record<string, unknown>,
): Promise<Told> {
  return await withClient(async (client) => {
    const result = await client.callTool({ name, arguments: sent });
    const [first] = result.content;
    assert(first?.type === "text", `${first?.type} is no text`);
    const value = JSON.parse(first.text);
    const isError = result.isError === true;
    if (!isError) assertEquals(result.structuredContent, value);
    assert(first.text.length <= SHORT, `${first.text.length} characters`);
    return { text: first.text, isError, value };
  });
}
