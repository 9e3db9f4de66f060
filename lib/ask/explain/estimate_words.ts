import type { Estimate } from "../../answer/estimate.ts";
import type { ErrorCause } from "../../answer/explanation.ts";
import type { FailureReading } from "../../failures/read.ts";
import { heldBytes } from "../../hardware/fit.ts";
import { asPrinted } from "../../units/mod.ts";
import { isSmall } from "./allocator_sizes.ts";
import { heldByOthers } from "./figures.ts";

/** Writes what the scenario says of an error: the tensor, and what the run needs. */
export function estimateWords(
  { failure }: FailureReading,
  { estimate, causes, isGpuKnown }: {
    readonly estimate: Estimate;
    readonly causes: readonly ErrorCause[];
    readonly isGpuKnown: boolean;
  },
): string[] {
  const { tried, kind } = failure;
  if (kind === "host" || kind === "shared") return [];
  return [
    ...causeWords(causes),
    ...(causes.length === 0 && tried && kind === "allocation"
      ? [
        isSmall(tried)
          ? "So small a request tells no tensor: PyTorch takes 2 or 20 MiB at a time for whatever comes, and the memory was full already."
          : `No ${
            estimate.serve ? "tensor or buffer" : "tensor"
          } of this scenario has that size: the run was another in its batch, its lengths or its settings.`,
      ]
      : []),
    ...(kind === "table" || !isGpuKnown
      ? []
      : [needWords(estimate, heldByOthers(failure))]),
  ];
}

/** The likeliest tensor, and others that the message may be of as well. */
function causeWords(causes: readonly ErrorCause[]): string[] {
  const [first, ...others] = causes;
  if (!first) return [];
  const same = others.filter(({ bytes }) => bytes === first.bytes)
    .map(({ tensor, at }) => `${tensor} (${at})`);
  return [
    `${first.words}.${
      same.length === 0 ? "" : ` As large: ${same.join(", ")}.`
    }`,
  ];
}

function needWords(
  { memory, fit, serve, model, scenario }: Estimate,
  others: number,
): string {
  const [own] = fit;
  const held = asPrinted(heldBytes(memory));
  if (!own) return "";
  const gpu = typeof scenario.hardware.gpu === "string" ? own.gpu : "the GPU";
  if (serve && serve.kv_pool_bytes !== null) {
    return serve.starts
      ? `By the estimate ${model.name} would start on ${gpu}: something else had memory, or the settings were others.`
      : `The estimate agrees: ${serve.refusal ?? "it does not start"}.`.replace(
        /\.\.$/,
        ".",
      );
  }
  const left = own.usable_bytes - others;
  if (others > 0 && heldBytes(memory) > left) {
    return `By the estimate this run needs ${held}, where others leave ${
      asPrinted(Math.max(0, left))
    } of ${asPrinted(own.usable_bytes)}.`;
  }
  return own.fits
    ? `By the estimate this run needs ${held} of ${
      asPrinted(own.usable_bytes)
    } and fits: what ran was larger than the scenario says, such as a longer sequence, or memory was held by others.`
    : `By the estimate this run needs ${held} where ${gpu} has ${
      asPrinted(own.usable_bytes)
    }.`;
}
