import type { Act, Run } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { PassActs, Stack } from "../../play/program/pass.ts";
import { passActs } from "../../play/program/pass.ts";
import type { Parameter } from "../../play/torch/values.ts";
import { Cutter } from "../cuts.ts";
import type { Turn } from "../megatron/schedule.ts";
import type { Gradients } from "../zero/buckets.ts";
import { whenOf } from "../zero/buckets.ts";
import { free, take } from "../zero/common.ts";

/** A stage of DeepSpeed's pipeline. */
export interface PipedStage {
  readonly stack: Stack;
  readonly receives: boolean;
  readonly sends: boolean;
  /** Hidden states as they are handed on. */
  readonly handed: Buffer;
  /** Logits that the pipeline keeps in the place of former ones; nothing of others. */
  readonly logits: Buffer;
  /** What a forward pass copies of its inputs, and what making these takes. */
  readonly copied: Buffer;
  readonly made: Buffer;
}

/** A stage's passes, and the gradients that stand after them. */
export interface PipedPasses {
  readonly acts: readonly Act[];
  readonly passes: readonly PassActs[];
  /** In the order of the model's parameters. */
  readonly standing: readonly Parameter[];
}

/**
 * A stage's passes in the order of its turns. Outputs stand until they have run
 * backward, and buffers for what comes from other stages for ever.
 *
 * Source: deepspeed/runtime/pipe/engine.py, _exec_forward_pass,
 * _exec_backward_pass, _exec_recv_activations, _exec_recv_grads
 *
 * @param begun What happens when the first gradient of a step is there.
 * @param after What happens after each backward pass.
 */
export function pipedPasses(
  stage: PipedStage,
  turns: readonly Turn[],
  gradients: Gradients,
  begun: (run: Run) => readonly Act[],
  after: readonly Act[],
): PipedPasses {
  const passes = new Map<number, PassActs>();
  const cutter = new Cutter();
  const standing: Parameter[] = [];
  let isBegun = false;
  const passOf = (micro: number): PassActs => {
    const pass = passes.get(micro) ??
      passActs({ stacks: [stage.stack], hostBytes: 0 });
    passes.set(micro, pass);
    return pass;
  };
  /** A backward run with the gradients that it gives. */
  const given = (run: Run): Act[] =>
    cutter.cut(
      run,
      cutter.taken(run).map(({ parameter, at }) => {
        const when = whenOf(run);
        const first = isBegun ? [] : begun(run);
        isBegun = true;
        standing.push(parameter);
        const acts = [...first, take(gradients.of(parameter), when)];
        return { at, acts };
      }),
    );
  const acts = turns.flatMap(({ kind, micro }): Act[] => {
    const own = passOf(micro).acts.filter(({ phase }) =>
      (phase === "forward") === (kind === "forward")
    );
    const [first] = own;
    if (!first) return [];
    const when = whenOf(first);
    if (kind === "forward") {
      const last = stage.sends ? own.slice(-1) : [];
      return [
        take(stage.made, when),
        free(stage.made, when),
        take(stage.copied, when),
        ...own.slice(0, own.length - last.length).flatMap((run) =>
          run.name === "body" ? [run, free(stage.logits, whenOf(run))] : [run]
        ),
        ...(stage.sends ? [] : [take(stage.logits, when)]),
        ...last.flatMap((run) => [take(stage.handed, whenOf(run)), run]),
        free(stage.copied, when),
      ];
    }
    // Later micro-batches add to what the first one gave.
    const runs = micro === 0 ? own.map(given) : own.map((run) => [run]);
    if (!stage.sends) return [...runs.flat(), ...after];
    // Its output's gradient lies in the buffer that it was received in.
    const [sent = [], reader = [], ...rest] = runs;
    return [
      free(stage.handed, when),
      ...sent,
      ...reader,
      take(stage.handed, when),
      ...rest.flat(),
      free(stage.handed, when),
      ...after,
    ];
  });
  return {
    acts,
    passes: [...passes.values()],
    standing: standing.toReversed(),
  };
}
