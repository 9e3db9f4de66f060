import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { ggmlType } from "../../lib/models/headers/ggml_types.ts";
import {
  BrokenHeader,
  joinGguf,
  modelOfGguf,
  rangesOfBlob,
  readGguf,
  splitGguf,
  tensorsOfGguf,
} from "../../lib/models/headers/mod.ts";
import type { GgufHeader, GgufTensor } from "../../lib/models/headers/mod.ts";
import truth from "../truth/gguf.json" with { type: "json" };
import type { GgufContent } from "./gguf_file.ts";
import { ggufFile, SMALL_LLAMA, smallLlama } from "./gguf_file.ts";

const read = (file: Uint8Array<ArrayBuffer>): Promise<GgufHeader> =>
  readGguf(rangesOfBlob(new Blob([file])));

const refusal = async (content: GgufContent): Promise<string> => {
  const error = await assertRejects(
    () => read(ggufFile(content)),
    BrokenHeader,
  );
  return error.message;
};

Deno.test("ggmlType() has the blocks of ggml", () => {
  const blocks = truth.filter(({ kind }) => kind === "block");
  assertEquals(blocks.length, 28);
  const known = new Map(
    Array.from({ length: 64 }, (_, number) => ggmlType(number))
      .flatMap((type) => type ? [[type.name, type]] : []),
  );
  for (const { type, block_elements, block_bytes } of blocks) {
    const { elements, bytes } = known.get(type ?? "") ?? {};
    assertEquals([elements, bytes], [block_elements, block_bytes], type);
  }
});

Deno.test("tensorsOfGguf() gives a published file's bytes by type", () => {
  const file = truth.find(({ kind }) => kind === "tensor_mix");
  assert(file?.bytes && file.bytes_by_type);
  const tensors: GgufTensor[] = [
    { name: "token_embd.weight", shape: [4096, 128_256], type: 13 },
    { name: "output.weight", shape: [4096, 128_256], type: 14 },
    { name: "output_norm.weight", shape: [4096], type: 0 },
    { name: "rope_freqs.weight", shape: [64], type: 0 },
    ...Array.from({ length: 32 }, (_, at): GgufTensor[] => [
      { name: `blk.${at}.attn_q.weight`, shape: [4096, 4096], type: 12 },
      { name: `blk.${at}.attn_k.weight`, shape: [4096, 1024], type: 13 },
      { name: `blk.${at}.attn_v.weight`, shape: [4096, 1024], type: 14 },
      { name: `blk.${at}.attn_output.weight`, shape: [4096, 4096], type: 13 },
      { name: `blk.${at}.ffn_gate.weight`, shape: [4096, 14_336], type: 13 },
      { name: `blk.${at}.ffn_up.weight`, shape: [4096, 14_336], type: 13 },
      { name: `blk.${at}.ffn_down.weight`, shape: [14_336, 4096], type: 13 },
      { name: `blk.${at}.attn_norm.weight`, shape: [4096], type: 0 },
      { name: `blk.${at}.ffn_norm.weight`, shape: [4096], type: 0 },
    ]).flat(),
  ];
  const { bytes, dtypes, parameters } = tensorsOfGguf({
    metadata: { "general.architecture": "llama" },
    tensors,
  });
  assertEquals(bytes, file.bytes);
  assertEquals(dtypes, { ...file.bytes_by_type });
  // The table of rotary factors is computed, and no parameter.
  assertEquals(parameters, 8_030_261_248);
  assertEquals(file.elements, parameters + 64);
});

Deno.test("readGguf() reads a file's tensors and dimensions", async () => {
  const model = modelOfGguf("small", await read(ggufFile(smallLlama())));
  assert(model.ok);
  const { parameters, source, architecture, notes } = model.value;
  assertEquals([parameters, source], [SMALL_LLAMA, "headers"]);
  assertEquals(architecture.type, "llama");
  assertEquals(
    [
      architecture.layers,
      architecture.hidden_size,
      architecture.attention_heads,
      architecture.kv_heads,
      architecture.head_dim,
      architecture.intermediate_size,
      architecture.vocab_size,
      architecture.max_position_embeddings,
    ],
    [3, 64, 4, 2, 16, 96, 320, 512],
  );
  assertEquals(architecture.tie_embeddings, false);
  assertEquals(architecture.gated_mlp, true);
  assertStringIncludes(notes.join(), "Q8_0");
});

Deno.test("readGguf() reads the beginning of a file only", async () => {
  const file = ggufFile(smallLlama());
  let last = 0;
  const { tensors } = await readGguf((from, to) => {
    last = Math.max(last, to);
    return Promise.resolve({
      bytes: file.slice(from, to),
      size: 100_000_000_000,
    });
  });
  assertEquals(tensors.length, smallLlama().tensors.length);
  assert(last <= 4_000_000, `${last}`);
});

Deno.test("readGguf() refuses what is no GGUF, is cut off or claims too much", async () => {
  const content = smallLlama();
  const file = ggufFile(content);
  const huge = { name: "x.weight", shape: [2 ** 31, 2 ** 31], type: 0 };
  assertStringIncludes(
    await refusal({ ...content, tensors: [huge, huge] }),
    "bytes with its header: the file has",
  );
  for (const claimed of [2 ** 40, 5_000_000, 100_000]) {
    assertStringIncludes(
      await refusal({ ...content, claimed }),
      `tensors: it claims ${claimed}`,
    );
  }
  assertStringIncludes(
    await refusal({
      ...content,
      tensors: [{ name: "x".repeat(600), shape: [1], type: 0 }],
    }),
    "1 to 512",
  );
  const cases = [
    new Uint8Array(0),
    new TextEncoder().encode("no checkpoint at all, but some text"),
    file.slice(0, 300),
    file.slice(0, file.length - 1000),
  ];
  for (const bytes of cases) {
    await assertRejects(() => read(bytes), BrokenHeader);
  }
  await assertRejects(
    () => readGguf(() => Promise.reject(new Deno.errors.NotFound("gone"))),
    Deno.errors.NotFound,
  );
});

Deno.test("splitGguf() names a split model's files, joinGguf() makes one of them", async () => {
  assertEquals(splitGguf("a/b-00002-of-00003.gguf"), [
    "a/b-00001-of-00003.gguf",
    "a/b-00002-of-00003.gguf",
    "a/b-00003-of-00003.gguf",
  ]);
  assertEquals(splitGguf("b-Q4_K_M.gguf"), ["b-Q4_K_M.gguf"]);
  for (const count of ["00000", "99999"]) {
    let message = "";
    try {
      splitGguf(`b-00001-of-${count}.gguf`);
    } catch (error) {
      assert(error instanceof BrokenHeader);
      message = error.message;
    }
    assertStringIncludes(message, "1 to 1000 files");
  }
  const { metadata, tensors } = smallLlama();
  const first = await read(
    ggufFile({ metadata, tensors: tensors.slice(0, 9) }),
  );
  const second = await read(
    ggufFile({ metadata: {}, tensors: tensors.slice(9) }),
  );
  const model = modelOfGguf("split", joinGguf([first, second]));
  assert(model.ok);
  assertEquals(model.value.parameters, SMALL_LLAMA);
});

Deno.test("modelOfGguf() refuses files without tensors, and names types it does not know", async () => {
  const { metadata, tensors } = smallLlama();
  const empty = modelOfGguf("none", { metadata, tensors: [] });
  assert(!empty.ok);
  assertStringIncludes(empty.problems[0]?.message ?? "", "must hold tensors");
  const odd = { name: "odd.weight", shape: [32], type: 999 };
  const model = modelOfGguf(
    "odd",
    await read(ggufFile({ metadata, tensors: [...tensors, odd] })),
  );
  assert(model.ok);
  assertStringIncludes(model.value.notes.join(), "type 999");
});
