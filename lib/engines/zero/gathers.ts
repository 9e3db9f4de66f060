import type { Act, Run } from "../../play/program/act.ts";
import type { Buffer } from "../../play/program/buffer.ts";
import type { Dtype } from "../../play/torch/dtype.ts";
import { DTYPE_BYTES } from "../../play/torch/dtype.ts";
import type { PassActs } from "../../play/program/pass.ts";
import type { Parameter } from "../../play/torch/values.ts";
import type { Cut, Cutter } from "../cuts.ts";
import { whenOf } from "./buckets.ts";
import { BACKWARD_END, STEP, UPDATED } from "./common.ts";
import type { GatherSettings, ParameterUse } from "./coordinator.ts";
import { Coordinator } from "./coordinator.ts";
import type { Gathering } from "./gathered.ts";
import { Gathered } from "./gathered.ts";
import type { UseOrder, UsePlan } from "./use_orders.ts";
import { UseOrders } from "./use_orders.ts";

/** What a pass gathers, run by run. */
export interface Gathers {
  readonly cuts: ReadonlyMap<Run, readonly Cut[]>;
  /** What goes when the step is over. */
  readonly end: readonly Act[];
  /** Parameters that stay whole once they are. */
  readonly persistent: readonly Buffer[];
  /** These are gathered anew once they are stepped. */
  readonly updated: readonly Act[];
}

/** How ZeRO-3 gathers. */
export interface GatherPlan extends GatherSettings, UsePlan, Gathering {
  /** Parameters of at most so many elements stay whole. */
  readonly persistence: number;
  /** The type that packed weights are held in. */
  readonly packedIn: Dtype;
  /** Whether layers are checkpoints of the older, reentrant kind. */
  readonly reenters: boolean;
}

/**
 * A parameter as it is partitioned: bytes of packed weights are held as elements of
 * a wider type.
 *
 * Source: bitsandbytes nn/modules.py, Params4bit, quant_storage
 */
function heldIn(packedIn: Dtype): (parameter: Parameter) => Parameter {
  const known = new Map<Parameter, Parameter>();
  return (parameter) => {
    if (parameter.dtype !== "uint8") return parameter;
    const before = known.get(parameter);
    if (before) return before;
    const elements = Math.ceil(parameter.elements / DTYPE_BYTES[packedIn]);
    const held = { ...parameter, elements, dtype: packedIn };
    known.set(parameter, held);
    return held;
  };
}

/**
 * What a pass gathers and releases around each module.
 *
 * Source: deepspeed/runtime/zero/parameter_offload.py,
 * _register_deepspeed_module, mark_persistent_parameters
 */
export function gathersOf(
  { acts }: PassActs,
  plan: GatherPlan,
  cutter: Cutter,
): Gathers {
  const parameters: Parameter[] = [];
  const packed: boolean[] = [];
  const places = new Map<unknown, Map<Parameter, number>>();
  const held = heldIn(plan.packedIn);
  /** Layers that are alike share Parameter objects; what stands outside of them is one. */
  const placeOf = ({ instance }: Run, parameter: Parameter): number => {
    const owner = typeof instance.at === "number" ? instance : null;
    const own = places.get(owner) ?? new Map<Parameter, number>();
    places.set(owner, own);
    const known = own.get(parameter);
    if (known !== undefined) return known;
    own.set(parameter, parameters.length);
    packed.push(parameter.dtype === "uint8");
    return parameters.push(held(parameter)) - 1;
  };
  const uses: ParameterUse[] = [];
  const hooks = new Map<Run, RunHooks>();
  const orders = new UseOrders(cutter, plan);
  for (const run of acts) {
    const order = orders.of(run);
    hooks.set(run, { order, from: uses.length });
    for (const module of order.uses) {
      uses.push({
        parameters: module.parameters.map((each) => placeOf(run, each)),
        isBlock: module.isBlock,
      });
    }
  }
  const persists = parameters.map(({ elements }) =>
    elements <= plan.persistence
  );
  const buffers = new Gathered(parameters, packed, plan);
  const coordinator = new Coordinator(
    uses,
    parameters.map(({ elements }) => elements),
    persists,
    plan,
    buffers,
  );
  const cuts = new Map<Run, Cut[]>();
  for (const [run, { order, from }] of hooks) {
    const own: Cut[] = [];
    buffers.when = whenOf(run);
    // What runs within a reentrant checkpoint is recorded once it runs again.
    buffers.saves = run.phase === "forward" &&
      !(plan.reenters && isLayer(run));
    for (const { at, use, fetches } of order.hooks) {
      if (fetches) coordinator.fetch();
      else coordinator.release(from + use);
      const made = buffers.made();
      if (made.length > 0) own.push({ at, acts: made });
    }
    cuts.set(run, own.sort((a, b) => a.at - b.at));
  }
  buffers.when = BACKWARD_END;
  buffers.saves = false;
  coordinator.end();
  buffers.dropSaved();
  return {
    cuts,
    end: buffers.made(),
    persistent: parameters.flatMap((_, at) =>
      persists[at] ? [buffers.bufferOf(at)] : []
    ),
    updated: buffers.exchanged(
      parameters.flatMap((_, at) => persists[at] ? [at] : []),
      UPDATED,
      STEP,
    ),
  };
}

function isLayer({ instance }: Run): boolean {
  return typeof instance.at === "number";
}

/** What a run fetches and releases, and its first use's place among all. */
interface RunHooks {
  readonly order: UseOrder;
  readonly from: number;
}
