import type { Architecture } from "./architecture.ts";

/** A model as the methods see it: its dimensions and its parameters. */
export interface Model {
  name: string;
  source: "catalogue" | "config" | "headers" | "dims";
  architecture: Architecture;
  parameters: number;
  active_parameters: number;
  /** How the number of parameters is known. */
  parameters_basis: "exact" | "derived" | "assumed";
  /** What the reader has to know about how the model was understood. */
  notes: readonly string[];
}
