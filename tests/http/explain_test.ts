/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { explain } from "../../lib/mod.ts";
import { call } from "./mcp.ts";
import { documentOf, only, textOf, visit } from "./visit.ts";

const ERROR = `Traceback (most recent call last):
  File "/app/train.py", line 88, in forward
    loss = nn.functional.cross_entropy(logits, labels)
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB. GPU 0 has a total capacity of 79.15 GiB of which 2.31 GiB is free. Including non-PyTorch memory, this process has 76.82 GiB memory in use. Of the allocated memory 74.90 GiB is allocated by PyTorch, and 1.09 GiB is reserved by PyTorch but unallocated.`;
const SCENARIO = {
  model: "meta-llama/Llama-3.1-8B",
  train: { micro_batch: 2, sequence_length: 4096 },
};

async function posted(body: unknown): Promise<Response> {
  return await app.request("/api/v1/explain", {
    method: "POST",
    body: JSON.stringify(body),
  });
}

function formOf(fields: Record<string, string | Blob>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
}

async function sent(
  fields: Record<string, string | Blob>,
  headers: Record<string, string> = {},
): Promise<{ status: number; document: Document }> {
  const response = await app.request("/explain", {
    method: "POST",
    body: formOf(fields),
    headers,
  });
  return {
    status: response.status,
    document: documentOf(await response.text()),
  };
}

Deno.test("/api/v1/explain answers as the library does", async () => {
  const response = await posted({ text: ERROR, scenario: SCENARIO });
  assertEquals(response.status, 200);
  const answer = await response.json();
  const expected = explain(ERROR, SCENARIO);
  assert(expected.ok);
  assertEquals(answer, JSON.parse(JSON.stringify(expected.value)));
  const { read, causes, words, changes, scenario } = answer;
  assertEquals(read.tried_bytes, Math.round(3.91 * 2 ** 30));
  assertEquals(read.process_bytes, Math.round(76.82 * 2 ** 30));
  assertEquals(causes[0].bytes, 2 * 4096 * 128_256 * 4);
  assertMatch(words, /2 × 4,096 × 128,256 × 4 B: log-softmax of logits/);
  assert(changes.length > 0);
  assertEquals(scenario.model, SCENARIO.model);
});

Deno.test("/api/v1/explain tells the facts where no model is known", async () => {
  const response = await posted({ text: ERROR });
  assertEquals(response.status, 200);
  const { scenario, changes, causes, read, steps } = await response.json();
  assertEquals([scenario, changes, causes], [null, [], []]);
  assertEquals(read.capacity_bytes, Math.round(79.15 * 2 ** 30));
  assert(steps.length > 1);
});

for (
  const [body, path, message] of [
    [{}, "text", /text must be a string/],
    [{ text: 1 }, "text", /current value is 1/],
    [{ text: "" }, "text", /must not be empty/],
    [{ text: "good morning" }, "text", /must be an error of memory/],
    [{ text: "a".repeat(2 ** 20 - 100) }, "text", /must be an error of memory/],
    [{ text: ERROR, scenario: [] }, "scenario", /must be an object/],
    [{ text: ERROR, scenario: "gpt2" }, "scenario", /must be an object/],
    [
      { text: ERROR, scenario: { model: "gpt2", train: { micro_batch: 0 } } },
      "scenario.train.micro_batch",
      /at least 1/,
    ],
    [
      { text: ERROR, scenario: { model: "nope/nope" } },
      "scenario.model",
      /nope/,
    ],
    [{ text: ERROR, model: "gpt2" }, "model", /not a field of the body/],
  ] as const
) {
  Deno.test(`/api/v1/explain refuses ${JSON.stringify(body).slice(0, 60)}`, async () => {
    const response = await posted(body);
    assertEquals(response.status, 422);
    const { error } = await response.json();
    assertEquals(error.path, path);
    assertMatch(error.message, message);
  });
}

Deno.test("explain_error answers the same, its scenario in short", async () => {
  const { value } = await call("explain_error", {
    text: ERROR,
    scenario: SCENARIO,
  });
  assertEquals(value.causes[0].tensor, "log-softmax of logits");
  assertEquals(value.scenario, {
    ...SCENARIO,
    hardware: { gpu: { memory_gib: 79.15 } },
  });
  assert(JSON.stringify(value).length < 8000);
  const { isError, value: refused } = await call("explain_error", {
    text: "hello",
  });
  assert(isError);
  assertEquals(refused.error.path, "text");
});

Deno.test("GET /explain has a form that works without scripts", async () => {
  const { status, document } = await visit("/explain");
  assertEquals(status, 200);
  const form = only(document, "form.explain");
  assertEquals(form.getAttribute("action"), "/explain");
  assertEquals(form.getAttribute("method"), "post");
  assertEquals(form.getAttribute("hx-post"), "/explain");
  assertEquals(textOf(only(document, "#answer")), "");
  only(form, "textarea[name=text]");
  const { document: other } = await visit(
    "/explain?model=llama2-7b&train.method=lora",
  );
  const hidden = only(other, "input[name=scenario]");
  assertEquals(
    hidden.getAttribute("value"),
    "model=llama2-7b&train.method=lora",
  );
});

Deno.test("POST /explain answers with the page, and keeps what was pasted", async () => {
  const { status, document } = await sent({
    text: ERROR,
    model: "llama3.1-8b",
    scenario: "",
  });
  assertEquals(status, 200);
  only(document, "h1");
  const said = textOf(only(document, "#answer"));
  assertMatch(said, /PyTorch asked for 3\.91 GiB on GPU 0 at the loss/);
  assertMatch(said, /2 × 4,096|1 × 8,192/);
  assertMatch(said, /Asked for ?3\.91 GiB/);
  assertEquals(
    only(document, "#f-error_model").getAttribute("value"),
    "llama3.1-8b",
  );
  assertMatch(textOf(only(document, "#f-error")), /OutOfMemoryError/);
  const links = [...document.querySelectorAll("#answer li a")];
  assert(links.length > 0);
  const first = await visit(links[0]?.getAttribute("href") ?? "");
  assertEquals(first.status, 200);
});

Deno.test("POST /explain takes the scenario of the page beside the text", async () => {
  const { document } = await sent({
    text: ERROR,
    model: "",
    scenario:
      "model=llama3.1-8b&train.micro_batch=2&train.sequence_length=4096",
  });
  assertMatch(
    textOf(only(document, "#answer")),
    /3\.91 GiB = 2 × 4,096 × 128,256 × 4 B/,
  );
});

Deno.test("POST /explain answers htmx with what is swapped in alone", async () => {
  const response = await app.request("/explain", {
    method: "POST",
    headers: {
      "HX-Request": "true",
      "Content-Type": "application/x-www-form-urlencoded",
    },
    body: new URLSearchParams({ text: ERROR }).toString(),
  });
  assertEquals(response.status, 200);
  const document = documentOf(await response.text());
  assertEquals(document.querySelectorAll("h1, form, header").length, 0);
  only(document, "#explained-title");
});

Deno.test("POST /explain reads a file, and refuses a binary one", async () => {
  const snapshot = JSON.stringify([{
    device: 0,
    total_size: 2 ** 31,
    allocated_size: 2 ** 30,
    blocks: [{ size: 2 ** 30, state: "active_allocated" }],
  }]);
  const read = await sent({
    error_file: new File([snapshot], "snapshot.json"),
    text: "",
  });
  assertEquals(read.status, 200);
  assertMatch(
    textOf(only(read.document, "#answer")),
    /tensors have 1\.00 GiB/,
  );
  const binary = await sent({
    error_file: new File(
      [new Uint8Array([0x80, 4, 0x95, 0xff])],
      "dump.pickle",
    ),
  });
  assertEquals(binary.status, 422);
  assertMatch(textOf(only(binary.document, "#answer")), /binary.*pickle/);
});

for (
  const [text, message] of [
    ["", /must not be empty/],
    ["<script>alert(1)</script>", /must be an error of memory/],
  ] as const
) {
  Deno.test(`POST /explain refuses ${JSON.stringify(text)} on the page`, async () => {
    const { status, document } = await sent({ text });
    assertEquals(status, 422);
    assertMatch(textOf(only(document, "#answer")), message);
    assertEquals(document.querySelector("#answer script"), null);
  });
}

Deno.test("POST /explain refuses a form that is too large with the page", async () => {
  const { status, document } = await sent({ text: "a".repeat(8 * 2 ** 20) });
  assertEquals(status, 413);
  assertMatch(textOf(only(document, "#answer")), /at most 8388608 bytes/);
});

Deno.test("a verdict that does not fit leads to the error's page with its scenario", async () => {
  const { document } = await visit("/?model=llama2-7b&hardware.gpu=RTX+4090");
  const links = [...document.querySelectorAll("#advice a")]
    .map((link) => link.getAttribute("href") ?? "");
  const href = links.find((each) => each.startsWith("/explain?"));
  assert(href, links.join(" "));
  const { status, document: page } = await visit(href);
  assertEquals(status, 200);
  assertMatch(
    only(page, "input[name=scenario]").getAttribute("value") ?? "",
    /hardware\.gpu=RTX/,
  );
});
