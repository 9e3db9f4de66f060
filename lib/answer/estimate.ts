import type { Fit } from "../hardware/fit.ts";
import type { Architecture } from "../models/architecture.ts";
import type { RoleCount } from "../models/roles.ts";
import type { Scenario } from "../scenario/schema.ts";
import type { Capacity } from "./capacity.ts";
import type { Curve } from "./curve.ts";
import type { Opinion } from "./opinion.ts";
import type { KvCache, Serving } from "./serving.ts";
import type { Traffic } from "./traffic.ts";

/**
 * How a part is known: counted, derived from the code that runs, fitted to
 * measurements, or assumed.
 */
export type Basis = "exact" | "derived" | "fitted" | "assumed";

/** A named share of memory. */
export interface Part {
  name: string;
  bytes: number;
  /** The part's formula with this scenario's numbers in it. */
  formula: string;
  basis: Basis;
  /** Whose code or paper the formula is read off, where the method says. */
  source?: string;
}

/**
 * Optimizer states in managed memory, which PyTorch counts neither as allocated
 * nor as reserved. They give way to everything else on the device.
 */
export interface Paged extends Part {
  /** Of them, what lies on the device where there is room. */
  device_bytes: number;
  /** Of them, what the driver moves to the host. */
  host_bytes: number;
}

/** A class of ranks that hold the same and do the same. Figures are bytes a GPU. */
export interface RankRow {
  /** Where they are, such as "pp 0"; "all" where all are alike. */
  rank: string;
  /** How many GPUs are of this class. */
  gpus: number;
  /** One of them: what `parallel.rank` asks for. */
  global_rank: number;
  allocated_peak_bytes: number;
  /**
   * Beside the tensors of ranks other than the answer's own, the allocator is taken
   * to keep as much as of that one.
   */
  reserved_peak_bytes: number;
  device_peak_bytes: number;
  /** The instant of the allocated peak, in words. */
  binding: string;
  /** What stands then. */
  parts: { name: string; bytes: number }[];
}

/** What a node's memory holds for its GPUs, in bytes. */
export interface Host {
  /** Null when the method does not model it, or nothing is kept there. */
  peak_bytes: number | null;
  /** What is page-locked while it trains. */
  pinned_bytes?: number;
  /** What the peak is made of; the bytes sum to it. */
  parts?: Part[];
  /** What it holds when; absent where nothing but training was looked at. */
  moments?: HostMoments;
}

/** Bytes that a node's memory holds... */
export interface HostMoments {
  /** ...while the checkpoint is loaded... */
  loading: number;
  /** ...from step to step... */
  training: number;
  /** ...and while a checkpoint is saved. */
  saving: number;
}

/** A phase of the training step, and what is allocated in it. */
export interface Phase {
  /** "load", "forward", "loss", "backward" or "optimizer". */
  name: string;
  peak_bytes: number;
  /** What stands when it begins and ends, where the method tells. */
  start_bytes?: number;
  end_bytes?: number;
}

/**
 * The memory of the most loaded GPU, or of the one that `parallel.rank` asks for.
 * All figures are bytes.
 */
export interface Memory {
  /** What `torch.cuda.max_memory_allocated` would print; null when unknown. */
  allocated_peak_bytes: number | null;
  /** Allocated between steps; null when the method has no steps. */
  allocated_steady_bytes: number | null;
  /** What `torch.cuda.max_memory_reserved` would print; null when unknown. */
  reserved_peak_bytes: number | null;
  /** What nvidia-smi would show, pages of paged states on the device included. */
  device_peak_bytes: number;
  /** The band of doubt around the device peak; null when nothing measured backs one. */
  low_bytes: number | null;
  high_bytes: number | null;
  /** The instant of the peak, in words. */
  binding: string;
  /** What stands at that instant; the bytes sum to the peak exactly. */
  parts: Part[];
  /** What a paged optimizer keeps beside all that; absent without one. */
  paged?: Paged;
  /** What the GPUs' talk takes beside PyTorch's allocator; absent on one GPU. */
  communication?: Part;
  /** What is allocated in each phase, in order; null when there are none. */
  phases: Phase[] | null;
  /** Each class of ranks, the most loaded first; null where all is one GPU. */
  ranks: RankRow[] | null;
}

/** The answer to a Scenario. */
export interface Estimate {
  /** The scenario with every default filled in. */
  scenario: Scenario;
  /** The method that answered, which may differ from the one asked for. */
  method: Scenario["method"];
  model: {
    name: string;
    type: string;
    source: "catalogue" | "config" | "headers" | "dims";
    parameters: number;
    trainable_parameters: number;
    active_parameters: number;
    parameters_basis: "exact" | "derived" | "assumed";
    /** Bytes of the checkpoint's tensors, as published or quantised; when serving. */
    stored_bytes?: number;
    /** The dimensions as they were understood. */
    architecture: Architecture;
    /** The parameters by what they are for. */
    roles: readonly RoleCount[];
  };
  memory: Memory;
  kv?: KvCache;
  /** What the serving engine makes of it. */
  serve?: Serving;
  /** Contexts against users, where the caller asked for them. */
  capacity?: Capacity;
  /** Host memory per node. */
  host: Host;
  fit: Fit[];
  assumptions: string[];
  warnings: string[];
  /** The largest tensors at the peak, where the method knows them. */
  largest?: { label: string; count: number; bytes: number }[];
  /** Memory over the step, where the caller asked for it. */
  curve?: Curve;
  /** What the other methods say, where the caller asked for them. */
  opinions?: Opinion[];
  /** What each GPU sends and receives, where the caller asked for it. */
  traffic?: Traffic;
}
