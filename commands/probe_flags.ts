import { Option } from "commander";
import { readBoolean } from "../lib/mod.ts";
import type { ProbeSteps } from "./probe.ts";
import { MOST_PROBE_STEPS, PROBE_DEFAULTS } from "./probe.ts";
import { UsageError } from "./usage_error.ts";

/** Flags of the calculators that are no field of a scenario. */
export const PROBE_FLAGS = [
  new Option(
    "--probe [bool]",
    "run steps on this machine's GPU too, with python3, and measure",
  ),
  new Option(
    "--warmup-steps <n>",
    `steps before the probe measures (${PROBE_DEFAULTS.warmupSteps})`,
  ),
  new Option(
    "--probe-steps <n>",
    `steps that the probe measures (${PROBE_DEFAULTS.steps})`,
  ),
  new Option("--estimate-only [bool]", "no probe, whatever --probe says"),
  new Option(
    "--load-full-model [bool]",
    "count from the checkpoint's headers, on the Hub or a disk",
  ),
  new Option("--is-seq2seq [bool]", "not needed: the model's config tells"),
];

/** Probe flags that are true or false; the others count steps. */
const PROBE_SWITCHES = [
  "probe",
  "estimateOnly",
  "isSeq2seq",
  "loadFullModel",
];
const PROBE_STEPS = ["warmupSteps", "probeSteps"];

/** Whether `--load-full-model` asks to count from a checkpoint's headers. */
export function wantsHeaders(given: Record<string, unknown>): boolean {
  return isOn(given["loadFullModel"]);
}

/** @throws {UsageError} When a value is none that its flag takes. */
export function checkProbeFlags(given: Record<string, unknown>): void {
  const refuse = (name: string, limit: string): void => {
    const value = given[name];
    throw new UsageError(
      `${flagOf(name)} must be ${limit}: current value is ${
        JSON.stringify(value)
      }`,
    );
  };
  for (const name of PROBE_SWITCHES) {
    const value = given[name];
    if (typeof value === "string" && readBoolean(value) === null) {
      refuse(name, "true or false");
    }
  }
  for (const name of PROBE_STEPS) {
    const value = given[name];
    const least = name === "probeSteps" ? 1 : 0;
    if (
      value !== undefined && !(/^\d+$/.test(String(value)) &&
        Number(value) >= least && Number(value) <= MOST_PROBE_STEPS)
    ) {
      refuse(name, `a whole number from ${least} to ${MOST_PROBE_STEPS}`);
    }
  }
}

/** The flag of commander's name: seqLen is "--seq-len". */
function flagOf(attribute: string): string {
  return `--${
    attribute.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
  }`;
}

function isOn(value: unknown): boolean {
  return value === true ||
    (typeof value === "string" && readBoolean(value) === true);
}

/** Whether steps are to be run on this machine. */
export function asksForProbe(given: Record<string, unknown>): boolean {
  return isOn(given["probe"]) && !isOn(given["estimateOnly"]);
}

/** How many steps the probe is to run. */
export function stepsOf(given: Record<string, unknown>): ProbeSteps {
  const { warmupSteps, steps } = PROBE_DEFAULTS;
  return {
    warmupSteps: Number(given["warmupSteps"] ?? warmupSteps),
    steps: Number(given["probeSteps"] ?? steps),
  };
}
