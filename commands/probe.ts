import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Estimate, Result, Scenario } from "../lib/mod.ts";
import { findModel } from "../lib/mod.ts";
import type { Output } from "./run_python.ts";
import { runPython } from "./run_python.ts";
import { isForbidden, isMissing } from "./system_error.ts";

const SCRIPT = new URL("../probe/measure.py", import.meta.url);

/** Steps that a probe runs where nothing else is asked for. */
export const PROBE_DEFAULTS = { warmupSteps: 3, steps: 6 };

/** A probe is a few steps, not a training run. */
export const MOST_PROBE_STEPS = 1_000;

const Bytes = z.int().nonnegative();

/** What the probe counted; see probe/measure.py. */
const Measured = z.object({
  max_memory_allocated: Bytes,
  max_memory_reserved: Bytes,
  memory_allocated: Bytes,
  device_used: Bytes,
  device_total: Bytes,
  phases: z.record(z.string(), Bytes),
  trainable_parameters: z.int().nonnegative(),
  gpu: z.string(),
  versions: z.record(z.string(), z.string()),
});

/** A real run's memory, counted by PyTorch and by the driver, in bytes. */
export type Measured = z.infer<typeof Measured>;

/** Steps of a probe. */
export interface ProbeSteps {
  warmupSteps: number;
  steps: number;
}

/**
 * Runs an estimate's scenario on this machine's GPU, in Python, and counts.
 *
 * @returns What it took, or why it could not be run.
 */
export async function probe(
  { scenario }: Estimate,
  { warmupSteps, steps }: ProbeSteps,
): Promise<Result<Measured>> {
  const source = sourceOf(scenario);
  if (!source) {
    return failed(
      "the probe needs a config.json or a name that transformers knows, not dimensions",
    );
  }
  let output: Output;
  try {
    output = await runPython(
      fileURLToPath(SCRIPT),
      JSON.stringify({
        scenario,
        ...source,
        warmup_steps: warmupSteps,
        steps,
      }),
    );
  } catch (error) {
    return failed(reasonOf(error));
  }
  const answer = parsed(output.stdout);
  const refusal = z.object({ error: z.string() }).safeParse(answer);
  if (refusal.success) return failed(refusal.data.error);
  const measured = Measured.safeParse(answer);
  if (measured.success) return { ok: true, value: measured.data };
  const said = output.stderr.trim().split("\n").pop();
  return failed(
    `the probe ended with status ${output.code}: ${said || "no word"}`,
  );
}

/** Where transformers finds the model: a config, or a name. */
function sourceOf(
  { model }: Scenario,
): { config: unknown } | { name: string } | null {
  if (typeof model === "string") {
    const known = findModel(model);
    return known ? { config: known.config } : { name: model };
  }
  return "config" in model ? { config: model.config } : null;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function reasonOf(error: unknown): string {
  if (isForbidden(error)) {
    return "the probe runs python3, which Deno must be allowed to: --allow-run=python3";
  }
  if (isMissing(error)) {
    return "the probe runs python3, and there is none on this machine";
  }
  return error instanceof Error ? error.message : String(error);
}

function failed(message: string): Result<never> {
  return { ok: false, problems: [{ path: "probe", message }] };
}
