import type { ErrorFigures } from "../../answer/explanation.ts";
import type { Failure } from "../../failures/failure.ts";
import type { FailureReading } from "../../failures/read.ts";
import { asPrinted, groupDigits, MIB } from "../../units/mod.ts";
import { figuresOf } from "./figures.ts";
import { cacheWords, startWords } from "./refused_words.ts";

/** Writes what an error says: what was asked for, and who had the memory. */
export function heldWords(reading: FailureReading): string[] {
  const { failure, more } = reading;
  const read = figuresOf(failure);
  return [
    ...askedWords(reading, read),
    ...processWords(read, failure),
    ...othersWords(read, failure),
    ...ranksWords(failure, more),
  ];
}

function askedWords(
  { failure, moment }: FailureReading,
  read: ErrorFigures,
): string[] {
  const { tool, kind } = failure;
  const { tried_bytes: tried, free_bytes: free, capacity_bytes: all } = read;
  const when = moment ? ` ${moment.words}` : "";
  const gpu = read.gpu === null ? "the GPU" : `GPU ${read.gpu}`;
  switch (kind) {
    case "cache":
      return [cacheWords(failure, read)];
    case "no cache":
      return [
        `${tool} would not start: the weights and the trial run leave no memory for any cache, within the share of the GPU that it may take.`,
      ];
    case "start":
      return [startWords(failure, read)];
    case "host":
      return [
        `The machine's own memory ran short, not the GPU's${
          tried === null ? "" : `: ${asPrinted(tried)} were asked for`
        }${free === null ? "" : `, ${asPrinted(free)} are free`}.`,
        ...hostWords(failure, read),
      ];
    case "shared":
      return [
        `This is no lack of GPU memory: a kernel asks for ${
          tried === null ? "more" : asPrinted(tried)
        } of the fast memory within each multiprocessor${
          all === null ? "" : `, which has ${asPrinted(all)}`
        }.`,
      ];
    case "bare":
      return [
        `${tool} found no memory${when}, and says no figures.`,
      ];
    case "table":
      return tableWords(failure, read);
    case "allocation":
      return [
        `${tool} asked for ${asPrinted(tried ?? 0)}${
          failure.what === null ? "" : ` for its ${failure.what}`
        } on ${gpu}${when}${
          free === null
            ? ""
            : `; ${asPrinted(free)}${
              all === null ? "" : ` of ${asPrinted(all)}`
            } were free`
        }.`,
        ...(tried !== null && all !== null && tried > all
          ? ["That is more than the whole GPU has."]
          : []),
        ...(isThere(read) ? ["More was free than it asked for."] : []),
        ...(failure.allowed
          ? [
            tool === "MLX" || tool === "llama.cpp"
              ? `Metal makes no buffer of more than ${
                asPrinted(failure.allowed.bytes)
              }, whatever is free.`
              : `The process may take ${
                asPrinted(failure.allowed.bytes)
              } at most, as a fraction was set.`,
          ]
          : []),
        ...(moment?.recomputes
          ? [
            "A layer was being computed again, as activation checkpointing does.",
          ]
          : []),
      ];
  }
}

/** Whether there was room by the message's own count. */
export function isThere(
  { tried_bytes, free_bytes }: ErrorFigures,
): boolean {
  return tried_bytes !== null && free_bytes !== null &&
    free_bytes > 1.5 * tried_bytes;
}

/** Who was ended for the machine's memory, and what it may hold. */
function hostWords(
  { tool, allowed }: Failure,
  { process_bytes: held, capacity_bytes: all }: ErrorFigures,
): string[] {
  return [
    ...(held === null ? [] : [
      `${tool} ended a process that held ${asPrinted(held)} of it${
        all === null ? "" : `; the machine has ${asPrinted(all)}`
      }.`,
    ]),
    ...(allowed
      ? [`The container may take ${asPrinted(allowed.bytes)} at most.`]
      : []),
  ];
}

function tableWords({ tool, message, blocks }: Failure, read: ErrorFigures) {
  const { allocated_bytes, reserved_bytes, capacity_bytes, free_bytes } = read;
  return [
    allocated_bytes !== null && reserved_bytes !== null
      ? `${tool}: tensors have ${
        asPrinted(allocated_bytes)
      }, and PyTorch's allocator has taken ${asPrinted(reserved_bytes)}.`
      : capacity_bytes !== null && free_bytes !== null
      ? `${message}: ${asPrinted(free_bytes)} are free.`
      : `${tool}: ${message}.`,
    ...(blocks.length === 0 ? [] : [
      `The largest blocks: ${
        blocks.slice(0, 4).map(({ bytes, count }) =>
          `${groupDigits(count)} of ${asPrinted(bytes)}`
        ).join(", ")
      }.`,
    ]),
  ];
}

/** What the failing process had, part by part. */
function processWords(read: ErrorFigures, { kind }: Failure): string[] {
  const { allocated_bytes, unallocated_bytes, process_bytes } = read;
  if (allocated_bytes === null || kind === "table") return [];
  const beside = process_bytes === null || unallocated_bytes === null
    ? 0
    : process_bytes - allocated_bytes - unallocated_bytes;
  return [
    `${
      process_bytes === null
        ? "Its tensors had"
        : `The process had ${asPrinted(process_bytes)}: tensors`
    } ${asPrinted(allocated_bytes)}${
      unallocated_bytes === null || unallocated_bytes < MIB
        ? ""
        : `, ${
          asPrinted(unallocated_bytes)
        } that PyTorch had taken and no tensor used (fragmentation)`
    }${
      beside > 0
        ? `, ${
          asPrinted(beside)
        } beside PyTorch (CUDA context, libraries, NCCL)`
        : ""
    }.`,
  ];
}

/** Who else had memory. */
function othersWords(read: ErrorFigures, { kind }: Failure): string[] {
  const { others, capacity_bytes, free_bytes, process_bytes, reserved_bytes } =
    read;
  if (others.length > 0) {
    return [
      `${kind === "table" ? "It is held by" : "Others on the same GPU:"} ${
        others.slice(0, 4).map(({ name, bytes }) =>
          `${name} ${asPrinted(bytes)}`
        ).join(", ")
      }${others.length > 4 ? ` and ${others.length - 4} more` : ""}.`,
    ];
  }
  const own = process_bytes ?? reserved_bytes;
  if (kind !== "allocation" || own === null || capacity_bytes === null) {
    return [];
  }
  if (free_bytes === null) return [];
  const rest = capacity_bytes - free_bytes - own;
  // A context and libraries take up to about this much.
  return rest > LEAST_FOREIGN
    ? [
      `${asPrinted(rest)} of the GPU are neither free nor this process's${
        process_bytes === null
          ? " by PyTorch's count: its context, libraries,"
          : ":"
      } other processes have them.`,
    ]
    : [];
}

/** What a CUDA context with NCCL takes at most, about. */
const LEAST_FOREIGN = 2 * 2 ** 30;

/** Which other ranks failed as well. */
function ranksWords(failure: Failure, more: readonly Failure[]): string[] {
  const devices = new Set(
    [failure, ...more].flatMap(({ device, kind }) =>
      device === null || kind === "table" ? [] : [device]
    ),
  );
  return devices.size > 1
    ? [
      `It failed on ${devices.size} GPUs: ${
        [...devices].sort((a, b) => a - b).slice(0, 16).join(", ")
      }.`,
    ]
    : [];
}
