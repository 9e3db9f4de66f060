import type { Parameter } from "../play/torch/values.ts";
import type { Act, Program, Run } from "../play/program/act.ts";
import type { Buffer } from "../play/program/buffer.ts";
import { bufferOf } from "../play/program/buffer.ts";
import type { BesideBlock, Block } from "../play/record/block.ts";
import { DTYPE_BYTES } from "../play/torch/dtype.ts";
import { roundedBytes } from "../play/memory/tape.ts";
import type { AskedShares } from "../plan/objective/objective_plan.ts";

/** How an engine gathers parameters for passes beside the one that learns. */
export interface AskedGathers {
  readonly shares: AskedShares;
  /**
   * How often what is gathered stands: FSDP 2 keeps what ranks sent until the next
   * unit was copied out of it.
   */
  readonly times: 1 | 2;
  /** Whether a reference is one unit, gathered as a whole. */
  readonly isOneUnit: boolean;
  /** Whether the parameters around layers stay whole once they are. */
  readonly keepsRoot: boolean;
  /**
   * Elements that are gathered ahead of a module, where modules are gathered and not
   * layers; null: layers are.
   */
  readonly ahead: number | null;
  /** Whether all is gathered at once where the policy generates. */
  readonly gathersToGenerate: boolean;
}

/**
 * A program whose passes beside gather what ranks share, a unit at a time. Each unit
 * stands while its block runs.
 *
 * Sources: pytorch torch/distributed/fsdp/_runtime_utils.py, _unshard and
 * _post_forward_reshard, which leaves the root whole; _fully_shard/
 * _fsdp_param_group.py, wait_for_unshard; huggingface/trl 1.16.0 models/utils.py,
 * prepare_fsdp, whose fully_shard wraps nothing within, and
 * unwrap_model_for_generation
 */
export function gatheringAsked(
  program: Program,
  gathers: AskedGathers,
): Program {
  const units = new AskedUnits(gathers);
  const woven = (acts: readonly Act[]) =>
    acts.flatMap((act) => units.around(act));
  const [first, step] = [woven(program.first), woven(program.step)];
  const added = step.length - program.step.length;
  return {
    ...program,
    load: [
      ...program.load,
      ...units.kept().map((buffer) =>
        ({ act: "take", phase: "load", at: "load", buffer }) as const
      ),
    ],
    first,
    step,
    events: program.events + added,
  };
}

/** What is taken before and freed after the runs of blocks beside. */
class AskedUnits {
  readonly #gathers: AskedGathers;
  readonly #units = new Map<Block, Buffer>();
  readonly #roots = new Map<readonly Block[], Buffer>();
  readonly #wholes = new Map<readonly Block[], Buffer>();
  readonly #kept = new Map<string, Buffer>();

  constructor(gathers: AskedGathers) {
    this.#gathers = gathers;
  }

  /** What stays whole from the first pass on. */
  kept(): Buffer[] {
    return [...this.#kept.values()];
  }

  /** An act, with what its unit is gathered and let go of. */
  around(act: Act): Act[] {
    if (act.act !== "run") return [act];
    const { beside } = act.instance.block;
    if (!beside || !this.#isShared(beside)) return [act];
    const isCall = act.name === "forward" || act.name === "body";
    if (!isCall) return [act];
    const begins = act.name === "body" || !act.instance.block.body;
    const ends = act.name === "forward";
    const [before, after] = this.#unitsOf(act, beside).map((buffers) =>
      buffers.filter(({ bytes }) => bytes > 0)
    );
    const { phase, at } = act;
    return [
      ...(begins && before
        ? before.map((buffer): Act => ({ act: "take", phase, at, buffer }))
        : []),
      act,
      ...(ends && after
        ? after.map((buffer): Act => ({ act: "free", phase, at, buffer }))
        : []),
    ];
  }

  #isShared({ asks }: BesideBlock): boolean {
    return asks === "policy" || this.#gathers.shares[asks].ranks > 1 ||
      this.#gathers.shares[asks].onHost;
  }

  /** What a block takes before it runs, and what goes once it has. */
  #unitsOf(
    { instance: { block }, at }: Run,
    beside: BesideBlock,
  ): [before: readonly Buffer[], after: readonly Buffer[]] {
    const { place, stack, asks, isAfter } = beside;
    const { isOneUnit, keepsRoot, ahead, gathersToGenerate } = this.#gathers;
    const isWhole = (isOneUnit && asks === "reference") ||
      (gathersToGenerate && at === "generation");
    if (isWhole) {
      const all = this.#whole(stack);
      return [place === "first" ? [all] : [], place === "last" ? [all] : []];
    }
    if (ahead !== null || place === "layer") {
      const own = [this.#unit(block)];
      return [own, own];
    }
    const root = this.#root(stack);
    if (keepsRoot && asks !== "policy") {
      this.#kept.set(asks, root);
      return [[], []];
    }
    // The policy's own is whole until its backward pass.
    if (keepsRoot && isAfter) return [[], []];
    return [place === "first" ? [root] : [], place === "last" ? [root] : []];
  }

  #unit(block: Block): Buffer {
    return known(this.#units, block, () => {
      const own = parametersOf([block]);
      const { ahead } = this.#gathers;
      const all = bytesOf(own);
      const modules = ahead === null ? all : largestOf(own) + ahead * 2;
      return gathered(
        "parameters of a unit",
        Math.min(all, modules),
        this.#times,
      );
    });
  }

  #root(stack: readonly Block[]): Buffer {
    return known(
      this.#roots,
      stack,
      () =>
        gathered("parameters around layers", aroundBytes(stack), this.#times),
    );
  }

  #whole(stack: readonly Block[]): Buffer {
    return known(this.#wholes, stack, () =>
      gathered(
        "all parameters",
        stack.slice(1, -1).reduce(
          (sum, block) => sum + bytesOf(parametersOf([block])),
          aroundBytes(stack),
        ),
        this.#times,
      ));
  }

  get #times(): number {
    return this.#gathers.times;
  }
}

function known<K>(all: Map<K, Buffer>, key: K, make: () => Buffer): Buffer {
  const before = all.get(key);
  if (before) return before;
  const made = make();
  all.set(key, made);
  return made;
}

/** Parameters that blocks read, each of a name once: ends may be tied. */
function parametersOf(blocks: readonly Block[]): Parameter[] {
  return [
    ...new Map(
      blocks.flatMap(({ parameters }) =>
        parameters.map(({ parameter }) => [parameter.name, parameter] as const)
      ),
    ).values(),
  ];
}

/** Of what stands around layers. */
function aroundBytes(stack: readonly Block[]): number {
  return bytesOf(parametersOf([...stack.slice(0, 1), ...stack.slice(-1)]));
}

function bytesOf(parameters: readonly Parameter[]): number {
  return parameters.reduce(
    (sum, { elements, dtype }) => sum + elements * DTYPE_BYTES[dtype],
    0,
  );
}

function largestOf(parameters: readonly Parameter[]): number {
  return Math.max(0, ...parameters.map((each) => bytesOf([each])));
}

function gathered(label: string, bytes: number, times: number): Buffer {
  const group = {
    part: "gathered parameters",
    label: `${label}, for a pass beside`,
    count: 1,
    elements: null,
  } as const;
  return bufferOf(
    label,
    Array.from(
      { length: times },
      () => ({ group, bytes: roundedBytes(bytes) }),
    ),
  );
}
