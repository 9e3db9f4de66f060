import { z } from "zod";
import { findGpu } from "../hardware/gpus.ts";
import type { Result } from "../scenario/parse_scenario.ts";
import { shown } from "../scenario/problem.ts";

/** The group of the steps that were traced rather than measured. */
export const TRACED = "traced_steps";

/** What a traced step's bytes are called in {@linkcode CaseReading.counter}. */
const STEP = "step_";

/** One figure of a case. */
export interface CaseReading {
  /**
   * The counter that was read. Measured: `allocated_peak`, `allocated_steady`,
   * `reserved_peak`, `device_peak`, `load_allocated`, `weights_bytes`,
   * `kv_bytes`. Traced: `step_` and a phase, or `step_peak` for the highest.
   */
  counter: string;
  bytes: number;
}

/** Somebody's real run, or a step that was traced, with what it used. */
export interface Case {
  id: string;
  group: string;
  /** How surely its settings are known: high, medium, low, or traced. */
  confidence: string;
  /** A Scenario's input, still unchecked. */
  scenario: Record<string, unknown>;
  /** What it used; the first figure is the case's own. */
  readings: readonly [CaseReading, ...CaseReading[]];
  /** The GPU as its source names it; null where that is not told. */
  gpu: string | null;
  /** Who published the figure, and where. */
  source: string;
}

const scenario = z.record(z.string(), z.unknown());
const bytes = z.number().nonnegative();

const measuredCase = z.looseObject({
  id: z.string().min(1),
  group: z.string().min(1),
  confidence: z.string().default("not stated"),
  scenario,
  measured: z.looseObject({ bytes, what: z.string().min(1) }),
  gpu: z.string().nullable().default(null),
  gpus: z.number().int().positive().optional(),
  source: z.string().default("not stated"),
});

const tracedStep = z.looseObject({
  name: z.string().min(1),
  scenario,
  bytes: z.record(z.string(), bytes).refine(
    (phases) => Object.keys(phases).length > 0,
    "must not be empty",
  ),
});

/**
 * Reads cases: measured runs as in tests/truth/measured.json, traced steps as in
 * tests/truth/steps.json, or both in one list.
 *
 * @param input Anything.
 * @returns The cases in their order, or what is wrong with the first that cannot
 *   be read, by number. Of those with the same name the later ones get a number.
 */
export function readCases(input: unknown): Result<Case[]> {
  if (!Array.isArray(input)) {
    return refused("", "The cases must be a list", shown(input));
  }
  const cases: Case[] = [];
  const seen = new Map<string, number>();
  for (const [at, entry] of input.entries()) {
    const read = readCase(entry);
    if ("path" in read) {
      const path = ["cases", at, ...read.path].join(".");
      return refused(path, `${path} ${read.limit}`, shown(read.value));
    }
    const times = (seen.get(read.id) ?? 0) + 1;
    seen.set(read.id, times);
    cases.push(times === 1 ? read : { ...read, id: `${read.id} (${times})` });
  }
  return { ok: true, value: cases };
}

interface Wrong {
  path: PropertyKey[];
  limit: string;
  value: unknown;
}

function readCase(entry: unknown): Case | Wrong {
  const traced = typeof entry === "object" && entry !== null &&
    !("measured" in entry) && "bytes" in entry;
  if (traced) {
    const parsed = tracedStep.safeParse(entry);
    return parsed.success
      ? stepCase(parsed.data)
      : wrong(parsed.error.issues, entry);
  }
  const parsed = measuredCase.safeParse(entry);
  return parsed.success
    ? runCase(parsed.data)
    : wrong(parsed.error.issues, entry);
}

function runCase(run: z.infer<typeof measuredCase>): Case {
  return {
    id: run.id,
    group: run.group,
    confidence: run.confidence,
    scenario: withHardware(run.scenario, run.gpu, run.gpus),
    readings: [{ counter: run.measured.what, bytes: run.measured.bytes }],
    gpu: run.gpu,
    source: run.source,
  };
}

function stepCase(step: z.infer<typeof tracedStep>): Case {
  const phases = Object.entries(step.bytes).map(([phase, bytes]) => ({
    counter: STEP + phase,
    bytes,
  }));
  const peak = Math.max(...phases.map(({ bytes }) => bytes));
  return {
    id: step.name,
    group: TRACED,
    confidence: "traced",
    scenario: step.scenario,
    readings: [{ counter: `${STEP}peak`, bytes: peak }, ...phases],
    gpu: null,
    source: "a step traced in PyTorch",
  };
}

/** What stands beside the scenario goes into it, where it does not say itself. */
function withHardware(
  scenario: Record<string, unknown>,
  gpu: string | null,
  gpus: number | undefined,
): Record<string, unknown> {
  const parallel = scenario["parallel"];
  return {
    ...(gpu !== null && findGpu(gpu) ? { hardware: { gpu } } : {}),
    ...scenario,
    ...(gpus === undefined || gpus === 1 ? {} : {
      parallel: { gpus, ...(typeof parallel === "object" ? parallel : {}) },
    }),
  };
}

function wrong(issues: readonly z.core.$ZodIssue[], entry: unknown): Wrong {
  const [first] = issues;
  const path = first?.path ?? [];
  let value = entry;
  for (const key of path) {
    value = typeof value === "object" && value !== null
      ? (value as Record<PropertyKey, unknown>)[key]
      : undefined;
  }
  const limit = first?.code === "invalid_type"
    ? `must be ${/^[aeio]/.test(first.expected) ? "an" : "a"} ${first.expected}`
    : first?.code === "too_small"
    ? first.origin === "string"
      ? "must not be empty"
      : `must be at least ${first.minimum}`
    : first?.message ?? "is not valid";
  return { path: [...path], limit, value };
}

function refused(
  path: string,
  limit: string,
  value: string,
): { ok: false; problems: { path: string; message: string }[] } {
  return {
    ok: false,
    problems: [{ path, message: `${limit}: current value is ${value}` }],
  };
}
