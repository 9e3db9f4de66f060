import type { Failure } from "./failure.ts";
import { failureOf } from "./failure.ts";
import { ofAmounts } from "./patterns.ts";
import type { Printed } from "./printed.ts";
import { printedAmount } from "./printed.ts";

/*
 * What programs print of the memory that they hold.
 *
 * Source: pytorch torch/cuda/memory.py memory_summary; microsoft/DeepSpeed
 * runtime/utils.py see_memory_usage
 */
const SUMMARY = /PyTorch (?:CUDA|HIP|XPU) memory summary, device ID (\d{1,3})/;
const ROW = (name: string): RegExp =>
  ofAmounts(
    String.raw`\| {1,3}${name} {0,20}\| {1,12}%A {0,4}\| {1,12}%A`,
  );
const ROWS = {
  allocated: ROW("Allocated memory"),
  active: ROW("Active memory"),
  reserved: ROW("GPU reserved memory"),
} as const;
const OOMS = /CUDA OOMs: (\d{1,6})/;

/** Characters of a summary that are looked at. */
const SUMMARY_LENGTH = 8000;

/** Reads `torch.cuda.memory_summary()`; null where the text has none. */
export function memorySummary(text: string): Failure | null {
  const head = SUMMARY.exec(text);
  if (!head) return null;
  const table = text.slice(head.index, head.index + SUMMARY_LENGTH);
  const allocated = rowOf(table, ROWS.allocated);
  const reserved = rowOf(table, ROWS.reserved);
  if (!allocated && !reserved) return null;
  const ooms = Number(OOMS.exec(table)?.[1] ?? 0);
  return failureOf({
    kind: "table",
    tool: "torch.cuda.memory_summary()",
    message: `device ${head[1]}, ${ooms} requests ran out of memory`,
    at: head.index,
    device: Number(head[1]),
    allocated,
    reserved,
  });
}

/** A row's current usage. */
function rowOf(table: string, row: RegExp): Printed | null {
  const [, digits = "", unit = ""] = row.exec(table) ?? [];
  return digits === "" ? null : printedAmount(digits, unit);
}

const DEEPSPEED =
  /MA (\d{1,6}(?:\.\d{1,3})?) GB {1,20}Max_MA (\d{1,6}(?:\.\d{1,3})?) GB {1,20}CA (\d{1,6}(?:\.\d{1,3})?) GB {1,20}Max_CA (\d{1,6}(?:\.\d{1,3})?) GB/g;

/** The last state that DeepSpeed printed: allocated and cached; null of none. */
export function deepspeedUsage(text: string): Failure | null {
  const last = [...text.matchAll(DEEPSPEED)].at(-1);
  if (!last) return null;
  const [said, allocated = "", , cached = ""] = last;
  return failureOf({
    kind: "table",
    tool: "DeepSpeed",
    message: said.replaceAll(/ +/g, " "),
    at: last.index,
    allocated: printedAmount(allocated, "GB"),
    reserved: printedAmount(cached, "GB"),
  });
}
