import { join } from "node:path";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { modelOfConfig } from "../../lib/models/build_model.ts";
import type { HeaderTensor } from "../../lib/models/headers/mod.ts";
import { ggufFile, SMALL_LLAMA, smallLlama } from "../lib/gguf_file.ts";
import { headersOf } from "../lib/headers.ts";
import { startFakeHub, TOKEN } from "../hub/fake_hub.ts";
import type { Ran } from "./headroom.ts";
import { headroom } from "./headroom.ts";

const CONFIG = {
  model_type: "llama",
  hidden_size: 64,
  intermediate_size: 96,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  vocab_size: 320,
};
const PARAMETERS = 3 * (4 * 64 * 64 + 3 * 64 * 96 + 2 * 64) + 64 + 2 * 320 * 64;

/** What an index says whose files are still to come. */
const AWAITED = 12_345_678;

function tensors(): HeaderTensor[] {
  const model = modelOfConfig(CONFIG, { name: "x", source: "config" });
  assert(model.ok);
  return headersOf(model.value.tensors);
}

/** A safetensors file of two-byte weights, all zero. */
function safetensors(listed: readonly HeaderTensor[]): Uint8Array {
  let end = 0;
  const header = new TextEncoder().encode(JSON.stringify(
    Object.fromEntries(listed.map(({ name, shape, dtype }) => {
      const begin = end;
      end += 2 * shape.reduce((product, size) => product * size, 1);
      return [name, { dtype, shape, data_offsets: [begin, end] }];
    })),
  ));
  const file = new Uint8Array(8 + header.length + end);
  new DataView(file.buffer).setBigUint64(0, BigInt(header.length), true);
  file.set(header, 8);
  return file;
}

async function inFolder(
  files: Record<string, Uint8Array | object>,
  run: (folder: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    for (const [name, content] of Object.entries(files)) {
      await Deno.mkdir(join(folder, name, ".."), { recursive: true });
      await Deno.writeFile(
        join(folder, name),
        content instanceof Uint8Array
          ? content
          : new TextEncoder().encode(JSON.stringify(content)),
      );
    }
    await run(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

const estimate = (folder: string, model: string, ...more: string[]): Promise<
  Ran
> =>
  headroom(["estimate", "--json", "--model", model, ...more], {
    env: { INIT_CWD: folder },
  });

Deno.test("estimate --model reads checkpoints on a disk by their headers", async () => {
  const all = tensors();
  const half = Math.floor(all.length / 2);
  const shards = {
    "model-00001-of-00002.safetensors": all.slice(0, half),
    "model-00002-of-00002.safetensors": all.slice(half),
  };
  const index = {
    weight_map: Object.fromEntries(
      Object.entries(shards).flatMap(([file, listed]) =>
        listed.map(({ name }) => [name, file])
      ),
    ),
  };
  const { metadata, tensors: packed } = smallLlama();
  const files: Record<string, Uint8Array | object> = {
    "whole/config.json": CONFIG,
    "whole/model.safetensors": safetensors(all),
    "bare/any.safetensors": safetensors(all),
    "shards/config.json": { ...CONFIG, model_type: "unheard_of" },
    "shards/model.safetensors.index.json": index,
    "awaited/config.json": { ...CONFIG, model_type: "unheard_of" },
    "awaited/model.safetensors.index.json": {
      ...index,
      metadata: { total_size: 2 * AWAITED },
    },
    "expected/config.json": CONFIG,
    "expected/model.safetensors.index.json": {
      ...index,
      metadata: { total_size: 2 * PARAMETERS },
    },
    "split/m-00001-of-00002.gguf": ggufFile({
      metadata,
      tensors: packed.slice(0, 9),
    }),
    "split/m-00002-of-00002.gguf": ggufFile({
      metadata: {},
      tensors: packed.slice(9),
    }),
  };
  for (const [name, listed] of Object.entries(shards)) {
    files[`shards/${name}`] = safetensors(listed);
  }
  await inFolder(files, async (folder) => {
    const cases: [path: string, source: string, parameters: number][] = [
      ["whole", "config", PARAMETERS],
      ["whole/model.safetensors", "headers", PARAMETERS],
      ["bare", "headers", PARAMETERS],
      ["./bare/any.safetensors", "headers", PARAMETERS],
      [join(folder, "shards"), "headers", PARAMETERS],
      ["awaited", "config", AWAITED],
      ["expected", "config", PARAMETERS],
      ["split", "headers", SMALL_LLAMA],
      ["split/m-00002-of-00002.gguf", "headers", SMALL_LLAMA],
    ];
    await Promise.all(cases.map(async ([path, source, parameters]) => {
      const { code, out, err } = await estimate(folder, path);
      assertEquals([code, err], [0, ""], path);
      const { model } = JSON.parse(out);
      assertEquals(
        [model.source, model.parameters],
        [source, parameters],
        path,
      );
    }));
    const counted = await estimate(folder, "whole", "--load-full-model");
    assertEquals(JSON.parse(counted.out).model.source, "headers");
  });
});

Deno.test("estimate --model refuses checkpoints that cannot be", async () => {
  const claims = new Uint8Array(64);
  new DataView(claims.buffer).setBigUint64(0, 2n ** 60n, true);
  const short = safetensors(tensors()).slice(0, 200);
  const whole = ggufFile(smallLlama());
  await inFolder({
    "huge.safetensors": claims,
    "short.safetensors": short,
    "text.gguf": new TextEncoder().encode("nothing of the kind"),
    "many/a-Q8_0.gguf": whole,
    "many/a-Q4_0.gguf": whole,
    "part/a-00001-of-00002.gguf": whole,
    "out/model.safetensors.index.json": {
      weight_map: { x: "../huge.safetensors" },
    },
    "absent/model.safetensors.index.json": {
      weight_map: { x: "no.safetensors" },
    },
  }, async (folder) => {
    const cases: [path: string, message: string][] = [
      ["huge.safetensors", "at most 25000000 bytes"],
      ["short.safetensors", "the file has 200"],
      ["text.gguf", "does not begin with GGUF"],
      ["none.gguf", "there is none at none.gguf"],
      ["none.safetensors", "there is none at none.safetensors"],
      ["many", "it has a-Q4_0.gguf, a-Q8_0.gguf"],
      ["part", "lacks a-00002-of-00002.gguf"],
      ["part/a-00001-of-00002.gguf", "there is no such file"],
      ["out", "must name files beside it"],
      ["absent", "is not there"],
    ];
    await Promise.all(cases.map(async ([path, message]) => {
      const { code, out, err } = await estimate(folder, path);
      assertEquals(code, 2, path);
      assertStringIncludes(err, "--model");
      assertStringIncludes(err, message);
      assertStringIncludes(JSON.parse(out).error.message, message);
    }));
  });
});

Deno.test("estimate --hf-token-stdin takes a token, and tells it nowhere", async () => {
  await using hub = startFakeHub({
    "a/gated": { config: CONFIG, gated: true },
  });
  const run = async (
    token: string,
  ): Promise<{ code: number; text: string }> => {
    const process = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "--no-prompt",
        "--allow-read",
        "--allow-net=127.0.0.1",
        "--allow-env=INIT_CWD,NO_COLOR,FORCE_COLOR,HF_ENDPOINT,HF_TOKEN,HF_HUB_OFFLINE",
        "cli.ts",
        ..."estimate --json --model a/gated --hf-token-stdin".split(" "),
      ],
      cwd: new URL("../../", import.meta.url),
      env: { HF_ENDPOINT: hub.endpoint, HF_TOKEN: "hf_other" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(token));
    await writer.close();
    const { code, stdout, stderr } = await process.output();
    const decoder = new TextDecoder();
    return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
  };
  const open = await run(`${TOKEN}\n`);
  assertEquals(open.code, 0, open.text);
  assert(!open.text.includes(TOKEN));
  for (const wrong of ["hf_wrong_one", "", "two words"]) {
    const closed = await run(wrong);
    assertEquals(closed.code, 2, closed.text);
    assert(wrong === "" || !closed.text.includes(wrong), closed.text);
  }
  assert(hub.asked.some((request) => request.endsWith("with token")));
});

Deno.test("estimate --hf-token-stdin leaves the standard input to one reader", async () => {
  for (const flag of ["--scenario", "--batch"]) {
    const { code, err } = await headroom(
      ["estimate", flag, "-", "--hf-token-stdin"],
      { stdin: "hf_secret\n" },
    );
    assertEquals(code, 2);
    assertStringIncludes(err, "both read the standard input");
  }
});
