import type { RankRow } from "../../answer/estimate.ts";
import { PARTS } from "../../answer/parts.ts";
import type { Place, RankClass } from "../../engines/engine.ts";
import type { Step } from "../../engines/step.ts";
import type { Scenario } from "../../scenario/schema.ts";
import { bindingOf } from "./binding.ts";
import type { Room } from "./room.ts";

/** What is kept of a class of ranks beside the one that is answered for. */
export interface PlayedClass {
  readonly rank: RankClass;
  /** The most that its tensors take, in bytes. */
  readonly peak: number;
  readonly binding: string;
  readonly parts: readonly { readonly name: string; readonly bytes: number }[];
}

/** What is to be kept of a class that was played. */
export function playedClass({ rank, peak }: Step): PlayedClass {
  return {
    rank,
    peak: peak.bytes,
    binding: bindingOf(peak),
    parts: PARTS.flatMap((name) => {
      const bytes = peak.live.reduce(
        (sum, each) => each.part === name ? sum + each.bytes : sum,
        0,
      );
      return bytes === 0 ? [] : [{ name, bytes }];
    }),
  };
}

/** What the allocator took of the rank that is answered for, in bytes. */
interface Taken {
  /** Ends of blocks that count as in use. */
  readonly ends: number;
  readonly reserved: number;
  readonly device: number;
  readonly room: Room;
}

/**
 * A row for each class of ranks. PyTorch's allocator is played of the rank that is
 * answered for alone: of others it is taken to keep as much beside their tensors.
 *
 * @returns Null where all is one GPU.
 */
export function rankRows(
  step: Step,
  classes: readonly PlayedClass[],
  { ends, reserved, device, room }: Taken,
): RankRow[] | null {
  if (classes.length === 0) return null;
  const { scenario, rank: asked, peak } = step;
  const kept = reserved - peak.bytes;
  const apart = classes.some(({ rank }) => rank.name === asked.name)
    ? classes
    : [playedClass(step), ...classes.map((each) => without(each, asked.gpus))];
  return apart.map((each): RankRow => {
    const isOwn = each.rank.name === asked.name;
    const most = Math.max(each.peak, room.capacity);
    const taken = isOwn ? reserved : Math.min(each.peak + kept, most);
    return {
      rank: each.rank.name,
      gpus: each.rank.gpus,
      global_rank: isOwn && scenario.parallel.rank !== null
        ? scenario.parallel.rank
        : globalRankOf(each.rank.place, scenario),
      allocated_peak_bytes: each.peak + (isOwn ? ends : 0),
      reserved_peak_bytes: taken,
      device_peak_bytes: isOwn ? device : taken + device - reserved,
      binding: each.binding,
      parts: [...each.parts],
    };
  });
}

/** A class of which some GPUs are told apart. */
function without(played: PlayedClass, gpus: number): PlayedClass {
  const { rank } = played;
  return {
    ...played,
    rank: { ...rank, name: "the others", gpus: rank.gpus - gpus },
  };
}

/** Megatron's order of the axes: tp is the fastest, then cp, dp and pp. */
function globalRankOf(place: Place, { parallel }: Scenario): number {
  const { gpus, tp, cp, pp } = parallel;
  const dp = gpus / (tp * cp * pp);
  return place.tp + tp * (place.cp + cp * (place.dp + dp * place.pp));
}
