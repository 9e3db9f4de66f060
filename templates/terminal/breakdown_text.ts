import { styleText } from "node:util";
import type { Estimate } from "../../lib/mod.ts";
import { GIB, groupDigits } from "../../lib/mod.ts";
import { gpusNeeded } from "../../lib/methods/multipliers/gpus_needed.ts";
import { plainTable, trimmed } from "./plain_table.ts";

/** Writes a multipliers estimate as the calculator breaks it down. */
export function breakdownText(
  estimate: Estimate,
  { color }: { color: boolean },
): string {
  const bold = (text: string) =>
    color ? styleText("bold", text, { validateStream: false }) : text;
  const { memory, warnings } = estimate;
  const table = plainTable(["left", "right", "left"]);
  table.push(["Component", "GiB", "Formula"].map(bold));
  for (const { name, bytes, formula } of memory.parts) {
    table.push([name, gib(bytes), formula]);
  }
  table.push([bold("Total"), bold(gib(memory.device_peak_bytes)), ""]);
  return [
    lined("Loaded configuration", configuration(estimate), bold),
    lined(
      `GPU memory breakdown: ${estimate.model.name}`,
      settings(estimate),
      bold,
    ),
    trimmed(table.toString()),
    gpusNeeded(
      memory.device_peak_bytes,
      estimate.scenario.hardware.gpu,
    ).map(({ gpu, count }) =>
      `Estimated GPUs needed (${gpu}): ${count.toFixed(1)}`
    ).join("\n"),
    [
      ...warnings.map((each) => `  - ${each}`),
      "  - Everything is added up as if it stood at once; deno task estimate says what stands at the peak",
    ].join("\n"),
  ].join("\n\n") + "\n";
}

type Row = [name: string, value: string | number];

function configuration({ model }: Estimate): Row[] {
  const { architecture: a } = model;
  return [
    ["Parameters", groupDigits(model.parameters)],
    ["Hidden size", a.hidden_size],
    ["Layers", a.layers],
    ["Attention heads", a.attention_heads],
    ["Vocab size", a.vocab_size],
    ["Intermediate size", a.intermediate_size],
    ["Max sequence length", a.max_position_embeddings ?? "not stated"],
  ];
}

function settings({ scenario }: Estimate): Row[] {
  const { task, train, serve, optimizer, precision, quantization } = scenario;
  const { weights: format } = quantization;
  const type = format === null
    ? "as published"
    : format === "none"
    ? precision.weights
    : format;
  const common: Row = ["Precision", type.toUpperCase()];
  if (task === "serve") {
    return [
      ["Mode", "INFERENCE"],
      common,
      ["Batch size", serve.batch],
      ["KV cache", serve.kv_cache ? "on" : "off"],
      ["Sequence length", serve.input_tokens + serve.output_tokens],
    ];
  }
  return [
    ["Mode", "TRAINING"],
    common,
    ["Batch size", train.micro_batch],
    ["Gradient accumulation steps", train.gradient_accumulation],
    ["Optimizer", optimizer.name.toUpperCase()],
    ["Gradient checkpointing", train.checkpointing === "full" ? "on" : "off"],
    ["Sequence length", train.sequence_length],
  ];
}

function lined(
  title: string,
  rows: readonly Row[],
  bold: (text: string) => string,
): string {
  return [bold(title), ...rows.map(([name, value]) => `${name}: ${value}`)]
    .join("\n");
}

function gib(bytes: number): string {
  return (bytes / GIB).toFixed(2);
}
