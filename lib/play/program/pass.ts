import type { At, PhaseName } from "../../answer/curve.ts";
import type { StorageId } from "../memory/tape.ts";
import type { Block, SegmentName } from "../record/block.ts";
import type { Instance, Run, Wire } from "./act.ts";

/** Blocks that run one after the other, such as a decoder's. */
export type Stack = readonly { readonly block: Block; readonly at: At }[];

/** The blocks of one forward and backward pass, in the order in which they run. */
export interface Pass {
  readonly stacks: readonly Stack[];
  /** Passes without gradients that run beside it, in their order. */
  readonly sides?: readonly SidePass[];
  /** Bytes of checkpoints that the host holds when the backward pass begins. */
  /** Bytes of the leaf that stands to the next backward pass; 0 where left out. */
  readonly heldLeafBytes?: number;
  readonly hostBytes: number;
}

/** A pass without gradients: of a reference model, say. */
export interface SidePass {
  readonly stack: Stack;
  /** Whether it runs before the pass that learns, or upon its graph. */
  readonly when: "rollout" | "before" | "after";
  /** Whether what it gave is held until the trainer's function ends. */
  readonly holds: boolean;
}

/** What a pass does, in order. */
export interface PassActs {
  readonly instances: readonly Instance[];
  readonly acts: readonly Run[];
}

/** The acts of a pass: the one place that says in which order blocks run. */
export function passActs({ stacks, sides = [] }: Pass): PassActs {
  const acts: Run[] = [];
  const { run, runForward, drop } = runnerOf(acts);
  const { placed, instances, all } = forwardOf(
    { stacks, sides },
    { runForward, drop },
    { rollout: "rollout", forward: "forward" },
  );

  let before: Instance | null = null;
  const carried = new Map<string, { from: Instance; given: StorageId }>();
  const stackOf = new Map(placed.map((stack) => [stack[0], stack]));
  for (const instance of instances.toReversed()) {
    for (const each of stackOf.get(instance) ?? []) {
      run("backward", each, "rerun");
    }
    let wires = wireOf("gradient", before, "gradIn", instance, "gradOut");
    for (const { name, taken, given } of instance.block.ports.carried) {
      const known = carried.get(name);
      if (known && taken !== null) {
        wires = [...wires, { what: name, ...known, taken }];
      }
      if (given !== null) carried.set(name, { from: instance, given });
    }
    run("backward", instance, "backward", wires);
    before = instance;
  }
  for (const instance of instances) run("backward", instance, "released");
  return {
    instances: all,
    acts,
  };
}

/** A pass without what runs beside the one that learns. */
export function learningRuns({ acts, instances }: PassActs): PassActs {
  const learns = ({ block }: Instance) => block.beside === undefined;
  return {
    acts: acts.filter(({ instance }) => learns(instance)),
    instances: instances.filter(learns),
  };
}

/** Instances of a pass: its own by their stacks, in a row, and with those beside. */
interface Ran {
  readonly placed: readonly (readonly Instance[])[];
  readonly instances: readonly Instance[];
  readonly all: readonly Instance[];
}

/** Runs a pass forward, with those beside it where a trainer has them. */
function forwardOf(
  { stacks, sides = [] }: Pick<Pass, "stacks" | "sides">,
  { runForward, drop }: Pick<
    ReturnType<typeof runnerOf>,
    "runForward" | "drop"
  >,
  phases: Readonly<Record<"rollout" | "forward", PhaseName>>,
): Ran {
  const placed = stacks.map((stack) =>
    stack.map(({ block, at }): Instance => ({ block, at }))
  );
  const instances = placed.flat();
  const beside = sides.map(({ stack, when, holds }) => ({
    when,
    holds,
    ran: [stack.map(({ block, at }): Instance => ({ block, at }))],
  }));
  const runBeside = (asked: SidePass["when"], phase: PhaseName) => {
    for (const { when, holds, ran } of beside) {
      if (when !== asked) continue;
      runForward(phase, ran);
      if (!holds) drop(phase, ran.flat());
    }
  };
  runBeside("rollout", phases.rollout);
  runBeside("before", phases.forward);
  runForward(phases.forward, placed);
  runBeside("after", phases.forward);
  drop(phases.forward, instances);
  for (const { holds, ran } of beside) {
    if (holds) drop(phases.forward, ran.flat());
  }
  return {
    placed,
    instances,
    all: [...instances, ...beside.flatMap(({ ran }) => ran.flat())],
  };
}

/**
 * The acts of a pass without gradients between two steps, which leaves nothing.
 */
export function evaluationActs(
  pass: Pick<Pass, "stacks" | "sides">,
): readonly Run[] {
  const acts: Run[] = [];
  const phases = { rollout: "evaluation", forward: "evaluation" } as const;
  forwardOf(pass, runnerOf(acts), phases);
  return acts;
}

/** What adds acts to those that there are. */
function runnerOf(acts: Run[]) {
  const run = (
    phase: PhaseName,
    instance: Instance,
    name: SegmentName,
    wires: readonly Wire[] = NO_WIRES,
    at: At = instance.at,
  ): void => {
    const segment = instance.block[name];
    if (!segment || (segment.to === segment.from && wires.length === 0)) return;
    acts.push({ act: "run", phase, at, instance, name, segment, wires });
  };

  /** Runs stacks forward, to where a trainer has made of the logits what it wants. */
  const runForward = (
    phase: PhaseName,
    ran: readonly (readonly Instance[])[],
  ) => {
    let before: Instance | null = null;
    for (const stack of ran) {
      const last = stack.at(-1);
      for (const instance of stack) {
        const { block } = instance;
        const wires = wireOf("hidden states", before, "out", instance, "in");
        run(phase, instance, block.body ? "body" : "forward", wires);
        if (instance === last) {
          for (const each of stack) {
            run(phase, each, "done", NO_WIRES, stack[0]?.at);
          }
          if (stack === ran.at(-1)) {
            for (const each of ran.flat()) run(phase, each, "returned");
          }
        }
        if (block.body) run(phase, instance, "forward");
        before = instance;
      }
    }
    for (const instance of ran.flat()) run(phase, instance, "exit");
    for (const instance of ran.flat()) run(phase, instance, "scored");
  };
  const drop = (phase: PhaseName, ran: readonly Instance[]) => {
    for (const instance of ran) run(phase, instance, "dropped");
  };
  return { run, runForward, drop };
}

const NO_WIRES: readonly Wire[] = [];

type Neighbour = "in" | "out" | "gradIn" | "gradOut";

function wireOf(
  what: string,
  from: Instance | null,
  out: Neighbour,
  to: Instance,
  into: Neighbour,
): readonly Wire[] {
  const given = from?.block.ports[out] ?? null;
  const taken = to.block.ports[into];
  return from === null || given === null || taken === null
    ? NO_WIRES
    : [{ what, from, given, taken }];
}
