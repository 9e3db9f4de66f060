import type { Scenario } from "../../scenario/schema.ts";
import type { Stage, Turn } from "../megatron/schedule.ts";
import { playedMicros, turnsOf } from "../megatron/schedule.ts";

/** Schedules of torch.distributed.pipelining that are played. */
export const SCHEDULES = ["1F1B", "GPipe", "Interleaved1F1B"] as const;

/** The schedule of a scenario. */
export function scheduleOf(
  { pipeline_schedule, virtual_pipeline, split_points, pp }:
    Scenario["parallel"],
): NonNullable<Scenario["parallel"]["pipeline_schedule"]> {
  const stages = (split_points?.length ?? pp - 1) + 1;
  const isLooped = virtual_pipeline > 1 || stages > pp;
  return pipeline_schedule ?? (isLooped ? "Interleaved1F1B" : "1F1B");
}

/**
 * In which order a rank runs, of as many micro-batches as come to repeat themselves.
 *
 * Source: pytorch torch/distributed/pipelining/schedules.py, Schedule1F1B,
 * ScheduleGPipe, ScheduleInterleaved1F1B
 */
export function titanTurns(
  schedule: ReturnType<typeof scheduleOf>,
  stage: Stage,
): { readonly turns: readonly Turn[]; readonly micros: number } {
  if (schedule === "GPipe") {
    const all = (kind: Turn["kind"]) =>
      Array.from(
        { length: stage.micros },
        (_, micro): Turn => ({ kind, chunk: 0, micro }),
      );
    return {
      turns: [...all("forward"), ...all("backward")],
      micros: stage.micros,
    };
  }
  const micros = playedMicros(stage);
  return { turns: turnsOf({ ...stage, micros }), micros };
}
