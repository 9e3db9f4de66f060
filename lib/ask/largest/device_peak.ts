import { doubtedBand } from "../../evidence/doubted_band.ts";
import type { Step } from "../../engines/step.ts";
import { kindOf } from "../../methods/timeline/kind_of.ts";
import type { Room } from "../../methods/timeline/room.ts";
import { roomOf } from "../../methods/timeline/room.ts";
import {
  allocatorPeaks,
  FILLABLE,
  reservedWithin,
} from "../../play/readers/allocator/peaks.ts";
import type { Scenario } from "../../scenario/schema.ts";

/** Whether a GPU holds a step's tensors so well that no allocator need be played. */
export function surelyHolds(
  scenario: Scenario,
  step: Pick<Step, "peak">,
): boolean {
  return step.peak.bytes <= FILLABLE * roomOf(scenario).capacity;
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
    const step = this.#step ?? this.#play();
    const { band } = doubtedBand("timeline", step.scenario, kindOf(step));
    if (band === null) return false;
    const room = (capacity + beside) * (1 - spare);
    const high = (bytes: number): number => Math.round(band.high * bytes);
    return high(this.least) <= room && high(this.bytes) <= room;
  }
}
