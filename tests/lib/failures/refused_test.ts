import { assert, assertEquals, assertMatch } from "@std/assert";
import { readFailure } from "../../../lib/failures/read.ts";
import { HOST_TEXTS } from "./host_texts.ts";
import { LOG_TEXTS } from "./log_texts.ts";
import { REFUSAL_TEXTS } from "./refusal_texts.ts";
import { RUNTIME_TEXTS } from "./runtime_texts.ts";
import { SERVING_TEXTS } from "./serving_texts.ts";
import { TABLE_TEXTS } from "./table_texts.ts";
import { TORCH_TEXTS } from "./torch_texts.ts";
import { TRAINING_TEXTS } from "./training_texts.ts";

for (
  const [name, text, message] of [
    ["nothing", "", /must not be empty/],
    ["blanks", " \n\t ", /must not be empty/],
    ["other text", "Hello, will it fit?", /must be an error of memory/],
    [
      "another error",
      "RuntimeError: CUDA error: device-side assert triggered",
      /must be an error of memory/,
    ],
    [
      "a cache that is no longer empty",
      "ValueError: max_model_len must be larger",
      /must be an error of memory/,
    ],
    [
      "a process that ended because another did",
      "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}",
      /further above/,
    ],
    ["much of nothing", "a".repeat(2 ** 21), /must be an error of memory/],
    ["a pickle", "\u0080\u0004\u0095", /pickle/],
    ["a snapshot that is cut", '[{"total_size": 1', /whole JSON/],
    ["a snapshot of nothing", '{"segments": []}', /there are none/],
    [
      "a snapshot of something else",
      '[{"total_size": "x"}]',
      /segments with their sizes/,
    ],
    [
      "too large a snapshot",
      `[{"total_size": 1}${" ".repeat(8 * 2 ** 20)}]`,
      /at most 8388608 characters/,
    ],
  ] as const
) {
  Deno.test(`no error of memory: ${name}`, () => {
    const read = readFailure(text);
    assert(!read.ok);
    assertEquals(read.problems.map(({ path }) => path), ["text"]);
    assertMatch(read.problems[0]?.message ?? "", message);
  });
}

Deno.test("a text that is cut anywhere is read or refused", () => {
  const texts = [
    ...TORCH_TEXTS,
    ...TRAINING_TEXTS,
    ...SERVING_TEXTS,
    ...TABLE_TEXTS,
    ...HOST_TEXTS,
    ...LOG_TEXTS,
    ...REFUSAL_TEXTS,
    ...RUNTIME_TEXTS,
  ];
  for (const { text } of texts) {
    for (let cut = 0; cut < text.length; cut += 37) {
      for (const part of [text.slice(0, cut), text.slice(cut)]) {
        const read = readFailure(part);
        if (!read.ok) continue;
        const { tried, capacity, free } = read.value.failure;
        for (const each of [tried, capacity, free]) {
          assert(each === null || Number.isSafeInteger(each.bytes), part);
        }
      }
    }
  }
});

Deno.test("of many errors a bounded number is kept", () => {
  const one =
    "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.52 GiB of which 1.00 GiB is free.\n";
  const read = readFailure(
    Array.from({ length: 3000 }, (_, at) => `[rank${at}]: ${one}`).join(""),
  );
  assert(read.ok);
  assertEquals(read.value.more.length, 63);
});

Deno.test("of a long log the beginning and the end are read", () => {
  const read = readFailure(
    `--model_name_or_path Qwen/Qwen3-8B\n${
      "{'loss': 1.2345}\n".repeat(200_000)
    }torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 23.52 GiB of which 1.00 GiB is free.\n`,
  );
  assert(read.ok);
  assertEquals(read.value.failure.tried?.bytes, 2 ** 31);
  assertEquals(read.value.facts.model, "Qwen/Qwen3-8B");
});
