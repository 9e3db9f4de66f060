import fc from "../npm/fast-check.ts";
import type { Block } from "../../lib/play/record/block.ts";
import { segmentOf } from "../../lib/play/record/block.ts";
import { optimizerRule } from "../../lib/optimizers/rules.ts";
import { singleProgram } from "../../lib/engines/single.ts";
import { bufferOf } from "../../lib/play/program/buffer.ts";
import type { Run } from "../../lib/play/program/act.ts";
import type { Pass } from "../../lib/play/program/pass.ts";
import { passActs } from "../../lib/play/program/pass.ts";
import type { Reached } from "../../lib/play/readers/allocator/peaks.ts";
import { DEFAULT_SCENARIO } from "../../lib/scenario/default_scenario.ts";
import { Tape } from "../../lib/play/memory/tape.ts";

const KIB = 1024;

/** Few sizes of every sort, so that they meet one another again and again. */
const size = fc.constantFrom(
  ...[8, 400, 1024, 1025, 1500, 2048, 4096, 7000, 10_240, 16_384, 20_480].map(
    (kib) => kib * KIB,
  ),
  ...[24, 32, 56, 56.5, 112].map((mib) => mib * KIB ** 2),
);

/** Allocates a storage, or frees the so-manieth of those that may be freed. */
const action = fc.oneof(
  { weight: 3, arbitrary: size.map((bytes) => ({ bytes })) },
  { weight: 2, arbitrary: fc.nat(50).map((which) => ({ which })) },
);

const layer = fc.record({
  forward: fc.array(action, { minLength: 2, maxLength: 14 }),
  backward: fc.array(action, { minLength: 2, maxLength: 20 }),
  /** Whether the hidden states' gradient is summed up in place. */
  isInPlace: fc.boolean(),
  /** Whether layers keep what they were given until their backward pass. */
  keepsInput: fc.boolean(),
});

type Layer = typeof layer extends fc.Arbitrary<infer T> ? T : never;

/**
 * A recorded layer that does something at random; what stands before the layers
 * is given nothing, and what stands behind them gives nothing.
 */
function blockOf(
  { forward, backward, isInPlace, keepsInput }: Layer,
  hidden: number,
  { isFirst = false, isLast = false } = {},
): Block {
  const tape = new Tape();
  const input = isFirst
    ? tape.allocate(hidden, "input", "residual stream")
    : tape.external(hidden, "input", "residual stream");
  const live: number[] = [];
  const play = (actions: typeof forward) => {
    for (const each of actions) {
      if ("bytes" in each) {
        live.push(tape.allocate(each.bytes, "tensor", "MLP activations"));
      } else if (live.length > 0) {
        const [id] = live.splice(each.which % live.length, 1);
        if (id !== undefined) tape.release(id);
      }
    }
  };
  play(forward);
  const output = tape.allocate(hidden, "output", "residual stream");
  if (!keepsInput) tape.release(input);
  const end = tape.events.length;
  const gradOut = isLast
    ? tape.allocate(hidden, "gradient", "activation gradients")
    : tape.external(hidden, "gradient", "activation gradients");
  if (isLast) tape.release(output);
  play(backward);
  const gradIn = isInPlace
    ? gradOut
    : tape.allocate(hidden, "gradient", "activation gradients");
  if (!isInPlace) tape.release(gradOut);
  if (keepsInput) tape.release(input);
  // What is left are gradients of parameters; the rest goes.
  for (const id of live.splice(2)) tape.release(id);
  if (isFirst) tape.release(gradIn);
  return {
    forward: segmentOf(tape, 0, end),
    exit: segmentOf(tape, end, end),
    backward: segmentOf(tape, end, tape.events.length),
    ports: {
      in: isFirst ? null : input,
      out: isLast ? null : output,
      gradIn: isFirst ? null : gradIn,
      gradOut: isLast ? null : gradOut,
      carried: [],
    },
    parameters: [],
    modules: [],
    outputDtype: "bf16",
  };
}

const stack = fc.record({
  layers: fc.integer({ min: 1, max: 160 }),
  hidden: size,
  kinds: fc.array(layer, { minLength: 1, maxLength: 2 }),
  ends: fc.tuple(layer, layer),
  loaded: fc.array(size, { maxLength: 4 }),
  trained: fc.array(size, { maxLength: 3 }),
  implementation: fc.constantFrom("foreach", "for-loop"),
});

/**
 * The first two steps of a stage of a pipeline: micro-batches run forward some time
 * before they run backward, and begin some runs before the others end.
 */
export const randomPipeline: fc.Arbitrary<Reached> = fc.record({
  layers: fc.integer({ min: 1, max: 5 }),
  hidden: size,
  kinds: fc.array(layer, { minLength: 1, maxLength: 2 }),
  ends: fc.tuple(layer, layer),
  micros: fc.integer({ min: 20, max: 90 }),
  ahead: fc.integer({ min: 0, max: 4 }),
  early: fc.nat(3),
}).map(({ layers, hidden, kinds, ends, micros, ahead, early }) => {
  const blocks = kinds.map((kind) => blockOf(kind, hidden));
  const first = blockOf(ends[0], hidden, { isFirst: true });
  const last = blockOf(ends[1], hidden, { isLast: true });
  const stack = [
    { block: first, at: "embeddings" },
    ...Array.from({ length: layers }, (_, at) => ({
      block: blocks[at % blocks.length] as Block,
      at,
    })),
    { block: last, at: "head" },
  ] as const;
  const step = () => {
    const passes = Array.from(
      { length: micros },
      () => passActs({ stacks: [stack], hostBytes: 0 }).acts,
    );
    const runs = (micro: number, isForward: boolean): Run[] =>
      (passes[micro] ?? []).filter(({ phase }) =>
        (phase === "forward") === isForward
      );
    const acts: Run[] = [];
    let begun = 0;
    for (let micro = 0; micro < micros + ahead; micro++) {
      acts.push(...runs(micro, true).slice(begun));
      // The next one begins before this one runs backward.
      begun = Math.min(early, runs(micro + 1, true).length);
      acts.push(...runs(micro + 1, true).slice(0, begun));
      acts.push(...runs(micro - ahead, false));
    }
    return acts;
  };
  const acts = step();
  return {
    program: {
      load: [],
      first: acts,
      step: step(),
      events: 0,
      blocks: layers + 2,
    },
    peak: { bytes: 0 },
  };
});

/** The first two steps of a model that does something at random. */
export const randomStep: fc.Arbitrary<Reached> = stack.map(
  ({ layers, hidden, kinds, ends, loaded, trained, implementation }) => {
    const blocks = kinds.map((kind) => blockOf(kind, hidden));
    const first = blockOf(ends[0], hidden, { isFirst: true });
    const last = blockOf(ends[1], hidden, { isLast: true });
    const rule = optimizerRule({
      name: "adamw",
      implementation: "auto",
      bits: 32,
      rank: null,
      paged: false,
      in_backward: false,
    });
    if (!rule) throw new Error("AdamW has a rule");
    const pass: Pass = {
      stacks: [[
        { block: first, at: "embeddings" },
        ...Array.from({ length: layers }, (_, at) => ({
          block: blocks[at % blocks.length] as Block,
          at,
        })),
        { block: last, at: "head" },
      ]],
      hostBytes: 0,
    };
    const trainedTensors = trained.map((bytes) => ({
      name: "w",
      shape: [bytes / 2],
      elements: bytes / 2,
      dtype: "bf16" as const,
      copies: layers,
      embedding: false,
      hidden: true,
    }));
    const group = {
      part: "weights",
      label: "weights",
      count: 1,
      elements: null,
    } as const;
    const weights = bufferOf(
      "weights",
      loaded.map((bytes) => ({ group, bytes })),
      layers,
    );
    const program = singleProgram({
      scenario: DEFAULT_SCENARIO,
      inventory: { items: [], beside: [weights], trained: trainedTensors },
      trained: trainedTensors,
      rule,
      implementation,
      inBackward: false,
      passes: [pass],
      workspaces: [],
    });
    return { program, peak: { bytes: 0 } };
  },
);
