/** A message of Gradio's queue. */
export interface GradioMessage {
  msg: string;
  event_id?: string;
  [key: string]: unknown;
}

/** What ends a stream; clients wait for it. */
export const CLOSE: GradioMessage = { msg: "close_stream" };

/** Messages as a stream of events: lines of data alone, as Python's client needs. */
export function streamOf(messages: readonly GradioMessage[]): string {
  return messages.map((message) => `data: ${JSON.stringify(message)}\n\n`)
    .join("");
}

/** What happens to an event that is answered at once. */
export function messagesOf(
  event_id: string,
  outcome: { data: unknown[]; steps: number } | { error: string },
  seconds: number,
): GradioMessage[] {
  return [
    { msg: "estimation", event_id, rank: 0, queue_size: 1, rank_eta: seconds },
    { msg: "process_starts", event_id, eta: seconds },
    ...("steps" in outcome && outcome.steps > 0
      ? [progressOf(event_id, outcome.steps)]
      : []),
    {
      msg: "process_completed",
      event_id,
      output: "error" in outcome ? outcome : {
        data: outcome.data,
        is_generating: false,
        duration: seconds,
        average_duration: seconds,
      },
      success: !("error" in outcome),
    },
  ];
}

/** How many things were tried. */
function progressOf(event_id: string, steps: number): GradioMessage {
  return {
    msg: "progress",
    event_id,
    progress_data: [{
      index: steps,
      length: steps,
      unit: "scenarios",
      progress: 1,
      desc: "Tried",
    }],
  };
}
