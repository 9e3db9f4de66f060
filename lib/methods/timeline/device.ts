import { stepBand } from "./step_doubt.ts";
import { contextBytes } from "../../hardware/cuda_context.ts";
import { gpuOf, usableBytes } from "../../hardware/gpus.ts";
import type { Scenario } from "../../scenario/schema.ts";
import {
  allocatorPeaks,
  FILLABLE,
  reservedWithin,
} from "../../play/readers/allocator/peaks.ts";
import type { Step } from "../../engines/step.ts";
import { GIB } from "../../units/mod.ts";

/** What of a GPU PyTorch's allocator may have, and what stands beside it. */
export interface Room {
  /** Bytes that the allocator can have; fewer than 0 where others fill it. */
  readonly capacity: number;
  /** Bytes of the CUDA context and of whatever else the scenario names. */
  readonly beside: number;
}

/** The room on the scenario's GPU. */
export function roomOf({ hardware, overheads }: Scenario): Room {
  const context = overheads.cuda_context_gib === null
    ? contextBytes(gpuOf(hardware.gpu))
    : Math.round(overheads.cuda_context_gib * GIB);
  const beside = context + Math.round(overheads.other_gib * GIB);
  return { capacity: usableBytes(hardware.gpu) - beside, beside };
}

/**
 * What a step needs of the device, worked out as far as it is asked. A step may
 * be large: one that is released is played again where more is asked of it.
 */
export class DevicePeak {
  /** The device's peak is no less: the allocator takes what the tensors need. */
  readonly least: number;
  /** Below this share the allocator gives cached memory back and goes on. */
  readonly surely: number;
  /** Whether the GPU holds it: the allocator is played in doubt alone. */
  readonly fits: boolean;
  readonly #play: () => Step;
  readonly #room: Room;
  #step: Step | null;
  #bytes: number | null = null;

  /** @param play Plays the step again. */
  constructor(scenario: Scenario, step: Step, play: () => Step) {
    this.#step = step;
    this.#play = play;
    this.#room = roomOf(scenario);
    const { capacity, beside } = this.#room;
    const usable = capacity + beside;
    this.least = step.peak.bytes + beside;
    this.surely = FILLABLE * capacity + beside;
    this.fits = this.least <= this.surely ||
      (this.least <= usable && this.bytes <= usable);
  }

  /** The device's peak, by playing the allocator. */
  get bytes(): number {
    const { capacity, beside } = this.#room;
    if (this.#bytes === null) {
      const step = this.#step ?? this.#play();
      this.#bytes = beside +
        reservedWithin(step, allocatorPeaks(step), capacity);
    }
    return this.#bytes;
  }

  /** Lets go of the step. */
  release(): void {
    this.#step = null;
  }

  /** Whether the GPU holds the high end of the band, with a share to spare. */
  fitsCautiously(spare = 0): boolean {
    const { capacity, beside } = this.#room;
    const band = stepBand(this.#step ?? this.#play());
    if (band === null) return false;
    const room = (capacity + beside) * (1 - spare);
    const high = (bytes: number): number => Math.round(band.high * bytes);
    return high(this.least) <= room && high(this.bytes) <= room;
  }
}
