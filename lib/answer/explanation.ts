import type { Scenario } from "../scenario/schema.ts";
import type { Advice, AdvisedChange } from "./advice.ts";

/** Figures of an error, in bytes; null of what it does not tell. */
export interface ErrorFigures {
  /** What was asked for; of a refused cache what it would need. */
  tried_bytes: number | null;
  capacity_bytes: number | null;
  /** What was free; of a refused cache what there is for it. */
  free_bytes: number | null;
  /** What tensors had. */
  allocated_bytes: number | null;
  /** What PyTorch's allocator had taken. */
  reserved_bytes: number | null;
  /** What the failing process had, memory beside PyTorch's included. */
  process_bytes: number | null;
  /** What the allocator had taken and no tensor had: fragmentation. */
  unallocated_bytes: number | null;
  /** The GPU's number on its machine. */
  gpu: number | null;
  /** Who else had memory of that GPU. */
  others: { name: string; bytes: number }[];
  /** The longest sequence that there is room for, where an engine tells it. */
  room_tokens: number | null;
}

/** A tensor that has the size that was asked for, and when it is made. */
export interface ErrorCause {
  /** What it is, as the estimate's parts name it. */
  tensor: string;
  bytes: number;
  /** When it is made: "forward pass, at the loss". */
  at: string;
  /** "3.91 GiB = 2 × 4,096 × 128,256 × 4 B: log-softmax of logits" */
  words: string;
}

/** A field of the scenario that the text told. */
export interface FilledField {
  path: string;
  value: unknown;
  /** What of the text told it. */
  from: string;
}

/** Why memory ran short, and what would have helped. */
export interface Explanation {
  /** Whose message it is: "PyTorch", "vLLM", … */
  tool: string;
  /** The message, shortened. */
  message: string;
  /** What ran, in words: "in the backward pass"; null where nothing tells it. */
  moment: string | null;
  read: ErrorFigures;
  /** The run as it was understood; null where no model is known. */
  scenario: Scenario | null;
  /** What of it the text told. */
  filled: FilledField[];
  causes: ErrorCause[];
  /** All of it in sentences, the first the most telling; a line each few. */
  words: string;
  /** What to do next, a sentence each, the most telling first. */
  steps: string[];
  /** What the estimate says that the run needs of its GPU; null without a scenario. */
  estimated: { peak_bytes: number; fits: boolean } | null;
  /** Single changes of the scenario, as advice gives them. */
  changes: AdvisedChange[];
  together: Advice["together"];
  gpus_needed: number | null;
  smallest_gpu: string | null;
}
