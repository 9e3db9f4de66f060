import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { estimate, withFit } from "../../lib/mod.ts";
import { command, headroom } from "./headroom.ts";

const ARGS = ["estimate", "--batch", "-"];
const MODELS = ["llama2-7b", "gpt2", "mistralai/Mistral-7B-v0.1"];

interface Answer {
  model?: { name: string };
  scenario?: { train: { micro_batch: number } };
  memory?: { device_peak_bytes: number };
  error?: { path: string; message: string };
}

function lineFor(model: string, micro_batch = 1): string {
  return JSON.stringify({ model, train: { micro_batch } });
}

async function batch(
  stdin: string,
): Promise<{ code: number; err: string; answers: Answer[] }> {
  const { code, out, err } = await headroom(ARGS, { stdin });
  assert(out === "" || out.endsWith("\n"));
  const answers = out.split("\n").slice(0, -1).map((line) => JSON.parse(line));
  return { code, err, answers };
}

Deno.test("estimate --batch answers each line in order", async () => {
  const { code, err, answers } = await batch(
    MODELS.map((model) => `${lineFor(model)}\n`).join(""),
  );
  assertEquals([code, err], [0, ""]);
  assertEquals(
    answers,
    MODELS.map((model) =>
      JSON.parse(
        JSON.stringify(
          withFit(estimate({ model, train: { micro_batch: 1 } }), "own"),
        ),
      )
    ),
  );
});

Deno.test("estimate --batch answers bad lines in their place", async () => {
  const bad: [line: string, path: string, message: string][] = [
    ["{", "", "JSON"],
    ["null", "", "must be an object"],
    ["[]", "", "must be an object"],
    [`{"model": "nope"}`, "model", "in the catalogue"],
    [`{"model": "./none.json"}`, "model", "./none.json"],
    [`{"model": "gpt2", "trian": 1}`, "trian", "is not a field"],
    [lineFor("gpt2", 0), "train.micro_batch", "at least 1"],
  ];
  const { code, answers } = await batch(
    [lineFor("gpt2"), ...bad.map(([line]) => line), lineFor("llama2-7b")]
      .join("\n"),
  );
  assertEquals(code, 1);
  assertEquals(answers.length, bad.length + 2);
  assertEquals(answers[0]?.error, undefined);
  for (const [at, [line, path, message]] of bad.entries()) {
    const answer = answers[at + 1] ?? {};
    assertEquals(Object.keys(answer), ["error"], line);
    assertEquals(answer.error?.path, path, line);
    assertStringIncludes(answer.error?.message ?? "", message);
  }
  assertEquals(answers.at(-1)?.model?.name, "meta-llama/Llama-2-7b-hf");
});

const TEXTS: [name: string, text: string, count: number][] = [
  ["nothing", "", 0],
  ["blank lines", `\n\n${lineFor("gpt2")}\n  \n\n${lineFor("gpt2")}\n\n`, 2],
  ["CRLF", `${lineFor("gpt2")}\r\n\r\n${lineFor("gpt2")}\r\n`, 2],
  ["no newline at the end", `${lineFor("gpt2")}\n${lineFor("gpt2")}`, 2],
  ["a byte order mark", `\ufeff${lineFor("gpt2")}\n`, 1],
];

Deno.test("estimate --batch reads lines however they end", async () => {
  await Promise.all(
    TEXTS.map(async ([name, text, count]) => {
      const { code, err, answers } = await batch(text);
      assertEquals([code, err, answers.length], [0, "", count], name);
    }),
  );
});

Deno.test("estimate --batch refuses a line that is too long and goes on", async () => {
  const long = JSON.stringify({ model: "x".repeat(9 * 1024 ** 2) });
  const { code, answers } = await batch(
    [lineFor("gpt2"), long, lineFor("gpt2", 2), long].join("\n"),
  );
  assertEquals(code, 1);
  assertEquals(answers.map(({ error }) => error?.path), [
    undefined,
    "",
    undefined,
    "",
  ]);
  assertStringIncludes(
    answers[1]?.error?.message ?? "",
    `at most ${4 * 1024 ** 2} characters`,
  );
  assertEquals(answers[2]?.scenario?.train.micro_batch, 2);
});

Deno.test("estimate --batch reads a file, relative to where it was called", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/many.jsonl`, lineFor("gpt2"));
    const results = await Promise.all([
      headroom(["estimate", "--batch", `${folder}/many.jsonl`]),
      headroom(["estimate", "--batch", "many.jsonl"], {
        env: { INIT_CWD: folder },
      }),
    ]);
    for (const { code, out } of results) {
      assertEquals(code, 0);
      assertEquals(JSON.parse(out).model.name, "openai-community/gpt2");
    }
    const none = await headroom(["estimate", "--batch", `${folder}/none`]);
    assertEquals([none.code, none.out], [2, ""]);
    assertStringIncludes(none.err, `${folder}/none`);
    assertStringIncludes(none.err, "--batch");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("estimate --batch answers before the input ends", async () => {
  const process = command(ARGS, { stdin: "" }).spawn();
  const writer = process.stdin.getWriter();
  const answers = linesOf(process.stdout);
  for (const micro_batch of [1, 2, 3]) {
    await writer.write(
      new TextEncoder().encode(`${lineFor("gpt2", micro_batch)}\n`),
    );
    // Waits for ever where the program waits for the end of its input.
    const { value } = await answers.next();
    const answer: Answer = JSON.parse(value ?? "");
    assertEquals(answer.scenario?.train.micro_batch, micro_batch);
  }
  await writer.close();
  assertEquals((await answers.next()).done, true);
  await process.stderr.cancel();
  assertEquals((await process.status).code, 0);
});

Deno.test("estimate --batch reads a character that comes in two halves", async () => {
  const bytes = new TextEncoder().encode(`{"model": "模"}\n`);
  const process = command(ARGS, { stdin: "" }).spawn();
  const writer = process.stdin.getWriter();
  const middle = bytes.findIndex((byte) => byte > 127) + 1;
  await writer.write(bytes.subarray(0, middle));
  await new Promise((resolve) => setTimeout(resolve, 300));
  await writer.write(bytes.subarray(middle));
  await writer.close();
  const { code, stdout } = await process.output();
  assertEquals(code, 1);
  assertStringIncludes(new TextDecoder().decode(stdout), "模");
});

Deno.test("estimate --batch answers two thousand lines in order", async () => {
  const sizes = Array.from(
    { length: 2000 },
    (_, at) => at % 10 === 9 ? 0 : at % 7 + 1,
  );
  const { code, answers } = await batch(
    sizes.map((size) => `${lineFor("gpt2", size)}\n`).join(""),
  );
  assertEquals(code, 1);
  assertEquals(
    answers.map(({ error, scenario }) =>
      error ? 0 : scenario?.train.micro_batch
    ),
    sizes,
  );
});

async function* linesOf(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<string, undefined> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    yield* lines;
  }
  assertEquals(rest, "");
}

Deno.test("--batch of a file that is not there says so as every other file does", async () => {
  const { code, err } = await headroom([
    ...["estimate", "--batch", "no/such.jsonl"],
  ]);
  assertEquals(code, 2);
  assertEquals(
    err.trim(),
    "--batch: Cannot read no/such.jsonl: there is no such file",
  );
});
