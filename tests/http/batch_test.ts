import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { app } from "../../app.ts";
import { estimate } from "../../lib/mod.ts";
import { batching } from "../../routes/batching.ts";

const fetch = batching((request: Request) => app.fetch(request));

/** Both ways to answer a batch: before the application, and in it. */
const DOORS = { fetch, app: (request: Request) => app.fetch(request) };

function batch(body: string, search = ""): Request {
  return new Request(`http://localhost/api/v1/batch${search}`, {
    method: "POST",
    body,
    headers: { "Accept-Encoding": "gzip" },
  });
}

async function linesOf(response: Response) {
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "application/x-ndjson");
  assert(response.headers.has("content-security-policy"));
  assertEquals(response.headers.get("access-control-allow-origin"), "*");
  const text = await response.text();
  assert(text.endsWith("\n"));
  return text.trim().split("\n").map((line) => JSON.parse(line));
}

for (const [name, door] of Object.entries(DOORS)) {
  Deno.test(`a batch is answered line by line, bad lines with their error: ${name}`, async () => {
    const sent = [
      `{"model": "gpt2"}`,
      "",
      "{",
      `{"model": "gpt2", "train": {"micro_batch": 0}}`,
      `{"model": "distilgpt2"}\r`,
    ].join("\n");
    const [first, bad, wrong, last, ...more] = await linesOf(
      await door(batch(sent)),
    );
    assertEquals(more, []);
    const whole = JSON.parse(JSON.stringify(estimate({ model: "gpt2" })));
    assertEquals(first, { ...whole, fit: whole.fit.slice(0, 1) });
    assertEquals(bad.error.path, "");
    assertEquals(wrong.error.path, "train.micro_batch");
    assertEquals(last.scenario.model, "distilgpt2");
  });

  Deno.test(`a batch takes the options of an estimate: ${name}`, async () => {
    const [answer] = await linesOf(
      await door(batch(`{"model": "gpt2"}`, "?fit=all&traffic=true")),
    );
    assert(answer.fit.length > 100);
    assert("traffic" in answer);
  });

  Deno.test(`a batch that is none, or has too many lines, is refused: ${name}`, async () => {
    const many = `{"model": "gpt2"}\n`.repeat(1001);
    for (
      const [body, words] of [["", "one a line"], ["\n \n", "one a line"], [
        many,
        "1000 lines",
      ]] as const
    ) {
      const response = await door(batch(body));
      assertEquals(response.status, 422);
      const { error } = await response.json();
      assertStringIncludes(error.message, words);
    }
  });
}

Deno.test("a batch computes no line before it is taken, and none that nobody takes", async () => {
  const asked: string[] = [];
  const counting = batching(async (request: Request) => {
    asked.push(await request.clone().text());
    return await app.fetch(request);
  });
  const lines = ["gpt2", "distilgpt2", "gpt2-medium", "gpt2-large"]
    .map((model) => JSON.stringify({ model }));
  const response = await counting(batch(lines.join("\n")));
  const reader = response.body?.getReader();
  await reader?.read();
  assertEquals(asked.length, 1);
  await reader?.read();
  assertEquals(asked, lines.slice(0, 2));
  await reader?.cancel();
  assertEquals(asked.length, 2);
});
