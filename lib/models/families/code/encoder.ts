import type { NormKind } from "./layer.ts";
import type { LogitCopies } from "./loss.ts";
import type { Setting } from "./setting.ts";

/** How the code of an encoder's or an encoder-decoder's type works. */
export interface EncoderCode {
  /** Whether norms stand before each branch, or behind its sum. */
  readonly norms: "before" | "behind";
  readonly norm: NormKind;
  readonly activation: Setting<string>;
  readonly dropout: {
    readonly attention: Setting;
    /** Of what attention and MLP give, and of the embeddings. */
    readonly residual: Setting;
    /** Within the MLP. */
    readonly mlp: Setting;
    /** Before the head of spans. */
    readonly spans: Setting;
  };
  /** Whether dropout follows the attention's projection; DistilBERT has none. */
  readonly dropsAttended: boolean;
  /** Whether an encoder's layer clamps what it gives in fp16: BART's kin. */
  readonly clamps: boolean;
  /** Whether dropout follows the stack's last norm: T5. */
  readonly dropsLast: boolean;
  /**
   * Whether scores get a learned bias by relative position: T5; of MPNet a stack
   * makes it once, for every sequence anew, and code of its own adds it in place.
   */
  readonly bias: "first layer" | "each layer" | "every sequence" | null;
  /**
   * Whether scores are joined by products with embedded distances, in operations
   * of the code's own: DeBERTa.
   */
  readonly disentangled: boolean;
  /** Whether the embeddings are multiplied by the mask of padding. */
  readonly masksEmbeddings: "always" | "where there is one" | "never";
  /**
   * Whether embeddings of masked words are nought and the others scaled up, as if
   * they were dropped, unless the config says otherwise: ESM.
   */
  readonly dropsMasked: boolean;
  /** Whether queries are scaled and heads copied, one head after the other. */
  readonly copiesHeads: boolean;
  /** Whether the softmax runs in fp32 whatever the type of the heads. */
  readonly wideSoftmax: boolean;
  /** In what heads are turned by their positions; null: they are not. */
  readonly rotary: "fp32" | "their own type" | null;
  /** Whether queries are scaled before they are turned: ESM. */
  readonly scalesQueries: boolean;
  /** Whether some layers look at a window: ModernBERT. */
  readonly slides: boolean;
  /** Whether the decoder fills a cache while it trains, which copies its keys. */
  readonly caches: boolean;
  /** Whether embeddings are scaled. */
  readonly scaledEmbeddings: "by config" | "always" | "never";
  /** Positions that are looked up for each sequence anew: RoBERTa. */
  readonly ownPositions: boolean;
  /**
   * Whether positions are waves in a buffer, of which each sequence's rows are
   * copied: M2M-100.
   */
  readonly waves: boolean;
  /** Names of parameters that never train, such as waves of positions. */
  readonly frozen: RegExp | null;
  /** Names of what no loss reaches: ESM's head of contacts. */
  readonly unread: RegExp | null;
  /**
   * What a stack's code refers to until its layers have run: the embeddings, the
   * words' rows that they are made of, or nothing.
   */
  readonly holds: "the embeddings" | "words" | null;
  /** Whether it refers to what every layer gave as long. */
  readonly holdsAll: boolean;
  /** Whether what a branch's projection reads is held until the branch ends. */
  readonly holdsInner: boolean;
  /** Whether a layer's code refers to what attention gave to its end. */
  readonly holdsAttended: boolean;
  /**
   * What classes of sequences are made of: "cls" or "bos", the first token; "mean",
   * of all; "late", the mean of all tokens' logits.
   */
  readonly pooling: Setting<string>;
  /** Which tensors the loss makes of a vocabulary's logits. */
  readonly copies: LogitCopies;
  /** The best that attention runs with. */
  readonly kernels: "flash" | "sdpa" | "eager";
  /** Whether its classes take checkpoints; others stop when they are asked for. */
  readonly checkpoints: boolean;
}
