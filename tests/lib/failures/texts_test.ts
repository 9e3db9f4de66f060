import { assertEquals } from "@std/assert";
import { readFailure } from "../../../lib/failures/read.ts";
import { assertOk } from "../results.ts";
import { expected, readAs } from "./said.ts";
import { HOST_TEXTS } from "./host_texts.ts";
import { LOG_TEXTS } from "./log_texts.ts";
import { REFUSAL_TEXTS } from "./refusal_texts.ts";
import { RUNTIME_TEXTS } from "./runtime_texts.ts";
import { SERVING_TEXTS } from "./serving_texts.ts";
import { TABLE_TEXTS } from "./table_texts.ts";
import { TORCH_TEXTS } from "./torch_texts.ts";
import { TRAINING_TEXTS } from "./training_texts.ts";

for (
  const { name, text, says } of [
    ...TORCH_TEXTS,
    ...TRAINING_TEXTS,
    ...SERVING_TEXTS,
    ...TABLE_TEXTS,
    ...HOST_TEXTS,
    ...LOG_TEXTS,
    ...REFUSAL_TEXTS,
    ...RUNTIME_TEXTS,
  ]
) {
  Deno.test(`what is read of: ${name}`, () => {
    const read = readFailure(text);
    assertOk(read);
    assertEquals(readAs(read.value, says), expected(says));
  });
}
