import { assert, assertEquals, assertMatch } from "@std/assert";
import { playRanks } from "../../../lib/engines/step.ts";
import { resolveModel } from "../../../lib/models/resolve_model.ts";
import type { ScenarioInput } from "../../../lib/mod.ts";
import { tryEstimate } from "../../../lib/mod.ts";
import { allocatorPeaks } from "../../../lib/play/readers/allocator/peaks.ts";
import { parseScenario } from "../../../lib/scenario/parse_scenario.ts";
import steps from "../../truth/parallel_steps.json" with { type: "json" };
import { fullReplay } from "../full_replay.ts";
import { assertOk } from "../results.ts";
import type { Traced } from "../traced.ts";
import { errorsOf, playedOf } from "../traced.ts";

type Case = Traced & { engine: string; unsaid?: readonly string[] };

const CASES = (steps as unknown as Case[]).filter(({ engine }) =>
  engine === "deepspeed+ulysses" || engine === "fsdp2+cp"
);

function named(name: string): Case {
  const found = CASES.find((each) => each.name === name);
  assert(found, `no step is called ${name}`);
  return found;
}

/** Tiles of logits as they were traced, where they are other than of 1 GiB. */
interface Tiled {
  readonly rows: number;
  readonly traced: number;
  readonly vocabulary: number;
  readonly hidden: number;
}

/**
 * What a forward pass holds more than was traced where one tile has all rows: three
 * fp32 tensors of the rows that traced tiles have not, less the head's gradient in
 * bf16, which the second tile finds.
 */
function oneTile({ rows, traced, vocabulary, hidden }: Tiled): number {
  const tile = Math.ceil(rows / traced);
  return 3 * 4 * (rows - tile) * vocabulary - 2 * vocabulary * hidden;
}

const SMALL = { rows: 4096, vocabulary: 32_000, hidden: 1024 };

/** Six layers' outputs of 4,096 tokens in bf16. */
const ORDERED = 6 * 4096 * 1024 * 2;

/** Bytes that a phase is played with beyond its trace, for what no field says. */
const UNSAID: Record<string, Record<string, number>> = {
  "ulysses llama-small w8 sp4 zero3 tiled logits": {
    forward: oneTile({ ...SMALL, traced: 4 }),
  },
  "ulysses llama-small w8 sp4 zero3 tiled both no-ckpt": {
    forward: oneTile({ ...SMALL, traced: 8 }),
  },
  "ulysses mistral-small w4 sp2 zero3 tiled both": {
    forward: oneTile({
      rows: 2 * 4096,
      traced: 5,
      vocabulary: 32_768,
      hidden: 1536,
    }),
  },
  // Outputs that are put together of halves are copied; without balance none is.
  "cp llama-small w8 cp4 no load balance": {
    forward: ORDERED,
    backward_start: ORDERED,
    backward: ORDERED,
  },
};

/** MLPs that were traced whole beside a loss in tiles. */
const WHOLE_MLP = "ulysses llama-small w8 sp4 zero3 tiled logits";

for (const each of CASES) {
  Deno.test(`sequences are shared as they were traced: ${each.name}`, () => {
    const bytes = Object.entries(each.bytes).map(([phase, traced]) => [
      phase,
      traced + (UNSAID[each.name]?.[phase] ?? 0),
    ]);
    const limit = (phase: string) =>
      each.name === WHOLE_MLP && phase === "backward" ? 0.02 : 0.005;
    assertEquals(
      errorsOf({ ...each, bytes: Object.fromEntries(bytes) }).filter((
        [phase, off],
      ) => Math.abs(off) > limit(phase)),
      [],
    );
  });
}

for (
  const name of [
    "cp llama-small w8 cp4",
    "ulysses llama-small w8 sp4 zero3",
    "ulysses mistral-small w4 sp2 zero3 tiled both",
  ]
) {
  Deno.test(`the allocator's reader agrees with a full replay: ${name}`, () => {
    const { step } = playedOf(named(name));
    const { reserved, allocated } = allocatorPeaks(step);
    assertEquals({ reserved, allocated }, fullReplay(step));
    const listed = step.peak.live.reduce((sum, { bytes }) => sum + bytes, 0);
    assertEquals(listed, step.peak.bytes);
  });
}

const LLAMA = "meta-llama/Llama-3.1-8B";
const RING = {
  engine: { name: "fsdp2" },
  parallel: { gpus: 8, cp: 4 },
} as const;
const ULYSSES = {
  engine: { name: "deepspeed", zero_stage: 3 },
  parallel: { gpus: 8, cp: 4 },
} as const;

const UNPLAYED: readonly [Partial<ScenarioInput>, RegExp][] = [
  [
    { ...RING, train: { sequence_length: 1001 } },
    /train\.sequence_length 1001 is no multiple of the 8 parts .* the nearest that is is 1000/,
  ],
  [
    { ...ULYSSES, train: { sequence_length: 1002 } },
    /train\.sequence_length 1002 is no multiple of the 4 parts .* the nearest that is is 1004/,
  ],
  [
    { ...RING, parallel: { gpus: 8, cp: 4, cp_kind: "ulysses" } },
    /parallel\.cp_kind ulysses is not played with engine\.name fsdp2, whose way is ring/,
  ],
  [
    { ...ULYSSES, parallel: { gpus: 8, cp: 4, cp_kind: "ring" } },
    /parallel\.cp_kind ring is not played with engine\.name deepspeed, whose way is ulysses/,
  ],
  [
    { ...RING, engine: { name: "fsdp" } },
    /parallel\.cp 4 is not played with engine\.name fsdp: fsdp2/,
  ],
  [
    { ...ULYSSES, train: { attention: "eager" } },
    /parallel\.cp 4 needs a kernel of attention: train\.attention is eager/,
  ],
  [
    { ...RING, precision: { weights: "fp32" } },
    /no kernel of PyTorch's ring takes fp32 heads that are shared/,
  ],
  [
    {
      ...ULYSSES,
      engine: { name: "deepspeed", zero_stage: 2 },
      train: { loss: "chunked" },
    },
    /train\.loss chunked with parallel\.cp is played with ZeRO 3: engine\.zero_stage is 2/,
  ],
  [
    { ...ULYSSES, model: "deepseek-ai/DeepSeek-V2-Lite" },
    /Ulysses takes heads of one width/,
  ],
  [
    { ...RING, model: "state-spaces/mamba-2.8b-hf" },
    /parallel\.cp with models with state spaces is not played/,
  ],
];

for (const [input, words] of UNPLAYED) {
  Deno.test(`shared sequences are not played, and why is said: ${words}`, () => {
    const scenario = parseScenario({ model: LLAMA, ...input });
    assertOk(scenario);
    const model = resolveModel(scenario.value.model);
    assertOk(model);
    const ranks = playRanks(scenario.value, model.value);
    assert("reason" in ranks);
    assertMatch(ranks.reason, words);
  });
}

Deno.test("Ulysses names the ranks that a model's heads can be shared by", () => {
  const answer = tryEstimate({
    model: LLAMA,
    engine: { name: "deepspeed" },
    parallel: { gpus: 12, cp: 6 },
  });
  assert(!answer.ok);
  assertMatch(
    answer.problems[0]?.message ?? "",
    /parallel\.cp must divide the model's 32 attention heads for Ulysses, and divide its 8 key-value heads or be a multiple of them: current value is 6; 4 and 8 do/,
  );
});
