import type { Basis, Memory, Part, Phase } from "../../estimate_type.ts";
import { contextBytes } from "../../hardware/cuda_context.ts";
import { findGpu, usableBytes } from "../../hardware/gpus.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { curveOf } from "../../step/curve.ts";
import type { LiveTensors } from "../../step/live.ts";
import type { Instant, Step } from "../../step/step.ts";
import { playStep } from "../../step/step.ts";
import { allocatorPeaks } from "../../step/reserved.ts";
import { GIB } from "../../units/mod.ts";
import type { Answer, Question, Uncovered } from "../method.ts";
import { partsOf } from "./parts.ts";
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
  const step = playStep(scenario, model);
  if ("reason" in step) return { ok: false, uncovered: step.reason };
  return {
    ok: true,
    value: {
      memory: memoryOf(step, scenario, model.parameters_basis),
      host: { peak_bytes: step.passes[0]?.hostBytes || null },
      ...remarksOf(step),
      largest: step.peak.live.slice(0, LARGEST).map((
        { label, count, bytes },
      ) => ({ label, count, bytes })),
      ...(curve ? { curve: curveOf(step) } : {}),
    },
  };
}

function memoryOf(step: Step, scenario: Scenario, counted: Basis): Memory {
  const { hardware, overheads } = scenario;
  const gpu = typeof hardware.gpu === "string" ? findGpu(hardware.gpu) : null;
  const context = overheads.cuda_context_gib === null
    ? contextBytes(gpu?.name ?? null)
    : Math.round(overheads.cuda_context_gib * GIB);
  const other = Math.round(overheads.other_gib * GIB);
  const capacity = usableBytes(hardware.gpu) - context - other;
  const { reserved, allocated } = allocatorPeaks(step, capacity);
  const ends = Math.max(0, allocated - step.peak.bytes);
  const device = reserved + context + other;
  const band = stepBand(step);
  return {
    allocated_peak_bytes: step.peak.bytes + ends,
    allocated_steady_bytes: step.phases.steady,
    reserved_peak_bytes: reserved,
    device_peak_bytes: device,
    low_bytes: band && Math.round(band.low * device),
    high_bytes: band && Math.round(band.high * device),
    binding: bindingOf(step.peak),
    parts: partsOf(
      [...step.peak.live, endsOfBlocks(ends)],
      tokensOf(step),
      counted,
    ) satisfies Part[],
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
      : "begin of the backward pass, at the loss";
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

function phasesOf({ phases, residentBytes }: Step): Phase[] {
  return [
    { name: "load", peak_bytes: phases.load },
    {
      name: "forward",
      peak_bytes: phases.forward,
      start_bytes: residentBytes,
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
