import { workspaceActs } from "../../engines/acts.ts";
import { besideBuffer } from "../../plan/beside.ts";
import { loadOrder } from "../../plan/inventory.ts";
import type { StepPlan } from "../../plan/step_plan.ts";
import type { Program, Take } from "../../play/program/act.ts";
import type { RecordedPass } from "./passes.ts";
import type { Share } from "./shares.ts";
import { Weaver } from "./weaver.ts";

/** The passes of a generation that differ, in the order in which they run. */
export interface Passes {
  readonly prefill: RecordedPass;
  /** The first token's after the prompt and the last one's, or fewer. */
  readonly decode: readonly RecordedPass[];
}

/** What a generation does, and which acts of it are of which phase. */
export interface ServedProgram {
  readonly program: Program;
  /** Acts of the step by the phase that they are of. */
  readonly stretches: readonly ServedStretch[];
}

/** A phase of a generation. */
export type ServedPhase =
  | "prefill"
  | "decode, first token"
  | "decode, last token"
  | "sampling";

/** Acts from a place of the step up to another. */
export interface ServedStretch {
  readonly name: ServedPhase;
  readonly from: number;
  readonly to: number;
}

/** What stands while a batch is served, beside weights and caches, in bytes. */
export interface Beside {
  /** Ids of tokens and their mask. */
  readonly inputs: number;
  /** Each workspace that libraries keep. */
  readonly workspaces: readonly number[];
}

/**
 * The program of one GPU in a generation: the prompt, the first token after it, and
 * the last one, before which caches have grown to what the tokens between leave.
 */
export function servedProgram(
  plan: StepPlan,
  share: Share,
  { prefill, decode }: Passes,
  { inputs, workspaces }: Beside,
): ServedProgram {
  const weaver = new Weaver(share);
  const stretches: ServedStretch[] = [];
  const run = (name: ServedPhase, pass: RecordedPass) => {
    const from = weaver.acts.length;
    weaver.pass(pass);
    const to = weaver.acts.length;
    weaver.pick();
    stretches.push({ name, from, to }, {
      name: "sampling",
      from: to,
      to: weaver.acts.length,
    });
  };
  run("prefill", prefill);
  const [first, last] = decode;
  if (first) {
    weaver.grow(prefill, first);
    run("decode, first token", first);
  }
  if (first && last) {
    if (last !== first) weaver.grow(first, last);
    run("decode, last token", last);
  }
  const step = weaver.acts;
  return {
    stretches,
    program: {
      load: [
        ...loadedOf(plan, share),
        ...workspaceActs(workspaces).map((act): Take => ({
          ...act,
          phase: "load",
        })),
        {
          act: "take",
          phase: "load",
          at: "load",
          buffer: besideBuffer("inputs", "token ids and their mask", inputs),
        },
      ],
      first: [],
      step,
      events: step.reduce(
        (sum, act) =>
          act.act === "run" ? sum + act.segment.to - act.segment.from : sum,
        0,
      ),
      blocks: weaver.instances,
    },
  };
}

/** What a GPU loads, in the order of modules; buffers go with the first layers. */
function loadedOf(
  { inventory, stack }: StepPlan,
  { isFirst, isLast, layers: [from, to] }: Share,
): Take[] {
  const path = `${stack.path}.N`;
  const acts: Take[] = [];
  let isBehind = false;
  const take = (buffer: Take["buffer"], at: Take["at"]) =>
    acts.push({ act: "take", phase: "load", at, buffer });
  for (const { buffer, layer } of loadOrder(inventory)) {
    if (layer !== null && buffer.name === path) {
      isBehind = true;
      if (layer >= from && layer < to) take(buffer, layer);
    } else if (isBehind ? isLast : isFirst) take(buffer, layer ?? "load");
  }
  if (isFirst) { for (const buffer of inventory.beside) take(buffer, "load"); }
  return acts;
}
