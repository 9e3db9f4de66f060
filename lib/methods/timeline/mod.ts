import type { Basis, Memory, Part, Phase } from "../../answer/estimate.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { curveOf } from "../../play/readers/curve.ts";
import type { LiveTensors } from "../../play/readers/live.ts";
import type { Instant } from "../../play/readers/peak.ts";
import type { Step } from "../../engines/step.ts";
import { reservedWithin } from "../../play/readers/allocator/peaks.ts";
import type { Answer, Question, Uncovered } from "../method.ts";
import { roomOf } from "./device.ts";
import { pagedOf } from "./paged.ts";
import { partsOf } from "./parts.ts";
import type { Played } from "./remembered.ts";
import { playedStep } from "./remembered.ts";
import { remarksOf } from "./remarks.ts";
import { stepBand } from "./step_doubt.ts";
import { uncoveredBy } from "./uncovered_by.ts";

/** Tensors at the peak that an answer names. */
const LARGEST = 3;

/**
 * The `timeline` method: one training step played through as PyTorch would
 * allocate and free it; the peak is read off.
 */
export function timeline(
  { scenario, model, curve = false }: Question,
): Result<Answer> | Uncovered {
  const missing = uncoveredBy(scenario);
  if (missing !== null) return { ok: false, uncovered: missing };
  const played = playedStep(scenario, model);
  if ("reason" in played) return { ok: false, uncovered: played.reason };
  const { step } = played;
  const memory = memoryOf(played, scenario, model.parameters_basis);
  return {
    ok: true,
    value: {
      memory,
      host: {
        peak_bytes: step.hostBytes + (memory.paged?.host_bytes ?? 0) || null,
      },
      ...remarksOf(step, memory.paged),
      largest: step.peak.live.slice(0, LARGEST).map((
        { label, count, bytes },
      ) => ({ label, count, bytes })),
      ...(curve ? { curve: curveOf(step.program) } : {}),
    },
  };
}

function memoryOf(
  { step, peaks }: Played,
  scenario: Scenario,
  counted: Basis,
): Memory {
  const { capacity, beside } = roomOf(scenario);
  const reserved = reservedWithin(step, peaks, capacity);
  const ends = Math.max(0, peaks.allocated - step.peak.bytes);
  const held = reserved + beside;
  const paged = pagedOf(step, capacity + beside - held);
  const pages = paged?.device_bytes ?? 0;
  const band = stepBand(step);
  // Pages fill up what is left, and no more.
  const withPages = (share: number): number => {
    const bytes = Math.round(share * held);
    return bytes +
      (pagedOf(step, capacity + beside - bytes)?.device_bytes ?? 0);
  };
  return {
    allocated_peak_bytes: step.peak.bytes + ends,
    allocated_steady_bytes: step.phases.steady,
    reserved_peak_bytes: reserved,
    device_peak_bytes: held + pages,
    low_bytes: band && withPages(band.low),
    high_bytes: band && withPages(band.high),
    binding: bindingOf(step.peak),
    parts: partsOf(
      [...step.peak.live, endsOfBlocks(ends)],
      tokensOf(step),
      counted,
    ) satisfies Part[],
    ...(paged ? { paged } : {}),
    phases: phasesOf(step),
    ranks: null,
  };
}

/** The tokens of a forward pass; 1 where its stacks do not read as many. */
function tokensOf({ plan: { scenario: { train }, encoders } }: Step): number {
  const { encoder, decoder } = encoders ?? {};
  return encoder && decoder && encoder.tokens !== decoder.tokens
    ? 1
    : train.micro_batch * train.sequence_length;
}

/** Ends of blocks that the allocator does not cut off, so counts as in use. */
function endsOfBlocks(bytes: number): LiveTensors {
  return {
    part: "allocator rounding",
    label: "ends of blocks that are not cut off",
    count: 1,
    bytes,
  };
}

/** The instant of the peak in words. */
export function bindingOf({ phase, at }: Instant): string {
  if (phase === "optimizer") return "optimizer step";
  if (at === "head") {
    return phase === "forward"
      ? "end of the forward pass, at the loss"
      : "start of the backward pass, at the loss";
  }
  if (at === "embeddings") {
    return phase === "forward"
      ? "forward pass, at the embeddings"
      : "end of the backward pass, at the embeddings";
  }
  if (at === "encoder") return `${phase} pass, in the encoder`;
  if (at === "vision") return `${phase} pass, at the images`;
  return `${phase} pass, in layer ${Number(at) + 1}`;
}

function phasesOf({ phases, standingBytes }: Step): Phase[] {
  return [
    { name: "load", peak_bytes: phases.load },
    {
      name: "forward",
      peak_bytes: phases.forward,
      start_bytes: standingBytes,
      end_bytes: phases.backwardStart,
    },
    {
      name: "backward",
      peak_bytes: phases.backward,
      start_bytes: phases.backwardStart,
      end_bytes: phases.backwardEnd,
    },
    {
      name: "optimizer",
      peak_bytes: phases.optimizer,
      start_bytes: phases.backwardEnd,
      end_bytes: phases.steady,
    },
  ];
}
