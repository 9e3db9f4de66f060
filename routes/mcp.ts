import type { Context } from "hono";
import { Hono } from "hono";
import type { Hub } from "../hub/mod.ts";
import { PREFIX } from "./gradio/prefix.ts";
import { readJson } from "./api_body.ts";

/** Levels of a message around a body that the API takes: params, arguments. */
const AROUND = 2;

/** Where it stands: by itself, and where Gradio has it. */
export const MCP_PATHS = ["/mcp", `${PREFIX}/mcp`, `${PREFIX}/mcp/`];

/**
 * The door for agents: the Model Context Protocol over streamable HTTP, without
 * sessions. What speaks it is loaded when it is first asked for.
 */
export function mcpRoute(hub: Hub | null): Hono {
  let loaded: ReturnType<typeof load> | undefined;
  const answer = async (c: Context): Promise<Response> => {
    const read = readJson(await c.req.text(), "a message of MCP", AROUND);
    if (!read.ok) return refusedMessage(c, read.problems[0]?.message ?? "");
    const { fetch } = await (loaded ??= load(hub));
    return await fetch(c.req.raw, { parsedBody: read.value });
  };
  const mcp = new Hono();
  for (const path of MCP_PATHS) mcp.post(path, answer);
  return mcp;
}

async function load(hub: Hub | null) {
  const { mcpHandler } = await import("./mcp/server.ts");
  return mcpHandler(hub);
}

/** What is no message at all, as JSON-RPC says it. */
function refusedMessage(c: Context, message: string): Response {
  return c.json({
    jsonrpc: "2.0",
    id: null,
    error: { code: PARSE_ERROR, message },
  }, 422);
}

/** Source: jsonrpc.org/specification, "Error object" */
const PARSE_ERROR = -32700;
