import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BrokenHeader,
  filesOfIndex,
  rangesOfBlob,
  readSafetensors,
} from "../../lib/models/headers/mod.ts";

/** A safetensors file: its header, and so many bytes of weights. */
function file(header: unknown, weights = 0, claimed?: bigint): Blob {
  const text = typeof header === "string" ? header : JSON.stringify(header);
  const bytes = new TextEncoder().encode(text);
  const prefix = new Uint8Array(8);
  new DataView(prefix.buffer).setBigUint64(
    0,
    claimed ?? BigInt(bytes.length),
    true,
  );
  return new Blob([prefix, bytes, new Uint8Array(weights)]);
}

const entry = (shape: number[], begin: number, end: number): object => ({
  dtype: "F32",
  shape,
  data_offsets: [begin, end],
});

Deno.test("readSafetensors() reads names, types and shapes", async () => {
  const blob = file({
    __metadata__: { format: "pt" },
    "a.weight": entry([2, 3], 0, 24),
    "b": entry([], 24, 28),
  }, 28);
  assertEquals(await readSafetensors(rangesOfBlob(blob)), [
    { name: "a.weight", dtype: "F32", shape: [2, 3] },
    { name: "b", dtype: "F32", shape: [] },
  ]);
});

Deno.test("readSafetensors() reads long headers in two parts, and no weights", async () => {
  const tensors = Object.fromEntries(
    Array.from({ length: 5000 }, (_, at) => [
      `model.layers.${at}.weight`,
      entry([2 ** 20], at * 2 ** 22, (at + 1) * 2 ** 22),
    ]),
  );
  const blob = file(tensors);
  const parts: number[][] = [];
  const read = await readSafetensors(async (from, to) => {
    parts.push([from, to]);
    const { bytes } = await rangesOfBlob(blob)(from, to);
    return { bytes, size: 2 ** 40 };
  });
  assertEquals(read.length, 5000);
  assertEquals(parts, [[0, 131_072], [131_072, blob.size]]);
});

const BROKEN: [what: string, blob: Blob, message: string][] = [
  ["nothing", new Blob([]), "at least 8 bytes"],
  ["a header of 2^60 bytes", file({}, 0, 2n ** 60n), "at most 25000000"],
  ["more header than file", file({}, 0, 5000n), "the file has 10"],
  ["no JSON", file("{oops"), "no JSON"],
  ["a list", file("[]"), "no JSON object"],
  ["a tensor without a shape", file({ a: { dtype: "F32" } }), "a shape"],
  ["a negative dimension", file({ a: entry([-1], 0, 4) }, 4), "a shape"],
  ["a dimension of 2^33", file({ a: entry([2 ** 33], 0, 4) }, 4), "at most 4"],
  [
    "nine dimensions",
    file({ a: entry(Array(9).fill(1), 0, 4) }, 4),
    "at most 8",
  ],
  ["too few bytes", file({ a: entry([2], 0, 4) }, 4), "needs 8 bytes"],
  ["weights behind the end", file({ a: entry([2], 0, 8) }, 4), "has 4 there"],
  [
    "an endless name",
    file({ ["a".repeat(600)]: entry([1], 0, 4) }),
    "at most 512",
  ],
];

for (const [what, blob, message] of BROKEN) {
  Deno.test(`readSafetensors() refuses ${what}`, async () => {
    await assertRejects(
      () => readSafetensors(rangesOfBlob(blob)),
      BrokenHeader,
      message,
    );
  });
}

Deno.test("filesOfIndex() names each file once, and none elsewhere", () => {
  const index = (...files: unknown[]): string =>
    JSON.stringify({ weight_map: { ...files } });
  const present = new Set(["a.safetensors", "b.safetensors"]);
  assertEquals(
    filesOfIndex(
      index("b.safetensors", "a.safetensors", "b.safetensors"),
      present,
    ),
    ["a.safetensors", "b.safetensors"],
  );
  const many = Array.from({ length: 1001 }, (_, at) => `${at}.safetensors`);
  const wrong: [string, string][] = [
    ["{", "no JSON"],
    ["{}", "no weight_map"],
    [index(), "1 to 1000 files"],
    [index(...many), "it names 1001"],
    [index("../../etc/passwd"), "files beside it"],
    [index("../x.safetensors"), "files beside it"],
    [index("/x.safetensors"), "files beside it"],
    [index("http://x/x.safetensors"), "files beside it"],
    [index("%2e%2e/x.safetensors"), "files beside it"],
    [index("x.bin"), "files beside it"],
    [index(7), "files beside it"],
    [index("a.safetensors", "c.safetensors"), "c.safetensors, which is not"],
  ];
  for (const [text, message] of wrong) {
    assertThrows(() => filesOfIndex(text, present), BrokenHeader, message);
  }
});
