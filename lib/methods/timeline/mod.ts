import type { Basis, Part, Phase } from "../../answer/estimate.ts";
import type { Result } from "../../scenario/parse_scenario.ts";
import type { Scenario } from "../../scenario/schema.ts";
import type { Gpu } from "../../hardware/gpus.ts";
import { curveOf } from "../../play/readers/curve.ts";
import type { LiveTensors } from "../../play/readers/live.ts";
import type { Step } from "../../engines/step.ts";
import {
  reservedAtMost,
  reservedWithin,
} from "../../play/readers/allocator/peaks.ts";
import type { Answer, Figures, Question, Uncovered } from "../method.ts";
import { bindingOf } from "./binding.ts";
import { hostOf } from "./host.ts";
import { rankRows } from "./ranks.ts";
import type { Room } from "./room.ts";
import { roomOf } from "./room.ts";
import { pagedOf } from "./paged.ts";
import { partsOf } from "./parts.ts";
import type { Played } from "./remembered.ts";
import { playedStep } from "./remembered.ts";
import { remarksOf } from "./remarks.ts";
import { kindOf } from "./kind_of.ts";
import { rolloutOn } from "./rollout_on.ts";
import { servedAnswer } from "./serving.ts";

const SUMMARY =
  "Method timeline: a step after the first, played through as PyTorch allocates and frees it; weights and optimizer states stand all the time";

/** Tensors at the peak that an answer names. */
const LARGEST = 3;

/**
 * The `timeline` method: one training step played through as PyTorch would
 * allocate and free it, or what an engine that serves makes of the model; the peak
 * is read off.
 */
export function timeline(
  { scenario, model, mesh, curve = false }: Question,
): Result<Answer> | Uncovered {
  if (scenario.task === "serve") return servedAnswer({ scenario, model, mesh });
  const played = playedStep(scenario, model);
  if ("reason" in played) return { ok: false, uncovered: played.reason };
  const { step } = played;
  const device = deviceOf(played, scenario);
  const memory = memoryOf(played, device, model.parameters_basis);
  return {
    ok: true,
    value: {
      summary: SUMMARY,
      memory,
      scaledPeak: (share) =>
        withPages(step, Math.round(share * device.held), device),
      heldOn: (gpu) => heldOn(played, scenario, gpu),
      kind: kindOf(step),
      host: hostOf(step, memory.paged),
      ...remarksOf(step, memory.paged),
      largest: step.peak.live.slice(0, LARGEST).map((
        { label, count, bytes },
      ) => ({ label, count, bytes })),
      ...(curve ? { curve: curveOf(step.program) } : {}),
    },
  };
}

/** What stands on the device at the peak, paged optimizer states apart. */
interface Device {
  readonly reserved: number;
  /** What is reserved, and what stands beside PyTorch's allocator. */
  readonly held: number;
  /** Bytes of the whole device. */
  readonly usable: number;
  readonly room: Room;
}

function deviceOf({ step, peaks }: Played, scenario: Scenario): Device {
  const room = roomOf(scenario);
  const { capacity, beside } = room;
  const reserved = reservedWithin(step, peaks, capacity);
  return { reserved, held: reserved + beside, usable: capacity + beside, room };
}

/**
 * What another GPU would have to hold, with its own context and its own room, and
 * its share for the vLLM that generates beside training.
 */
function heldOn({ step, peaks }: Played, scenario: Scenario, gpu: Gpu): number {
  const { hardware } = scenario;
  const { capacity, beside } = roomOf({
    ...scenario,
    hardware: { ...hardware, gpu: gpu.name },
  });
  const { throughout, generating } = rolloutOn(step, gpu);
  const held = reservedAtMost(step, peaks, capacity - throughout) + throughout;
  return Math.max(held, generating) + beside;
}

/** What the device shows where so many bytes are held: pages fill up what is left. */
function withPages(step: Step, held: number, { usable }: Device): number {
  return held + (pagedOf(step, usable - held)?.device_bytes ?? 0);
}

function memoryOf(
  { step, peaks, classes }: Played,
  device: Device,
  counted: Basis,
): Figures {
  const { reserved, held, usable, room } = device;
  const ends = Math.max(0, peaks.allocated - step.peak.bytes);
  const paged = pagedOf(step, usable - held);
  return {
    allocated_peak_bytes: step.peak.bytes + ends,
    allocated_steady_bytes: step.phases.steady,
    reserved_peak_bytes: reserved,
    device_peak_bytes: withPages(step, held, device),
    binding: bindingOf(step.peak),
    parts: partsOf(
      [...step.peak.live, endsOfBlocks(ends)],
      tokensOf(step),
      counted,
    ) satisfies Part[],
    ...(paged ? { paged } : {}),
    ...(room.communication ? { communication: room.communication } : {}),
    phases: phasesOf(step),
    ranks: rankRows(step, classes, {
      ends,
      reserved,
      device: withPages(step, held, device),
      room,
    }),
  };
}

/** The tokens of a forward pass; 1 where its stacks do not read as many. */
function tokensOf(
  { plan: { scenario: { train }, encoders }, peak }: Step,
): number {
  const { encoder, decoder } = encoders ?? {};
  if (encoder && decoder && encoder.tokens !== decoder.tokens) return 1;
  const { micro_batch, sequence_length } = train.evaluation;
  return peak.phase === "evaluation"
    ? (micro_batch ?? 1) * (sequence_length ?? train.sequence_length)
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

function phasesOf(
  { phases, beside, standingBytes, plan, loading }: Step,
): Phase[] {
  const rolls = plan.objective?.rolls === true &&
    beside.every(({ name }) => name !== "rollout");
  return [
    ...(loading ? [{ name: "loading", peak_bytes: loading.bytes }] : []),
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
    ...(rolls ? [{ name: "rollout", peak_bytes: phases.steady }] : []),
    ...beside.map(({ name, bytes }) => ({ name, peak_bytes: bytes })),
  ];
}
