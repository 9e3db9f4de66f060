/** How the ranks of a group talk to each other. */
export type CollectiveName =
  | "all-reduce"
  | "reduce-scatter"
  | "all-gather"
  | "all-to-all"
  | "send and receive";

/** The dimension of the mesh that traffic runs along. */
export type Axis = "data" | "tensor" | "pipeline" | "context" | "expert";

/** One kind of traffic of the GPU that holds most, over one optimizer step. */
export interface Flow {
  axis: Axis;
  /** What is sent, in words. */
  what: string;
  collective: CollectiveName;
  /** Ranks of the group. */
  ranks: number;
  /** How often the collective runs in a step. */
  calls: number;
  /** The whole array of one call, as NCCL's tests count its size; their mean. */
  message_bytes: number;
  sent_bytes: number;
  received_bytes: number;
  /** Of what is sent: to GPUs of the same node, and over the network. */
  node_bytes: number;
  network_bytes: number;
  /** How many arrays of which bytes are sent. */
  formula: string;
}

/** What each GPU sends and receives per optimizer step. */
export interface Traffic {
  flows: Flow[];
  sent_bytes: number;
  received_bytes: number;
  node_bytes: number;
  network_bytes: number;
  assumptions: string[];
  /** Why it is not known, such as that the step is not played; null where it is. */
  not_counted: string | null;
  /** The least time that it takes, where the caller gave the links' speeds. */
  time?: TrafficTime;
}

/** Speeds of links in GB/s (10^9 bytes), per GPU and direction; null unknown. */
export interface Bandwidths {
  node: number | null;
  network: number | null;
}

/** The least time that a step's traffic takes, in seconds. */
export interface TrafficTime {
  node_seconds: number | null;
  network_seconds: number | null;
  /** The slower of the links whose speed is known; null where none that is used is. */
  at_least_seconds: number | null;
}
