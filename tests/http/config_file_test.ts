/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { CONFIG } from "./fields.ts";
import { dangersOf } from "./markup.ts";
import { documentOf, held, only, textOf, visit } from "./visit.ts";

const NAME = "config_file";
const TYPED = { "model": "llama2-7b", "train.micro_batch": "3" };

Deno.test("POST /config leads to the page with the file and all that was typed", async () => {
  const response = await send([configFile(CONFIG)], {
    ...TYPED,
    "model.dims.layers": "7",
    "count_from": "headers",
    "look_up": "llama2-7b",
    "train.sequence_length": "many",
  });
  assertEquals(response.status, 303);
  const address = response.headers.get("location") ?? "";
  const { document } = await visit(address);
  assertEquals(JSON.parse(held(document, "model.config") ?? ""), CONFIG);
  assertEquals(held(document, "model"), "");
  assertEquals(held(document, "model.dims.layers"), "");
  assertEquals(held(document, "train.micro_batch"), "3");
  assertEquals(held(document, "train.sequence_length"), "many");
  assert(!only(document, "#f-count_from").hasAttribute("checked"));
});

Deno.test("POST /config sends a live page to the same address", async () => {
  const plain = await send([configFile(CONFIG)], TYPED);
  const live = await send([configFile(CONFIG)], TYPED, true);
  assertEquals(live.status, 204);
  assertEquals(
    live.headers.get("hx-redirect"),
    plain.headers.get("location"),
  );
  const answer = await visit(plain.headers.get("location") ?? "");
  assertEquals(answer.status, 200);
  assertMatch(
    textOf(only(answer.document, ".understood")),
    /from the given config\.json/,
  );
});

const BINARY = new Uint8Array([0x08, 0, 0, 0, 0, 0, 0, 0, 0x7b, 0x7d]);
const LATIN = new Uint8Array([0x7b, 0x22, 0xe9, 0x22, 0x3a, 0x31, 0x7d]);

const REFUSED: [what: string, files: File[], reason: RegExp][] = [
  ["no file", [new File([], "")], /must be a file: none was chosen/],
  ["no field for it", [], /must be a file: none was chosen/],
  [
    "several files",
    [configFile(CONFIG), configFile(CONFIG)],
    /must be one file: 2 were chosen/,
  ],
  [
    "an empty file",
    [new File([], "config.json")],
    /must be a JSON object: the file "config\.json" is empty/,
  ],
  [
    "a binary file",
    [new File([BINARY], "model.safetensors")],
    /the file "model\.safetensors" is binary; .*choose its config\.json/,
  ],
  ["no UTF-8", [new File([LATIN], "x.json")], /the file "x\.json" is binary/],
  [
    "no JSON",
    [new File(["hidden_size: 64"], "config.yaml")],
    /the file "config\.yaml" is no JSON \(/,
  ],
  ["a list", [new File(["[1]"], "a.json")], /the file "a\.json" holds a list/],
  ["a text", [new File(['"x"'], "a.json")], /"a\.json" holds a string/],
  ["null", [new File(["null"], "a.json")], /"a\.json" holds null/],
  [
    "a large file",
    [new File([`{"a": "${"x".repeat(1_100_000)}"}`], "tokenizer.json")],
    /at most 1048576 bytes: the file "tokenizer\.json" has 1100009/,
  ],
  [
    "what no address holds",
    [configFile({ ...CONFIG, quantization_config: "y".repeat(40_000) })],
    /an address of 32768 characters: with this file it has 40\d{3};.*api\/v1/,
  ],
  [
    "a name that is code",
    [new File([], `"><script>alert(1)</script>.json`)],
    /is empty/,
  ],
];

for (const [what, files, reason] of REFUSED) {
  Deno.test(`POST /config refuses ${what}, by its name, and keeps the form`, async () => {
    const response = await send(files, TYPED);
    assertEquals(response.status, 422);
    const html = await response.text();
    assertEquals(dangersOf(html), []);
    const document = documentOf(html);
    const problem = only(document, "#answer [data-problem='model.config']");
    assertMatch(textOf(problem), reason);
    assertEquals(held(document, "model"), "llama2-7b");
    assertEquals(held(document, "train.micro_batch"), "3");
    assertMatch(textOf(only(document, "#f-model-config-error")), reason);

    const live = await send(files, TYPED, true);
    assertEquals(live.status, 422);
    const fragment = documentOf(await live.text());
    assertEquals(fragment.querySelector("form"), null);
    assertMatch(
      textOf(only(fragment, "[data-problem='model.config']")),
      reason,
    );
  });
}

Deno.test("POST /config leaves out words that make an address too long", async () => {
  const id2label = Object.fromEntries(
    Array.from({ length: 1000 }, (_, at) => [`${at}`, `LABEL_${at}`]),
  );
  const response = await send([configFile({ ...CONFIG, id2label })], TYPED);
  assertEquals(response.status, 303);
  const address = response.headers.get("location") ?? "";
  assert(address.length < 8000, `${address.length} characters`);
  const { status, document } = await visit(address);
  assertEquals(status, 200);
  assertEquals(
    JSON.parse(held(document, "model.config") ?? ""),
    { ...CONFIG, num_labels: 1000 },
  );
});

Deno.test("POST /config refuses a form that is too large, on the page", async () => {
  const response = await app.request("/config", {
    method: "POST",
    headers: {
      "content-length": `${9 * 1024 * 1024}`,
      "content-type": "multipart/form-data; boundary=x",
    },
    body: "x".repeat(9 * 1024 * 1024),
  });
  assertEquals(response.status, 413);
  const document = documentOf(await response.text());
  assertMatch(
    textOf(only(document, "#answer [data-problem]")),
    /at most 8388608 bytes with its form: 9437184 were sent; go back/,
  );
});

Deno.test("POST /config refuses what is no form", async () => {
  for (const type of ["text/plain", "multipart/form-data; boundary=x"]) {
    const response = await app.request("/config", {
      method: "POST",
      headers: { "content-type": type },
      body: "{}",
    });
    await response.body?.cancel();
    assertEquals(response.status, 422, type);
  }
});

Deno.test("the form's file has a button that sends it without JavaScript", async () => {
  const { document } = await visit("/");
  const file = only(document, `#scenario input[name=${NAME}]`);
  assertEquals(file.getAttribute("type"), "file");
  const button = only(document, "#scenario button[formaction]");
  assertEquals(button.getAttribute("formaction"), "/config");
  assertEquals(button.getAttribute("formmethod"), "post");
  assertEquals(button.getAttribute("formenctype"), "multipart/form-data");
  // Enter presses the first button.
  const [first] = document.querySelectorAll("#scenario button");
  assertEquals(first?.hasAttribute("formaction"), false);
});

Deno.test("GET /answer tells on the page that an address is too long", async () => {
  const response = await app.request(
    `/answer?model.config=${"x".repeat(40_000)}`,
  );
  assertEquals(response.status, 414);
  assertMatch(
    textOf(only(documentOf(await response.text()), "[data-problem]")),
    /at most 32768 characters: current value is 40\d{3}; .*as a file/,
  );
});

function configFile(config: Record<string, unknown>): File {
  return new File([JSON.stringify(config, null, 2)], "config.json", {
    type: "application/json",
  });
}

async function send(
  files: readonly File[],
  fields: Record<string, string>,
  live = false,
): Promise<Response> {
  const body = new FormData();
  for (const [name, text] of Object.entries(fields)) body.append(name, text);
  for (const file of files) body.append(NAME, file, file.name);
  return await app.request("/config", {
    method: "POST",
    body,
    headers: live ? { "HX-Request": "true" } : {},
  });
}
