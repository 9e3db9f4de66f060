import type { At, PhaseName } from "../../answer/curve.ts";
import type { CollectiveName } from "../../answer/traffic.ts";
import type { CollectiveGroup } from "../../parallel/groups.ts";
import type { Block, Segment, SegmentName } from "../record/block.ts";
import type { StorageId } from "../memory/tape.ts";
import type { Buffer, Group } from "./buffer.ts";

/** A recorded block at its place in the model. */
export interface Instance {
  readonly block: Block;
  readonly at: At;
}

/** Memory that a port takes over from another instance's port. */
export interface Wire {
  /** What is handed on, in words. */
  readonly what: string;
  readonly from: Instance;
  readonly given: StorageId;
  readonly taken: StorageId;
}

/** When and where an act happens. */
interface Moment {
  readonly phase: "load" | PhaseName;
  readonly at: At | "load";
}

/** A block runs a segment, once it has taken over what it is handed. */
export interface Run extends Moment {
  readonly act: "run";
  readonly phase: PhaseName;
  readonly at: At;
  readonly instance: Instance;
  readonly name: SegmentName;
  readonly segment: Segment;
  readonly wires: readonly Wire[];
}

/** A buffer is taken. */
export interface Take extends Moment {
  readonly act: "take";
  readonly buffer: Buffer;
}

/** A buffer is freed. */
export interface Free extends Moment {
  readonly act: "free";
  readonly buffer: Buffer;
  /**
   * The stream that may still use it: the allocator gives the memory to nobody
   * until the next such buffer is freed. It counts as free at once.
   */
  readonly usedBy?: string;
}

/** All that instances still hold is freed. */
export interface Clear extends Moment {
  readonly act: "clear";
  readonly instances: readonly Instance[];
  /** What that is, as an answer names it once no block runs any more. */
  readonly group: Group;
  readonly bytes: number;
}

/** The ranks of a group exchange an array; what it is read from and written to stands already. */
export interface Collective extends Moment {
  readonly act: "collective";
  readonly collective: CollectiveName;
  readonly group: CollectiveGroup;
  /** Of the whole array, as NCCL's tests count its size. */
  readonly bytes: number;
  /** How often a step has it: micro-batches that are alike are played once. */
  readonly times: number;
  readonly what: string;
}

/** The allocator gives the driver back what no tensor uses. */
export interface Empty extends Moment {
  readonly act: "empty";
}

/** An event of a rank's program. */
export type Act = Run | Take | Free | Clear | Collective | Empty;

/**
 * All that a rank does. The first step differs from the others in that it makes
 * what stands from then on, such as the optimizer's states.
 */
export interface Program {
  /** What stands before the first step. */
  readonly load: readonly Take[];
  /**
   * What loading takes and frees beside: no step has it, and the allocator keeps
   * its blocks.
   */
  readonly passing?: readonly (Take | Free)[];
  readonly first: readonly Act[];
  readonly step: readonly Act[];
  /** Whether forward and backward passes take turns: a peak is of both. */
  readonly alternates?: boolean;
  /** Whether the allocator has one segment for each pool, which grows. */
  readonly grows?: boolean;
  /** MiB of requests from which on the allocator cuts no blocks. */
  readonly maxSplitMib?: number;
  /** Allocations and frees of a step. */
  readonly events: number;
  /** Blocks of its longest pass. */
  readonly blocks: number;
}

/** The program's acts up to the end of its second step, in order. */
export function* actsOf({ load, first, step }: Program): Generator<Act> {
  yield* load;
  yield* first;
  yield* step;
}
