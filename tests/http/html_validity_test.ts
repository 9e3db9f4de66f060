import { assert, assertEquals } from "@std/assert";
import type { ParserError } from "../npm/parse5.ts";
import { parse, parseFragment } from "../npm/parse5.ts";
import { app } from "../../app.ts";
import { parseScenario, PRESETS, toQuery } from "../../lib/mod.ts";
import { DOCS } from "../../templates/docs/documents.ts";
import { CONFIG, DIMS } from "./fields.ts";
import { address } from "./visit.ts";

const QUERIES: [name: string, query: string][] = [
  ["nothing", ""],
  ["a name", "?model=llama2-7b"],
  ["LoRA", "?model=llama2-7b&train.method=lora"],
  ["serving", "?model=llama2-7b&task=serve&serve.batch=64"],
  ["dimensions", address("", DIMS)],
  ["a config.json", address("", { "model.config": JSON.stringify(CONFIG) })],
  ["a custom GPU", "?model=llama2-7b&hardware.gpu.memory_gib=24"],
  [
    "what no method covers",
    "?model=llama2-7b&software.torch=2.4&method=timeline",
  ],
  ["a mistake", "?model=nope"],
  [
    "many mistakes",
    "?model=x&train.micro_batch=0&task=eval&hardware.gpu=x&a=1",
  ],
  ["text that is code", address("", { model: `"><script>&amp;</p>'` })],
  [
    "a name that is code",
    address("", {
      "model.config": JSON.stringify({
        ...CONFIG,
        _name_or_path: "</title></textarea><b>&lt;",
      }),
    }),
  ],
  ...PRESETS.map(({ id, scenario }): [string, string] => {
    const result = parseScenario(scenario);
    assert(result.ok);
    return [`the example ${id}`, `?${toQuery(result.value)}`];
  }),
];

for (
  const path of [
    "/compare",
    "/compare?s1=model%3Dllama2-7b&s2=model%3Dllama2-7b%26train.method%3Dqlora&n2=small",
    "/compare?s1=model%3Dllama2-7b&s2=model%3Dnope&add=%22%3E%3Cb%3E%3F",
    "/compare?s1=a%00b&n1=%1B",
    "/compare?s1=a&s2=b&s3=c&s4=d&add=x%00%1By",
    "/largest?model=gpt2",
    "/advice?model=llama2-7b&hardware.gpu=RTX+4090",
    "/strategies?model=Qwen/Qwen2.5-7B&gpus=8",
    "/explain?model=llama2-7b&train.method=lora",
    "/traffic?model=llama2-7b&parallel.gpus=16&node_gbs=x",
    "/accuracy?type=llama",
    "/docs/settings",
    "/docs/parts",
    "/docs/api",
    ...DOCS.map(({ name }) => `/docs/${name}`),
  ]
) {
  Deno.test(`GET ${path} is HTML without an error`, async () => {
    const html = await (await app.request(path)).text();
    assertEquals(errorsOf(html, false), []);
  });
}

for (const [name, query] of QUERIES) {
  for (
    const path of [
      "/",
      "/gpus",
      "/scenario",
      "/presets",
      "/answer",
      "/tables",
      "/tables/answer",
    ]
  ) {
    Deno.test(`GET ${path} is HTML without an error: ${name}`, async () => {
      const first = await app.request(path + query);
      const moved = first.headers.get("location");
      const response = moved ? await app.request(moved) : first;
      assert([200, 422].includes(response.status), `${response.status}`);
      const html = await response.text();
      assertEquals(errorsOf(html, path.endsWith("/answer")), []);
    });
  }
}

const CONTROL_CHARACTERS: [name: string, text: string][] = [
  ["a null", "a\0b"],
  ["an escape", "a\x1b[31mb"],
  ["a bell and a delete", "a\x07b\x7f"],
];

for (const [name, text] of CONTROL_CHARACTERS) {
  Deno.test(`GET / is HTML without an error: ${name} in the text`, async () => {
    for (const field of ["model", "train.micro_batch", "model.config"]) {
      for (const path of ["/", "/answer", "/gpus", "/scenario"]) {
        const response = await app.request(address(path, { [field]: text }));
        assertEquals(response.status, 422);
        const html = await response.text();
        assertEquals(errorsOf(html, path === "/answer"), [], field);
      }
    }
  });
}

function errorsOf(html: string, fragment: boolean): string[] {
  const errors: string[] = [];
  const onParseError = ({ code, startOffset }: ParserError): void => {
    const around = html.slice(Math.max(0, startOffset - 40), startOffset + 40);
    errors.push(`${code}: ${JSON.stringify(around)}`);
  };
  const options = { onParseError, sourceCodeLocationInfo: true };
  if (fragment) parseFragment(html, options);
  else parse(html, options);
  return errors;
}
