import type {
  CallToolResult,
  McpHttpHandler,
  StandardSchemaWithJSON,
} from "@modelcontextprotocol/server";
import { createMcpHandler, McpServer } from "@modelcontextprotocol/server";
import type { Hub } from "../../hub/mod.ts";
import type { JsonSchema, Result } from "../../lib/mod.ts";
import { refusalOf } from "../../lib/mod.ts";
import { RELEASE } from "../../templates/release.ts";
import { refused } from "../api_body.ts";
import { ESTIMATE_TOOLS } from "./estimate_tools.ts";
import { explainTool } from "./explain_tool.ts";
import { FIND_TOOLS } from "./find_tools.ts";
import type { Tool } from "./tool.ts";

/** What an agent is told before it asks. */
const INSTRUCTIONS =
  "Headroom predicts GPU memory of training and serving language models. Ask estimate_memory with a Scenario; find_model and find_gpu know the names; explain_error reads an error of memory. All memory is in bytes per GPU.";

/** Every tool. */
export const TOOLS: readonly Tool[] = [
  ...ESTIMATE_TOOLS,
  explainTool,
  ...FIND_TOOLS,
];

/**
 * What answers MCP's messages, of its sessions' releases and those without. It
 * keeps nothing: each request has a server of its own.
 */
export function mcpHandler(hub: Hub | null): McpHttpHandler {
  return createMcpHandler(() => serverOf(hub), {
    // Nothing ever changes, so that nobody need listen.
    maxSubscriptions: 0,
    keepAliveMs: 0,
    responseMode: "json",
    onerror: () => {},
  });
}

function serverOf(hub: Hub | null): McpServer {
  const server = new McpServer(
    { name: "headroom", title: "Headroom", version: RELEASE },
    { instructions: INSTRUCTIONS },
  );
  for (const tool of TOOLS) {
    const { name, title, description, input } = tool;
    server.registerTool(
      name,
      {
        title,
        description,
        inputSchema: unchecked(input),
        annotations: { readOnlyHint: true, idempotentHint: true },
      },
      async (sent) => resultOf(await answerOf(tool, sent, hub)),
    );
  }
  return server;
}

/** Arguments that no schema names are refused, as those of a Scenario are. */
async function answerOf(
  { input, answer }: Tool,
  sent: Record<string, unknown>,
  hub: Hub | null,
): Promise<Result<object>> {
  const known = Object.keys(input["properties"] as object);
  const other = input["additionalProperties"] === false
    ? Object.keys(sent).find((key) => !known.includes(key))
    : undefined;
  if (other !== undefined) {
    const path = other.slice(0, 80);
    return refused(
      path,
      `${path} is no argument of this tool, which takes ${known.join(", ")}`,
    );
  }
  return await answer(sent, hub);
}

function resultOf(result: Result<object>): CallToolResult {
  if (result.ok) {
    const { value } = result;
    return {
      content: [{ type: "text", text: JSON.stringify(value) }],
      structuredContent: value as Record<string, unknown>,
    };
  }
  return {
    content: [{
      type: "text",
      text: JSON.stringify(refusalOf(result.problems)),
    }],
    isError: true,
  };
}

/**
 * A schema that is told as it is, and checked by who answers: what is wrong with
 * a scenario is said in the same words at every door.
 */
function unchecked(
  schema: JsonSchema,
): StandardSchemaWithJSON<Record<string, unknown>> {
  return {
    "~standard": {
      version: 1,
      vendor: "headroom",
      validate: (value) => ({
        value: (value ?? {}) as Record<string, unknown>,
      }),
      jsonSchema: { input: () => schema, output: () => schema },
    },
  };
}
