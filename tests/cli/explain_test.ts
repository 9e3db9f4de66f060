import { assert, assertEquals, assertMatch } from "@std/assert";
import { explain } from "../../lib/mod.ts";
import { headroom } from "./headroom.ts";

const ERROR =
  "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 3.91 GiB. GPU 0 has a total capacity of 79.15 GiB of which 2.31 GiB is free. Including non-PyTorch memory, this process has 76.82 GiB memory in use. Of the allocated memory 74.90 GiB is allocated by PyTorch, and 1.09 GiB is reserved by PyTorch but unallocated.\n";
const RUN = [
  ...["--model", "llama3.1-8b", "--per-device-batch", "2"],
  ...["--seq-len", "4096"],
];

Deno.test("estimate --explain - and explain - say the same of the standard input", async () => {
  const first = await headroom(["estimate", "--explain", "-", ...RUN], {
    stdin: ERROR,
  });
  assertEquals([first.code, first.err], [0, ""]);
  assertMatch(first.out, /^PyTorch asked for 3\.91 GiB on GPU 0;/);
  assertMatch(first.out, /3\.91 GiB = 2 × 4,096 × 128,256 × 4 B/);
  assertMatch(first.out, /What would help/);
  assertMatch(first.out, /fragmentation +1\.09 GiB/);
  const second = await headroom(["explain", "-", ...RUN], { stdin: ERROR });
  assertEquals([second.code, second.out], [0, first.out]);
  const third = await headroom(["explain", ...RUN], { stdin: ERROR });
  assertEquals([third.code, third.out], [0, first.out]);
});

Deno.test("estimate --explain FILE --json gives what the library does", async () => {
  const file = await Deno.makeTempFile({ suffix: ".log" });
  try {
    await Deno.writeTextFile(file, ERROR);
    const { code, out } = await headroom(
      ["estimate", "--explain", file, ...RUN, "--json"],
    );
    assertEquals(code, 0);
    const expected = explain(ERROR, {
      model: "llama3.1-8b",
      train: { micro_batch: 2, sequence_length: 4096 },
    });
    assert(expected.ok);
    assertEquals(JSON.parse(out), JSON.parse(JSON.stringify(expected.value)));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("explain needs no model", async () => {
  const { code, out } = await headroom(["explain", "-"], { stdin: ERROR });
  assertEquals(code, 0);
  assertMatch(out, /What to do next/);
  assertMatch(out, /Name the model/);
});

for (
  const [args, stdin, message] of [
    [["explain", "-"], "", /--explain: text must not be empty/],
    [["explain", "-"], "hello", /--explain: text must be an error of memory/],
    [["explain", "nowhere.log"], "", /Cannot read nowhere\.log/],
    [["explain", "-", "--model", "nope/nope"], ERROR, /nope\/nope/],
    [
      ["explain", "-", "--model", "gpt2", "--per-device-batch", "0"],
      ERROR,
      /--per-device-batch must be at least 1|at least 1/,
    ],
    [
      ["explain", "-", "--scenario", "-"],
      ERROR,
      /both read the standard input/,
    ],
    [
      ["estimate", "--batch", "-", "--explain", "x"],
      "",
      /--batch takes no other flags/,
    ],
  ] as const
) {
  Deno.test(`${args.join(" ")} is refused: ${message.source}`, async () => {
    const { code, err } = await headroom([...args], { stdin });
    assertEquals(code, 2);
    assertMatch(err, message);
  });
}

Deno.test("explain --json refuses in JSON too", async () => {
  const { code, out } = await headroom(["explain", "-", "--json"], {
    stdin: "hello",
  });
  assertEquals(code, 2);
  assertEquals(JSON.parse(out).error.path, "text");
});
