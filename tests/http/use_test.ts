/// <reference lib="dom" />
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import { parseScenario, PRESETS, toQuery } from "../../lib/mod.ts";
import { clientCode, HERE } from "../../templates/answer/client_code.ts";
import { only, textOf, visit } from "./visit.ts";

const SCENARIOS = [
  ...PRESETS.map(({ scenario }) => scenario),
  // What shells, Python and JSON quote in ways of their own.
  {
    model: 'it\'s/a "model"',
    train: { method: "lora", lora: { dora: true, targets: ["q_proj"] } },
  },
].map((input) => {
  const parsed = parseScenario(input);
  assert(parsed.ok);
  return parsed.value;
});

function textsOf(scenario: typeof SCENARIOS[number]): Map<string, string> {
  return new Map(clientCode(scenario).map(({ id, text }) => [id, text]));
}

Deno.test("each text that asks from elsewhere holds the scenario", async () => {
  for (const scenario of SCENARIOS) {
    const texts = textsOf(scenario);
    const input = JSON.parse(texts.get("use-json") ?? "");
    const parsed = parseScenario(input);
    assert(parsed.ok);
    assertEquals(parsed.value, scenario);

    const words = await shellWords(texts.get("use-curl") ?? "");
    assertEquals(words.slice(0, 4), [
      "curl",
      "-s",
      `${HERE}/api/v1/estimate`,
      "--json",
    ]);
    assertEquals(JSON.parse(words[4] ?? ""), input);

    const [, python = ""] = (texts.get("use-python") ?? "")
      .match(/json=([^]*?),\n\)\.json\(\)/) ?? [];
    assertEquals(ofPython(python), input);

    const [, script = ""] = (texts.get("use-javascript") ?? "")
      .match(/JSON\.stringify\(([^]*)\),\n\}\);/) ?? [];
    assertEquals(JSON.parse(script), input);

    const frame = texts.get("use-frame") ?? "";
    assertStringIncludes(
      frame,
      `src="${HERE}/?${toQuery(scenario).replaceAll("&", "&amp;")}"`,
    );
    assertEquals(
      JSON.parse(texts.get("use-mcp") ?? "").mcpServers.headroom.url,
      `${HERE}/mcp`,
    );
  }
});

Deno.test("what the page says to send is answered as the page is", async () => {
  const { document } = await visit("/");
  const body = textOf(only(document, "#use-json"));
  const response = await app.request("/api/v1/estimate", {
    method: "POST",
    body,
  });
  const { fit } = await response.json();
  const spare = (fit[0].headroom_bytes / 2 ** 30).toFixed(2);
  assertStringIncludes(
    textOf(only(document, "#verdict-title")),
    `${spare} GiB to spare`,
  );
});

Deno.test("GET / leads from the verdict to the link, the command, JSON and the rest", async () => {
  const { document } = await visit("/?model=gpt2&train.micro_batch=2");
  const links = [...document.querySelectorAll(".verdict .actions a")].map((
    link,
  ) => [textOf(link), link.getAttribute("href")]);
  assertEquals(links, [
    ["Copy link", "/?model=gpt2&train.micro_batch=2"],
    ["Copy command", "#use-command"],
    ["Copy JSON", "/scenario?model=gpt2&train.micro_batch=2"],
    ["Compare", "/compare?model=gpt2&train.micro_batch=2"],
    ["Export", "/export?model=gpt2&train.micro_batch=2"],
    ["Use via API", "#use"],
  ]);
  for (const [, href = ""] of links) {
    if (href?.startsWith("#")) only(document, href);
  }
});

/** A command's words, as a shell takes them. */
async function shellWords(command: string): Promise<string[]> {
  const { stdout } = await new Deno.Command("sh", {
    args: ["-c", `each() { printf '%s\\0' "$@"; }; each ${command}`],
  }).output();
  return new TextDecoder().decode(stdout).split("\0").slice(0, -1);
}

/** A literal of Python as JSON reads it. */
function ofPython(literal: string): unknown {
  return JSON.parse(
    literal.replaceAll(/\bTrue\b/g, "true").replaceAll(/\bFalse\b/g, "false")
      .replaceAll(/\bNone\b/g, "null").replaceAll(/,(\s*[}\]])/g, "$1"),
  );
}
