import type { Model } from "../../models/model.ts";
import type { ServingGpu } from "../engine.ts";

/** Widths of heads that FlashInfer takes. */
const WIDTHS = [64, 128, 256];
/** Types that are kept from it. */
const KEPT_FROM = ["falcon", "deepseek_v2"];
/** Tokens of a block by what attends. */
const TOKENS = { flashinfer: 1, flashdecoding: 256, paged: 16 } as const;

/** What attends, and the tokens of a block of its cache. */
export interface TgiAttention {
  readonly name: keyof typeof TOKENS;
  readonly block: number;
}

/**
 * Source: huggingface/text-generation-inference 3.3 launcher/src/main.rs,
 * resolve_attention; server models/globals.py
 */
export function attentionOf(
  { architecture }: Model,
  { gpu }: ServingGpu,
): TgiAttention {
  const capability = Number.parseFloat(gpu?.compute_capability ?? "8");
  const other = capability < 8 ? "paged" : "flashdecoding";
  const name = WIDTHS.includes(architecture.head_dim) &&
      !KEPT_FROM.includes(architecture.type)
    ? "flashinfer"
    : other;
  return { name, block: TOKENS[name] };
}
