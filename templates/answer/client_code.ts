import type { Scenario } from "../../lib/mod.ts";
import { toCommand, toInput, toQuery } from "../../lib/mod.ts";

/**
 * The address that texts name this server by: what `deno task start` listens at.
 * The page's script puts the page's own in its place, which a server behind a
 * proxy does not know.
 */
export const HERE = "http://localhost:7860";

/** A text that asks for the same answer from elsewhere. */
export interface ClientCode {
  /** Its id on the page. */
  id: string;
  title: string;
  text: string;
}

/** The same question in the words of each kind of program. */
export function clientCode(scenario: Scenario): ClientCode[] {
  const input = toInput(scenario);
  const json = JSON.stringify(input, null, 2);
  return [
    {
      id: "use-curl",
      title: "curl",
      text: `curl -s ${HERE}/api/v1/estimate \\\n  --json ${inShell(json)}`,
    },
    {
      id: "use-python",
      title: "Python",
      text: `import requests

answer = requests.post(
    "${HERE}/api/v1/estimate",
    json=${indented(inPython(input), 4)},
).json()
print(answer["memory"]["device_peak_bytes"] / 2**30, "GiB")`,
    },
    {
      id: "use-javascript",
      title: "JavaScript",
      text: `const response = await fetch("${HERE}/api/v1/estimate", {
  method: "POST",
  body: JSON.stringify(${indented(json, 2)}),
});
const { memory } = await response.json();
console.log(memory.device_peak_bytes / 2 ** 30, "GiB");`,
    },
    {
      id: "use-mcp",
      title: "MCP settings of an agent",
      text: JSON.stringify(
        { mcpServers: { headroom: { type: "http", url: `${HERE}/mcp` } } },
        null,
        2,
      ),
    },
    { id: "use-command", title: "Command line", text: toCommand(scenario) },
    { id: "use-json", title: "The scenario as JSON", text: json },
    {
      id: "use-frame",
      title: "Frame in a page that this server allows",
      text:
        `<iframe src="${HERE}/?${toQuery(scenario).replaceAll("&", "&amp;")}"` +
        ` title="Headroom" width="100%" height="900"></iframe>`,
    },
  ];
}

/** A text as one word of a shell. */
function inShell(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON's values as Python writes them. */
function inPython(value: unknown, depth = 0): string {
  if (value === null || value === undefined) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value !== "object") return JSON.stringify(value);
  const inner = "    ".repeat(depth + 1);
  const isList = Array.isArray(value);
  const items = isList
    ? value.map((each) => inPython(each, depth + 1))
    : Object.entries(value).map(([name, each]) =>
      `${JSON.stringify(name)}: ${inPython(each, depth + 1)}`
    );
  const [open, close] = isList ? "[]" : "{}";
  return items.length === 0
    ? `${open}${close}`
    : `${open}\n${items.map((item) => `${inner}${item},\n`).join("")}${
      "    ".repeat(depth)
    }${close}`;
}

/** A text of several lines inside of another: all but the first move in. */
function indented(text: string, spaces: number): string {
  return text.replaceAll("\n", `\n${" ".repeat(spaces)}`);
}
