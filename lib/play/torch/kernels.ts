import type { Scenario } from "../../scenario/schema.ts";

/**
 * What runs a chain of operations on each element: a kernel for each, Liger's
 * hand-written ones, or the ones that torch.compile makes of them.
 */
export type Kernels = Scenario["train"]["kernels"];
