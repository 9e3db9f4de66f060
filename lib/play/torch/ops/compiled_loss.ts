import type { Machine } from "../machine.ts";
import type { Value } from "../values.ts";
import { versionOf } from "../../../scenario/version.ts";

/** Whether a release of PyTorch compiles a loss with a tensor of its ones. */
export function scattersOnes(torch: string | null): boolean {
  const { major, minor } = versionOf(torch) ?? { major: 2, minor: 5 };
  return major < 2 || (major === 2 && minor < 5);
}

/**
 * Cast and loss as inductor fuses them: the logits themselves are saved, and the
 * backward pass writes their gradient. Until torch 2.4 it scattered its ones into
 * a tensor of fp32 first; from 2.5 on the generated code makes them where they are
 * read.
 *
 * Source: pytorch torch/_inductor/fx_passes, scatter_upon_const_tensor; code that
 * torch 2.5.1 and 2.13 generate for torchtune's CEWithChunkedOutputLoss
 *
 * @param scatters Whether the ones are a tensor; see {@linkcode scattersOnes}.
 */
export function compiledCrossEntropy(
  m: Machine,
  logits: Value,
  rows: number,
  scatters: boolean,
): Value {
  const sums = m.create(rows, "fp32", "log-sum of each token");
  const node = m.record([logits], [logits, sums], () =>
    m.temporary(
      scatters ? 4 * logits.elements : 0,
      "scattered gradient of the loss",
      () => [
        m.grad(
          logits.source,
          logits.elements,
          logits.dtype,
          "gradient of logits",
        ),
      ],
    ));
  m.drop(sums);
  return m.create(1, "fp32", "loss", node && { node, slot: 0 });
}
