import type { Failure, Holder } from "./failure.ts";
import { failureOf, shownMessage } from "./failure.ts";
import type { WrittenText } from "./lines.ts";
import { onOneLine } from "./lines.ts";
import { ofAmounts } from "./patterns.ts";
import type { Printed } from "./printed.ts";
import { amountIn, printedAmount } from "./printed.ts";

/*
 * Messages of PyTorch's allocators since 1.13.
 *
 * Source: pytorch c10/cuda/CUDACachingAllocator.cpp, malloc and
 * reportProcessMemoryInfo; aten/src/ATen/mps/MPSAllocator.mm,
 * c10/xpu/XPUCachingAllocator.cpp
 */
const amount = (before: string, after = ""): RegExp =>
  ofAmounts(`${before}%A${after}`);

const TRIED = amount("Tried to allocate ");
/** "GPU 0 has a total capacity of"; releases until 2.1 write "capacty". */
const CAPACITY = amount("total capaci?ty of ");
const FREE = amount("of which ", " is free");
const ALLOCATED = amount("Of the allocated memory ", " is allocated by");
const UNALLOCATED = amount("", " is reserved by PyTorch but unallocated");
const ALLOWED = amount("", " allowed; ");
const OWN = amount("this process has ", " memory in use");
const PROCESS = ofAmounts(
  String.raw`Process (\d{1,10}) has %A memory in use`,
  "g",
);
const DEVICE = /(?:GPU|NPU|XPU) (\d{1,3})(?:;| has a total)/;
/** Releases until 2.0: "(GPU 0; 7.79 GiB total capacity; 5.92 GiB already allocated; …)". */
const OLD = {
  capacity: amount("", " total capacity"),
  allocated: amount("", " already allocated"),
  free: amount("", " free"),
  reserved: amount("", " (?:reserved in total by PyTorch|cached)"),
  allowed: amount("", " allowed"),
} as const;
const MPS = {
  allocated: amount("MPS allocated: "),
  other: amount("other allocations: "),
  allowed: amount("max allowed: "),
} as const;

/** Characters around a message that belong to it. */
const BEFORE = 320;
const AFTER = 1400;
/** Messages of one text that are read. */
const MOST = 64;
const SAYS = /(?:(CUDA|HIP|XPU|NPU) out of memory|MPS backend out of memory)/;

/** Reads what PyTorch's allocators say when a request fails. */
export function torchFailures({ who, text }: WrittenText): Failure[] {
  const found: Failure[] = [];
  const words = "Tried to allocate ";
  // A terminal may have broken the line between any two words.
  const plain = text.replaceAll(
    /Tried\s{1,40}to\s{1,40}allocate\s{1,40}/g,
    words,
  );
  let from = 0;
  while (found.length < MOST) {
    const at = plain.indexOf(words, from);
    if (at < 0) break;
    from = at + words.length;
    const before = onOneLine(plain.slice(Math.max(0, at - BEFORE), at));
    const next = plain.indexOf(words, from);
    const end = Math.min(at + AFTER, next < 0 ? plain.length : next);
    const failure = failureIn(before, onOneLine(plain.slice(at, end)));
    if (failure) found.push({ ...failure, who, at });
  }
  return found;
}

function failureIn(before: string, after: string): Failure | null {
  const tried = amountIn(after, TRIED);
  const said = SAYS.exec(before);
  // The CPU's allocator says "you tried to allocate".
  if (!tried || !said && !/GPU|out of memory/i.test(`${before}${after}`)) {
    return null;
  }
  const start = said ? before.lastIndexOf(said[0]) : before.length;
  const message = shownMessage(before.slice(start) + whole(after));
  const own = { kind: "allocation", tool: "PyTorch", message, at: 0 } as const;
  const mps = amountIn(before, MPS.allowed);
  if (mps) return { ...failureOf(own), tried, ...heldByMps(before, mps) };
  return failureOf({ ...own, tried, ...heldOnGpu(after) });
}

/** A message up to the advice that follows it. */
function whole(after: string): string {
  const end = after.search(
    / If reserved | See documentation| Please use| Use PYTORCH_/,
  );
  return end < 0 ? after.slice(0, AFTER) : after.slice(0, end);
}

function heldByMps(before: string, capacity: Printed): Partial<Failure> {
  const allocated = amountIn(before, MPS.allocated);
  const other = amountIn(before, MPS.other);
  const used = (allocated?.bytes ?? 0) + (other?.bytes ?? 0);
  return {
    tool: "PyTorch on Apple's GPU",
    capacity,
    allocated,
    free: allocated && other
      ? {
        bytes: Math.max(0, capacity.bytes - used),
        rounding: capacity.rounding + allocated.rounding + other.rounding,
      }
      : null,
    others: other && other.bytes > 0
      ? [{ name: "other allocations of Metal", bytes: other.bytes }]
      : [],
  };
}

function heldOnGpu(after: string): Partial<Failure> {
  const device = DEVICE.exec(after)?.[1];
  const isOld = /total capacity;/.test(after);
  const allocated = amountIn(after, isOld ? OLD.allocated : ALLOCATED);
  const unallocated = amountIn(after, UNALLOCATED);
  const reserved = isOld
    ? amountIn(after, OLD.reserved)
    : allocated && unallocated && {
      bytes: allocated.bytes + unallocated.bytes,
      rounding: allocated.rounding + unallocated.rounding,
    };
  return {
    device: device === undefined ? null : Number(device),
    capacity: amountIn(after, isOld ? OLD.capacity : CAPACITY),
    free: amountIn(after, isOld ? OLD.free : FREE),
    allocated,
    reserved,
    allowed: amountIn(after, isOld ? OLD.allowed : ALLOWED),
    ...processesIn(after, reserved),
  };
}

/**
 * Which process failed, and which others hold memory. In a container PyTorch does
 * not find its own number among the driver's, and calls itself as the others.
 */
function processesIn(
  after: string,
  reserved: Printed | null,
): Pick<Failure, "process" | "others"> {
  const all = [...after.matchAll(PROCESS)].flatMap(([, id, digits, unit]) => {
    const printed = printedAmount(digits ?? "", unit ?? "");
    return printed ? [{ name: `process ${id}`, printed }] : [];
  });
  const own = amountIn(after, OWN);
  const least = (reserved?.bytes ?? 0) - (reserved?.rounding ?? 0);
  // The one that holds as much as PyTorch says, and least beside that.
  const likely = own ? undefined : all
    .filter(({ printed }) => printed.bytes + printed.rounding >= least)
    .toSorted((a, b) => a.printed.bytes - b.printed.bytes)[0];
  const others: Holder[] = all.filter((each) => each !== likely)
    .map(({ name, printed }) => ({ name, bytes: printed.bytes }));
  // WSL tells nothing of processes, and 0 is then no figure.
  const process = own ?? likely?.printed ?? null;
  return {
    process: process && process.bytes > 0 ? process : null,
    others,
  };
}
