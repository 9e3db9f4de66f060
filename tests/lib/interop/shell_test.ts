import { assert, assertEquals, assertMatch } from "@std/assert";
import { readShell } from "../../../lib/interop/reading/shell/read_shell.ts";
import fc from "../../npm/fast-check.ts";

Deno.test("readShell() follows variables, arrays and sums", () => {
  const { flags, notes } = readShell(`
    set -e
    export N=4   # nodes
    A=\${B:-3}; ARGS="--one $A
      --two '$N' "   # not read
    LIST=( --three=$(( N * (2 + 0) )) --four $((N*2+A)) )
    if [ -n "$X" ]; then
      LIST+=( --five 5 )
    fi
    LIST+=( --six )
    torchrun run.py $ARGS "\${LIST[@]}" \\
      --seven "two words" --eight $NOT_SET --nine=-1 -- rest
  `);
  assertEquals(notes.length, 1);
  assertMatch(notes[0] ?? "", /^1 line stands in conditions/);
  const { one, three, four, five, six, seven, eight, nine } = flags;
  assertEquals({ one, four, five, six, seven, nine }, {
    one: "3",
    four: "11",
    five: undefined,
    six: true,
    seven: "two words",
    nine: "-1",
  });
  assert(String(three).startsWith("\u0001"));
  assertEquals(eight, "\u0001NOT_SET");
});

Deno.test("readShell() ends whatever it reads", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(
        ..."--a $ ${ } ( ) \" ' \\ \n = A=1 A+=( $A ${A[@]} $((A*2)) # if fi ; | & \u0001 é"
          .split(" "),
        " ",
      )),
      (pieces) => {
        readShell(pieces.join(""));
      },
    ),
    { numRuns: 500 },
  );
});
