import { playStep } from "../rollouts/played.ts";
import type { Model } from "../models/model.ts";
import { resolveModel } from "../models/resolve_model.ts";
import { uncoveredBy } from "../methods/timeline/uncovered_by.ts";
import type { Act, Program, Wire } from "../play/program/act.ts";
import { changeOf } from "../play/readers/peak.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import type { Scenario } from "../scenario/schema.ts";

/** An act of a rank's program, with what it does to the tensors' memory. */
export interface ActLine {
  /** Before the first step, in it, or in each of the later ones. */
  readonly step: "load" | "first" | "later";
  readonly phase: string;
  /** What runs: a layer's number from 0, or what stands around the layers. */
  readonly at: number | string;
  readonly act: Act["act"];
  /** The block's segment, or what is taken or freed. */
  readonly what: string;
  /** Bytes that stand once it is over, beyond those before it. */
  readonly net: number;
  /** The most that stands within it, beyond what stood before. */
  readonly peak: number;
  /** Bytes that stand once it is over. */
  readonly standing: number;
  /** What its block takes over, and from where. */
  readonly wires: readonly string[];
}

/**
 * Lists what a scenario's rank does: loading, its first step, and a later one.
 *
 * @param found The scenario's model, where the caller has looked it up itself.
 * @returns The acts in order, or why there are none.
 */
export function actLines(
  scenario: Scenario,
  found?: Model | undefined,
): Result<ActLine[]> {
  const model: Result<Model> = found
    ? { ok: true, value: found }
    : resolveModel(scenario.model);
  if (!model.ok) return model;
  const missing = uncoveredBy(scenario);
  if (missing !== null) return notPlayed(missing);
  const played = playStep(scenario, model.value);
  return "reason" in played
    ? notPlayed(played.reason)
    : { ok: true, value: linesOf(played.program) };
}

function notPlayed(reason: string): Result<ActLine[]> {
  const message = `There are no acts to list: ${reason}`;
  return { ok: false, problems: [{ path: "", message }] };
}

function linesOf({ load, first, step }: Program): ActLine[] {
  const lines: ActLine[] = [];
  let standing = 0;
  for (
    const [name, acts] of [["load", load], ["first", first], [
      "later",
      step,
    ]] as const
  ) {
    for (const act of acts) {
      const { net, peak } = changeOf(act);
      standing += net;
      lines.push({
        step: name,
        phase: act.phase,
        at: act.at,
        act: act.act,
        what: whatOf(act),
        net,
        peak,
        standing,
        wires: act.act === "run" ? act.wires.map(wireText) : [],
      });
    }
  }
  return lines;
}

function whatOf(act: Act): string {
  switch (act.act) {
    case "run":
      return act.name;
    case "clear":
      return act.group.label;
    case "collective":
      return `${act.collective} ${act.what} over ${act.group}`;
    case "empty":
      return "the allocator's cache";
    case "take":
    case "free": {
      const { name, pieces, copies } = act.buffer;
      const labels = [...new Set(pieces.map(({ group }) => group.label))];
      const count = copies *
        pieces.reduce((sum, each) => sum + each.count, 0);
      return `${name}: ${labels.join(" and ")}, ${count} ${
        count === 1 ? "storage" : "storages"
      }`;
    }
  }
}

function wireText({ what, from: { at } }: Wire): string {
  return `${what} of ${typeof at === "number" ? `layer ${at}` : at}`;
}
