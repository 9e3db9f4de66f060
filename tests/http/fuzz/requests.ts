import fc from "../../npm/fast-check.ts";
import { describeField, leavesOf } from "../../../lib/mod.ts";
import { DEFAULT_SCENARIO } from "../../../lib/mod.ts";
import { putAt } from "../../../lib/mod.ts";
import { CONFIG, DIMS, MODEL_FIELDS } from "../fields.ts";
import { anyJson, anyModule, anyNumber, anyText } from "./texts.ts";

/** A request, as it can be printed. */
export interface Asked {
  method: string;
  /** Path and query. */
  address: string;
  headers: Record<string, string>;
  body: Uint8Array<ArrayBuffer> | null;
}

type Pair = [name: string, text: string];

const PATHS = leavesOf(DEFAULT_SCENARIO).map(({ path }) => path)
  .filter((path) => path !== "model");

/** Names that are asked for, nearly so, and not at all. */
const anyName = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(...PATHS, ...MODEL_FIELDS) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      ...["count_from", "look_up", "compare", "add", "s1", "s2", "n1", "at"],
      ...["field", "format", "traffic", "curve", "opinions", "node_gbs", "v"],
      ...["dtype", "batch_size", "sequence_length", "lora_rank", "count"],
      ...["train", "train.x", "__proto__.x", "train.__proto__.x", "a.b.c", ""],
    ),
  },
  { weight: 1, arbitrary: anyText },
);

/** A field with a value that it may have, or any other. */
const anyPair: fc.Arbitrary<Pair> = anyName.chain((name) => {
  const usual = usualTexts(name);
  return fc.oneof(
    { weight: usual.length > 0 ? 4 : 0, arbitrary: fc.constantFrom(...usual) },
    { weight: 1, arbitrary: fc.oneof(anyNumber, anyText) },
  ).map((text): Pair => [name, text]);
});

function usualTexts(name: string): string[] {
  if (name === "compare") return ["at=1&s1=model%3Dgpt2"];
  if (/^s\d$/.test(name)) return ["model=gpt2", "model=gpt2&train.method=lora"];
  if (name === "format") return ["deepspeed", "accelerate", "axolotl"];
  if (name in DIMS) return [DIMS[name] ?? ""];
  if (!PATHS.includes(name)) return ["true", "headers", "gpt2", "1"];
  const field = describeField(name);
  if (field.kind === "choice") return [...field.options];
  if (field.kind === "switch") return ["true", "false", "on"];
  return field.kind === "number" ? ["1", "2", "8", "128"] : ["none", "a,b"];
}

/** Small models: what is looked for is no slow estimate. */
const anyModel: fc.Arbitrary<Pair[]> = fc.oneof(
  fc.constantFrom("gpt2", "distilbert/distilgpt2", "t5-small", "nope", "a/b")
    .map((name): Pair[] => [["model", name]]),
  fc.constant<Pair[]>(Object.entries(DIMS)),
  fc.dictionary(fc.constantFrom(...Object.keys(CONFIG)), fc.jsonValue(), {
    maxKeys: 2,
  }).map((changes): Pair[] => [
    ["model.config", JSON.stringify({ ...CONFIG, ...changes })],
  ]),
  anyText.map((text): Pair[] => [["model", text]]),
  fc.constant<Pair[]>([]),
);

/** Names and patterns of modules, which are looked for in the model. */
const anyModules: fc.Arbitrary<Pair[]> = fc.tuple(
  fc.constantFrom("lora", "qlora", "full"),
  fc.constantFrom(
    "train.lora.targets",
    "train.lora.modules_to_save",
    "train.lora.target_parameters",
    "train.trainable",
  ),
  fc.oneof(anyText, fc.array(anyModule, { maxLength: 3 }).map(String)),
).map(([method, name, text]) => [["train.method", method], [name, text]]);

const anyPairs: fc.Arbitrary<Pair[]> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.tuple(anyModel, fc.array(anyPair, { maxLength: 4 })),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.constantFrom<Pair[]>([["model", "gpt2"]], Object.entries(DIMS)),
      anyModules,
    ),
  },
).map((parts) => parts.flat());

const anyQuery = fc.oneof(
  {
    weight: 6,
    arbitrary: anyPairs.map((pairs) => `${new URLSearchParams(pairs)}`),
  },
  { weight: 1, arbitrary: anyText.map((text) => text.replaceAll("#", "")) },
);

const anyScenario = anyPairs.map((pairs) => {
  const input: Record<string, unknown> = Object.create(null);
  for (const [path, text] of pairs) putAt(input, path, text);
  return input;
});

/** What the API's addresses take, right or nearly. */
const anyBody: fc.Arbitrary<string> = fc.oneof(
  anyScenario.map((scenario) => JSON.stringify(scenario)),
  fc.array(anyScenario, { maxLength: 3 }).map((scenarios) =>
    JSON.stringify({ scenarios })
  ),
  fc.tuple(anyScenario, anyText).map(([scenario, field]) =>
    JSON.stringify({ scenario, field })
  ),
  fc.tuple(anyScenario, anyText).map(([scenario, more]) =>
    JSON.stringify({
      scenario,
      text: `CUDA out of memory. Tried to allocate 2.00 GiB. ${more}`,
    })
  ),
  fc.tuple(
    fc.constantFrom("estimate_memory", "largest", "compare", "find_gpu", "x"),
    fc.oneof(
      anyScenario,
      anyScenario.map((scenario) => ({ scenario })),
      fc.array(anyScenario, { maxLength: 2 }).map((scenarios) => ({
        scenarios,
      })),
      anyText.map((query) => ({ query })),
    ),
  ).map(([name, sent]) =>
    JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "tools/call",
      params: { name, arguments: sent },
    })
  ),
  fc.array(fc.oneof(anyText, anyNumber, fc.jsonValue({ maxDepth: 1 })), {
    maxLength: 28,
  }).map((data) =>
    JSON.stringify({ data: ["gpt2", ...data], session_hash: "a" })
  ),
  anyJson,
  anyText,
);

const anyHeaders: fc.Arbitrary<Record<string, string>> = fc.constantFrom(
  {},
  { "HX-Request": "true" },
  { "Accept": "application/json" },
  { "Accept-Encoding": "gzip;q=0.5, *;q=0, x" },
  { "If-None-Match": "*" },
  { "If-None-Match": 'W/"' },
  { "X-Request-Id": '"}\x7f' },
  { "Origin": "null", "Access-Control-Request-Method": "x" },
  { "Host": "a:99999999" },
  { "Range": "bytes=0-1" },
  { "X-HTTP-Method-Override": "DELETE" },
);

const anyType = fc.constantFrom(
  "application/json",
  "",
  "text/plain",
  "application/x-www-form-urlencoded",
  "multipart/form-data",
  "multipart/form-data; boundary=x",
  "application/json; charset=utf-16",
);

interface Sent {
  body: Uint8Array<ArrayBuffer>;
  type: string;
}

const anyBytes: fc.Arbitrary<Sent> = fc.tuple(
  fc.oneof(
    { weight: 5, arbitrary: anyBody.map(encoded) },
    {
      weight: 1,
      arbitrary: fc.uint8Array({ maxLength: 200 }).map((bytes) =>
        new Uint8Array(bytes)
      ),
    },
  ),
  anyType,
).map(([body, type]) => ({ body, type }));

/** Forms as browsers send them, of the fields that forms have. */
const anyForm: fc.Arbitrary<Sent> = fc.array(
  fc.record({
    name: fc.oneof(
      fc.constantFrom(
        ...["configuration", "configuration_file", "config_file", "model"],
        ...["scenario", "train.micro_batch"],
      ),
      anyText,
    ),
    file: fc.option(anyText),
    text: fc.oneof(anyJson, anyText),
  }),
  { maxLength: 4 },
).map((parts) => ({
  type: "multipart/form-data; boundary=fzb",
  body: encoded(
    parts.map(({ name, file, text }) =>
      `--fzb\r\nContent-Disposition: form-data; name="${name}"${
        file === null ? "" : `; filename="${file}"`
      }\r\n\r\n${text}\r\n`
    ).join("") + "--fzb--\r\n",
  ),
}));

/** Any request of an address. */
export function requestsOf(
  method: string,
  path: string,
): fc.Arbitrary<Asked> {
  const sends = !["GET", "HEAD"].includes(method);
  return fc.record({
    query: anyQuery,
    headers: anyHeaders,
    sent: sends ? fc.oneof(anyBytes, anyForm) : fc.constant(null),
  }).map(({ query, headers, sent }) => ({
    method,
    address: query === "" ? path : `${path}?${query}`,
    headers: sent ? { ...headers, "Content-Type": sent.type } : headers,
    body: sent?.body ?? null,
  }));
}

function encoded(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
