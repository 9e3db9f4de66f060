import type { StorageId } from "../memory/tape.ts";
import type { Dtype } from "./dtype.ts";
import type { Away } from "./saved_offload.ts";

/** A parameter: resident, and a leaf of the graph where it trains. */
export interface Parameter {
  readonly name: string;
  readonly shape: readonly number[];
  readonly elements: number;
  readonly dtype: Dtype;
  readonly trains: boolean;
}

/** A tensor as a program holds it; views of a tensor share its storage. */
export interface Value {
  readonly storage: StorageId;
  readonly elements: number;
  readonly dtype: Dtype;
  /** Where its gradient goes; null when it needs none. */
  source: Source | null;
  /** Whether the program still refers to it. */
  held: boolean;
}

/** A gradient on its way; it owns one reference to its storage. */
export interface Grad {
  readonly storage: StorageId;
  readonly elements: number;
  readonly dtype: Dtype;
  /** Whether it is a view of what was computed: autograd never adds into it. */
  readonly isView?: boolean;
  /** Brings it to its input's size and type, once what was saved is freed. */
  readonly finish?: () => Grad;
}

/** A parameter whose gradient another block began. */
export interface Begun {
  readonly parameter: Parameter;
  readonly isView: boolean;
}

/** What a gradient flows to: an output of an operation, or a parameter. */
export type Source = { readonly node: Node; readonly slot: number } | Parameter;

/** An operation as autograd remembers it. */
export interface Node {
  readonly inputs: readonly (Source | null)[];
  readonly saved: readonly StorageId[];
  /** What of that waits on the host. */
  readonly away?: readonly Away[];
  /** Whether it saves anything, a parameter included. */
  readonly saves: boolean;
  readonly grads: (Grad | null)[];
  /** Takes the outputs' gradients, gives one to each input that needs one. */
  readonly backward: (
    grads: readonly (Grad | null)[],
    here: WhereSaved,
  ) => (Grad | null)[];
}

/** Where a saved tensor lies now: one that waited on the host came back elsewhere. */
export type WhereSaved = (saved: StorageId) => StorageId;

/** What else happens when a model's body returns, and when its forward pass ends. */
export type PassEnds = Readonly<Record<"body" | "forward", (() => void)[]>>;

/** What a part of a program gave when it ran again, and its backward pass. */
export interface Again {
  readonly outs: readonly Value[];
  readonly backward: (grads: readonly (Grad | null)[]) => void;
}
