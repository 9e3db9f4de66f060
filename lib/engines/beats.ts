import type { Instance, Run } from "../play/program/act.ts";
import type { PassActs } from "../play/program/pass.ts";
import { cutRun } from "./cuts.ts";
import type { PassUnit, Unit } from "./units.ts";

/** When something happens to a unit. */
export type Moment =
  | "before forward"
  | "after forward"
  | "before backward"
  | "after backward";

/** What a pass does, in order: runs of blocks, and where its units stand in it. */
export type Beat =
  | { readonly run: Run }
  | { readonly moment: Moment; readonly unit: PassUnit }
  | { readonly ends: "forward" | "backward" };

/**
 * A pass with the moments of its units. Hooks of modules fire them: before and after
 * their forward, when a gradient of their output comes, and when their input's is
 * there. A unit whose input has no gradient is left to the end of the backward pass.
 *
 * Source: pytorch torch/distributed/fsdp/_fully_shard/_fsdp_state.py,
 * _pre_forward, _post_forward, _pre_backward, _root_post_backward_final_callback
 *
 * @param lossOutside Whether the model's call ends when it has given its logits.
 */
export function beatsOf(
  { acts }: PassActs,
  units: readonly PassUnit[],
  lossOutside = false,
): Beat[] {
  const backwardAt = acts.findIndex(({ phase, name }) =>
    phase === "backward" || name === "dropped"
  );
  const begin = backwardAt < 0 ? acts.length : backwardAt;
  return [
    ...forwardBeats(acts.slice(0, begin), units, lossOutside),
    ...backwardBeats(acts.slice(begin), units, lossOutside),
  ];
}

function forwardBeats(
  acts: readonly Run[],
  units: readonly PassUnit[],
  lossOutside: boolean,
): Beat[] {
  const isCall = ({ name }: Run) => name === "body" || name === "forward";
  const first = new Map<Instance, number>();
  const last = new Map<Instance, number>();
  for (const [at, act] of acts.entries()) {
    if (!isCall(act)) continue;
    if (!first.has(act.instance)) first.set(act.instance, at);
    last.set(act.instance, at);
  }
  const whole = units.filter(({ unit }) => unit.place !== "experts");
  const experts = expertsBy(units);
  const entering = Map.groupBy(whole, ({ enter }) => enter);
  const leaving = Map.groupBy(whole, ({ leave }) => leave);
  const beats: Beat[] = [];
  // The model's call ends when it has given its loss, or its logits before.
  const ending: Beat[] = [
    ...units.filter(({ unit }) => unit.place === "root").map((unit): Beat => ({
      moment: "after forward",
      unit,
    })),
    { ends: "forward" },
  ];
  const ender = lossOutside ? acts.findLast(isCall) : undefined;
  // A trainer asks others when its model has given what it gives.
  const asks = acts.findIndex(({ instance }) => instance.block.beside?.isAfter);
  for (const [at, run] of acts.entries()) {
    const { instance } = run;
    if (at === asks && !ender) beats.push(...ending);
    if (first.get(instance) === at) {
      for (const unit of entering.get(instance) ?? []) {
        beats.push({ moment: "before forward", unit });
      }
    }
    const [logits, loss] = run === ender ? cutAtLoss(run) : [null, run];
    const within = first.get(instance) === at ? experts.get(instance) : null;
    if (within) {
      const [before, after] = cutRun(run, within.at);
      if (before) beats.push({ run: before });
      beats.push({ moment: "before forward", unit: within.unit });
      beats.push({ run: after });
      // Nothing of a layer that follows its experts takes as much as they did.
      beats.push({ moment: "after forward", unit: within.unit });
    } else beats.push({ run: logits ?? run });
    if (last.get(instance) !== at) continue;
    for (const unit of leaving.get(instance) ?? []) {
      if (unit.unit.place === "root") continue;
      beats.push({ moment: "after forward", unit });
    }
    if (run === ender) beats.push(...ending);
    if (logits) beats.push({ run: loss });
  }
  return ender || asks >= 0 ? beats : [...beats, ...ending];
}

/** Cuts the head's forward run where the logits are there. */
function cutAtLoss(run: Run): [Run | null, Run] {
  const { from, to } = run.segment;
  const read = run.instance.block.parameters.map(({ at }) => at).filter((at) =>
    at >= from && at < to
  );
  return cutRun(run, Math.max(...read) + 1);
}

function backwardBeats(
  acts: readonly Run[],
  units: readonly PassUnit[],
  lossOutside: boolean,
): Beat[] {
  const beats: Beat[] = [];
  const left = new Set(units);
  const around = units.filter(({ unit }) => unit.place === "root");
  const within = units.filter(({ unit }) =>
    unit.place !== "root" && unit.place !== "experts"
  );
  const experts = expertsBy(units);
  const entering = Map.groupBy(within, ({ enter }) => enter);
  const leaving = Map.groupBy(within, ({ leave }) => leave);
  let begun = false;
  for (const run of acts) {
    if (run.phase !== "backward") {
      beats.push({ run });
      continue;
    }
    const { instance } = run;
    const { ports } = instance.block;
    const entered = leaving.get(instance) ?? [];
    const outside = lossOutside && !begun;
    const [before, after] = outside || entered.some(({ unit }) =>
        unit.place === "tail"
      )
      ? cutAtHead(run)
      : [null, run];
    if (before && outside) beats.push({ run: before });
    if (!begun) {
      begun = true;
      for (const unit of around) {
        beats.push({ moment: "before backward", unit });
      }
    }
    if (before && !outside) beats.push({ run: before });
    for (const unit of entered) {
      if (unit.unit.place === "tail" || ports.gradOut !== null) {
        beats.push({ moment: "before backward", unit });
      }
    }
    const own = experts.get(instance);
    if (own && own.backwardAt !== null) {
      // The output's gradient is theirs too: a sum passes it on.
      beats.push({ moment: "before backward", unit: own.unit });
      const [first, second] = cutRun(after, own.backwardAt);
      if (first) beats.push({ run: first });
      beats.push({ moment: "after backward", unit: own.unit });
      left.delete(own.unit);
      beats.push({ run: second });
    } else beats.push({ run: after });
    if (ports.gradIn === null) continue;
    for (const unit of entering.get(instance) ?? []) {
      beats.push({ moment: "after backward", unit });
      left.delete(unit);
    }
  }
  for (const unit of left) beats.push({ moment: "after backward", unit });
  return [...beats, { ends: "backward" }];
}

interface ExpertsUnit {
  readonly unit: PassUnit;
  readonly at: number;
  readonly backwardAt: number | null;
}

/** Units of experts, by the layers that they lie in, and where these reach them. */
function expertsBy(units: readonly PassUnit[]): Map<Instance, ExpertsUnit> {
  return new Map(
    units.flatMap((unit): [Instance, ExpertsUnit][] => {
      const { enter } = unit;
      const [port] = unit.unit.place === "experts" ? enter.block.modules : [];
      return port ? [[enter, { unit, ...port }]] : [];
    }),
  );
}

/** Cuts the loss's backward run where the gradient of the logits is there. */
function cutAtHead(run: Run): [Run | null, Run] {
  const at = Math.min(
    ...run.instance.block.parameters.flatMap(({ backwardAt }) =>
      backwardAt ?? []
    ),
  );
  return cutRun(run, at);
}

/** The layer that runs last in a pass. */
export function lastLayer(beats: readonly Beat[]): Unit | null {
  const last = beats.findLast((beat) =>
    "unit" in beat && beat.moment === "after forward" &&
    beat.unit.unit.place === "layer"
  );
  return last && "unit" in last ? last.unit.unit : null;
}

/** Units that one module's hooks gather, in the order of the forward pass. */
export function moduleUnitsIn(beats: readonly Beat[]): PassUnit[][] {
  const entered = beats.flatMap((beat) =>
    "unit" in beat && beat.moment === "before forward" ? [beat.unit] : []
  );
  return [...Map.groupBy(entered, ({ enter }) => enter).values()];
}

/**
 * Units of the next module, or of the one before, which are gathered early once all
 * of a module's are whole: torchtitan says so where experts are shared out.
 *
 * Source: pytorch/torchtitan 0.3.0 torchtitan/distributed/fsdp.py,
 * apply_fsdp_to_decoder
 */
export function moduleUnitsBeside(
  modules: readonly (readonly PassUnit[])[],
  unit: PassUnit,
  step: 1 | -1,
): readonly PassUnit[] {
  const at = modules.findIndex((own) => own.at(-1) === unit);
  return at < 0 ? [] : modules[at + step] ?? [];
}
