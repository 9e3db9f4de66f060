import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  flagsGathered,
  flagsOf,
} from "../../../lib/interop/reading/shell/read_shell.ts";
import {
  leftOut,
  readScript,
} from "../../../lib/interop/reading/shell/script.ts";
import { unsetIn } from "../../../lib/interop/reading/shell/unset.ts";
import fc from "../../npm/fast-check.ts";

/** The flags of a script's longest command. */
function flagsIn(script: string, given: Record<string, string> = {}) {
  const read = readScript(script, new Map(Object.entries(given)));
  return { ...read, flags: flagsOf(flagsGathered(read).flags) };
}

Deno.test("readScript() follows variables, arrays and sums", () => {
  const { flags, left } = flagsIn(`
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
  assertEquals(left, 0);
  const { one, three, four, five, six, seven, eight, nine } = flags;
  assertEquals({ one, three, four, five, six, seven, nine }, {
    one: "3",
    three: "8",
    four: "11",
    five: undefined,
    six: true,
    seven: "two words",
    nine: "-1",
  });
  assertEquals(unsetIn(String(eight)), ["NOT_SET"]);
});

const SIZES = `
  SIZE=$1; TP=\${TP:-2}
  if [ $SIZE = 7B ]; then LAYERS=32
  elif [[ "$SIZE" == 13B || $SIZE == 14B ]]; then LAYERS=40; else exit 1; fi
  case $SIZE in 7B) HIDDEN=4096 ;; 13B|14B) HIDDEN=5120 ;; esac
  run() { torchrun pretrain_gpt.py --num-layers $LAYERS --hidden-size $HIDDEN --tp $1; }
  run $((TP * 2))
`;

Deno.test("a condition that waits for the caller asks for what it waits for", () => {
  const { flags } = flagsIn(SIZES);
  assertEquals(unsetIn(String(flags["num-layers"])), ["SIZE"]);
  assertEquals(unsetIn(String(flags["hidden-size"])), ["SIZE"]);
  assertEquals(flags["tp"], "4");
});

Deno.test("what is given decides conditions, cases and functions", () => {
  for (
    const [size, layers, hidden] of [["7B", "32", "4096"], [
      "14B",
      "40",
      "5120",
    ]]
  ) {
    const { flags, left } = flagsIn(SIZES, { SIZE: size ?? "" });
    assertEquals(flags["num-layers"], layers);
    assertEquals(flags["hidden-size"], hidden);
    assertEquals(left, 0);
  }
});

Deno.test("a script's files, what eval and bash -c run, and loops are read", () => {
  const { commands, files, left } = readScript(
    `
    cat <<EOF > conf/ds.json
{"zero_optimization": {"stage": $ZERO}}
EOF
    ZERO=2
    cat > second.json <<'EOF'
{"a": "$ZERO"}
EOF
    CMD="deepspeed train.py --lr 1"
    eval "$CMD --seed 2"
    srun --nodes 2 bash -c "torchrun a.py --x 'y z'"
    for lr in 1 2; do python b.py --lr $lr; done
    while true; do python watch.py; done
  `,
    new Map([["ZERO", "3"]]),
  );
  assertEquals(files.map(({ name }) => name), ["conf/ds.json", "second.json"]);
  assertMatch(files[0]?.text ?? "", /"stage": 3/);
  assertMatch(files[1]?.text ?? "", /"\$ZERO"/);
  assertEquals(
    commands.filter(({ words }) => words.at(0) !== "cat")
      .map(({ words }) => words),
    [
      ["deepspeed", "train.py", "--lr", "1", "--seed", "2"],
      ["srun", "--nodes", "2", "torchrun", "a.py", "--x", "y z"],
      ["python", "b.py", "--lr", "1"],
    ],
  );
  assertEquals(left, 1);
  assertMatch(leftOut(left)[0] ?? "", /^1 statement stands in conditions/);
});

Deno.test("readScript() ends whatever it reads", () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(
        ..."--a $ ${ } ( ) \" ' \\ \n = A=1 A+=( $A ${A[@]} $((A*2)) # if fi then ; | & \u0001 é [ ] f() { } f eval case esac in ${A:-$A} <<E"
          .split(" "),
        " ",
      )),
      (pieces) => {
        readScript(pieces.join(""));
      },
    ),
    { numRuns: 500 },
  );
  const calls = "f() { g; g; }\ng() { f; f; }\nf";
  assert(readScript(calls).commands.length < 5000);
});
