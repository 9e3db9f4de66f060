/// <reference lib="dom" />
import { assert, assertEquals, assertMatch } from "@std/assert";
import { app } from "../../app.ts";
import { largest, parseScenario } from "../../lib/mod.ts";
import { documentOf, only, textOf, visit } from "./visit.ts";

const QUERY =
  "model=meta-llama/Llama-3.1-8B&train.method=qlora&train.checkpointing=full&hardware.gpu=RTX+4090";
const SCENARIO = {
  model: "meta-llama/Llama-3.1-8B",
  train: { method: "qlora", checkpointing: "full" },
  hardware: { gpu: "RTX 4090" },
};

function expected(
  field: "train.micro_batch" | "train.sequence_length",
  thorough = true,
) {
  const parsed = parseScenario(SCENARIO);
  assert(parsed.ok);
  const result = largest(parsed.value, field, { thorough });
  assert(result.ok);
  return result.value;
}

Deno.test("GET / asks for the largest that fits when somebody opens it, or by a link", async () => {
  const { document } = await visit(`/?${QUERY}`);
  const section = only(document, "details#largest");
  const link = only(section, "#largest-found a").getAttribute("href");
  assertEquals(link, `/largest?${QUERY}`);
  assertEquals(section.getAttribute("hx-get"), link);
  assertEquals(section.getAttribute("hx-trigger"), "toggle once");
  assertEquals(section.hasAttribute("open"), false);
});

Deno.test("no answer asks for the largest that fits by itself", async () => {
  for (const path of ["/", `/?${QUERY}`, `/answer?${QUERY}`]) {
    const { document } = await visit(path);
    for (const element of document.querySelectorAll("[hx-get*='/largest']")) {
      assertEquals(element.getAttribute("hx-trigger"), "toggle once");
    }
  }
});

Deno.test("GET /largest is a page with the batch and the length", async () => {
  const { status, document } = await visit(`/largest?${QUERY}`);
  assertEquals(status, 200);
  only(document, "h1");
  const text = textOf(only(document, "#largest-found"));
  const batch = expected("train.micro_batch", false);
  assertMatch(text, new RegExp(`Largest micro batch: ${batch.value}\\.`));
  assertMatch(text, /Largest sequence length: [\d,]+ tokens\./);
  assertMatch(text, /Highest LoRA rank: [\d,]+\./);
  assertMatch(text, /Fewest GPUs: 1 GPU\./);
  assertMatch(text, /the high end of the band fits too/);
  assertMatch(text, /Tried: \d+ values, each from \d+ to \d+/);
  assertEquals(only(document, "main > p a").getAttribute("href"), `/?${QUERY}`);
});

Deno.test("GET /largest answers htmx with the section alone", async () => {
  const response = await app.request(`/largest?${QUERY}`, {
    headers: { "HX-Request": "true" },
  });
  const document = documentOf(await response.text());
  only(document, "#largest-found");
  assertEquals(document.querySelectorAll("h1, header").length, 0);
});

Deno.test("GET /largest asks a server for sequences and input", async () => {
  const { document } = await visit("/largest?model=llama2-7b&task=serve");
  const text = textOf(only(document, "#largest-found"));
  assertMatch(text, /Largest number of concurrent sequences: \d+/);
  assertMatch(text, /Largest input: [\d,]+ tokens/);
});

Deno.test("GET /largest goes on with what makes it fit where no size does", async () => {
  const { document } = await visit(
    "/largest?model=Qwen/Qwen3-32B&train.method=qlora&hardware.gpu=RTX+4090",
  );
  const found = only(document, "#largest-found");
  const text = textOf(found);
  assertMatch(text, /Largest sequence length: none\. .* even at 1 token/);
  const [before = "", after = ""] = text.split("With what makes it fit,");
  assert(before !== "" && /Largest sequence length: [\d,]+ tokens/.test(after));
  const links = [...found.querySelectorAll("a")].map((link) =>
    link.getAttribute("href") ?? ""
  );
  const longest = links.find((href) => href.includes("sequence_length="));
  const answer = await visit(longest ?? "");
  assertMatch(
    textOf(only(answer.document, "#verdict-title")),
    /^(Fits|Tight) on one RTX 4090/,
  );
});

Deno.test("GET /largest refuses what the page refuses", async () => {
  const { status, document } = await visit(
    "/largest?model=gpt2&train.micro_batch=0",
  );
  assertEquals(status, 422);
  assertMatch(textOf(only(document, ".invalid")), /at least 1/);
});

async function asked(body: unknown): Promise<[number, unknown]> {
  const response = await app.request("/api/v1/largest", {
    method: "POST",
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return [response.status, await response.json()];
}

Deno.test("/api/v1/largest answers with the largest value of a field", async () => {
  for (const field of ["train.micro_batch", "train.sequence_length"] as const) {
    const wanted = JSON.parse(JSON.stringify(expected(field)));
    assertEquals(await asked({ scenario: SCENARIO, field }), [200, wanted]);
    const got = await app.request(`/api/v1/largest?${QUERY}&field=${field}`);
    assertEquals([got.status, await got.json()], [200, wanted]);
  }
});

Deno.test("/api/v1/largest asks for the batch where no field is named", async () => {
  const [status, body] = await asked({
    scenario: { model: "gpt2", task: "serve" },
  });
  assertEquals(status, 200);
  assertEquals((body as { field: string }).field, "serve.batch");
});

const REFUSED: [body: unknown, path: string, message: RegExp][] = [
  ["x", "", /in JSON/],
  [{ model: "gpt2" }, "model", /not a field of the body/],
  [{}, "scenario", /must be an object/],
  [
    { scenario: { model: "gpt2", train: { micro_batch: 0 } } },
    "scenario.train.micro_batch",
    /at least 1: current value is 0/,
  ],
  [
    { scenario: { model: "gpt2" }, field: "train.lora.rank" },
    "field",
    /whole number.*train\.micro_batch or train\.sequence_length.*rank", which means nothing where train\.method is "full"/,
  ],
  [
    { scenario: { model: "gpt2" }, field: "serve.batch" },
    "field",
    /for task train, .*: current value is "serve\.batch"/,
  ],
];

for (const [body, path, message] of REFUSED) {
  Deno.test(`POST /api/v1/largest refuses ${JSON.stringify(body).slice(0, 70)}`, async () => {
    const [status, answer] = await asked(body);
    assertEquals(status, 422);
    const { error } = answer as { error: { path: string; message: string } };
    assertEquals(error.path, path);
    assertMatch(error.message, message);
  });
}

Deno.test("GET /largest lets the server answer others meanwhile", async () => {
  const order: string[] = [];
  const ask = async (path: string): Promise<number> => {
    const response = await app.request(path);
    await response.body?.cancel();
    order.push(path);
    return response.status;
  };
  const slow = "/largest?model=Qwen/Qwen2.5-VL-7B-Instruct&train.method=lora";
  assertEquals(await Promise.all([ask(slow), ask("/healthz")]), [200, 200]);
  assertEquals(order, ["/healthz", slow]);
});
