import { assertEquals } from "@std/assert";
import fc from "../npm/fast-check.ts";
import { app } from "../../app.ts";
import { faultsOf } from "./fuzz/faults.ts";
import type { Asked } from "./fuzz/requests.ts";
import { requestsOf } from "./fuzz/requests.ts";
import { SEED } from "../seed.ts";
import { addresses } from "./requests.ts";

/** Requests of each address; more of them by the environment. */
const RUNS = Number(Deno.env.get("FUZZ_RUNS") ?? 60);

/** Asks for whole estimates by the dozen. */
const SLOW = /(largest|advice)$/;

for (const { path, methods } of addresses()) {
  for (const method of [...methods, ...other(methods)]) {
    const runs = /^\/(static|docs)\//.test(path) || !methods.includes(method)
      ? Math.ceil(RUNS / 10)
      : SLOW.test(path)
      ? Math.ceil(RUNS / 4)
      : RUNS;
    Deno.test(`${method} ${path} answers ${runs} requests of any kind (seed ${SEED})`, async () => {
      await fc.assert(
        fc.asyncProperty(requestsOf(method, path), async (asked) => {
          assertEquals(await faultsOf(await answerTo(asked), path), []);
        }),
        { seed: SEED, numRuns: runs },
      );
    });
  }
}

/** A method that an address does not have. */
function other(methods: readonly string[]): string[] {
  return ["POST", "PATCH"].filter((each) => !methods.includes(each)).slice(
    0,
    1,
  );
}

function answerTo(
  { method, address, headers, body }: Asked,
): Response | Promise<Response> {
  return app.fetch(
    new Request(`http://127.0.0.1${address}`, { method, headers, body }),
  );
}

/** Fields whose text is looked for in a model, or repeated in an answer. */
const TEXTS = [
  "model",
  "train.trainable",
  "train.lora.targets",
  "train.lora.modules_to_save",
  "train.lora.target_parameters",
  "hardware.gpu",
  "quantization.weights",
  "software.torch",
];

Deno.test("every sign is answered in every text of a scenario", async () => {
  const wrong: string[] = [];
  for (let code = 0x20; code < 0x7f; code++) {
    const sign = String.fromCharCode(code);
    for (const field of TEXTS) {
      for (const text of [sign, `a${sign}b`]) {
        const query = new URLSearchParams({
          model: "gpt2",
          "train.method": field === "train.trainable" ? "full" : "lora",
          [field]: text,
        });
        const path = "/api/v1/estimate";
        const response = await app.request(`${path}?${query}`);
        const faults = await faultsOf(response, path);
        if (faults.length > 0) wrong.push(`${field}=${text}: ${faults}`);
      }
    }
  }
  assertEquals(wrong, []);
});
