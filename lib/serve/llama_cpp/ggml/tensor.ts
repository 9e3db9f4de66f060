/** Operations of ggml that graphs of language models are made of. */
export type Op =
  | "NONE"
  | "ADD"
  | "ADD_ID"
  | "ARGSORT"
  | "CLAMP"
  | "CONCAT"
  | "CONT"
  | "CPY"
  | "CUMSUM"
  | "DIAG"
  | "DIV"
  | "FILL"
  | "FLASH_ATTN_EXT"
  | "GATED_DELTA_NET"
  | "GET_ROWS"
  | "GLU"
  | "L2_NORM"
  | "MUL"
  | "MUL_MAT"
  | "MUL_MAT_ID"
  | "NORM"
  | "PAD"
  | "PERMUTE"
  | "REPEAT"
  | "RESHAPE"
  | "RMS_NORM"
  | "ROPE"
  | "SCALE"
  | "SET_ROWS"
  | "SOFT_MAX"
  | "SQR"
  | "SSM_CONV"
  | "SSM_SCAN"
  | "SUB"
  | "SUM_ROWS"
  | "TRANSPOSE"
  | "UNARY"
  | "VIEW";

/** Sizes of a tensor's dimensions, the innermost first. */
export type Extent = readonly [number, number, number, number];

/** Where something lies that no graph allocates: weights, caches, states. */
export interface Held {
  /** The backend whose memory it is. */
  readonly backend: number;
  readonly isWeight: boolean;
}

/** Which unlike settings a tensor is made with. */
export interface TensorOptions {
  /** Bytes where they are more than its elements have. */
  readonly bytes?: number;
  /** Bytes that CUDA allocates where it is more than the tensor holds. */
  readonly deviceBytes?: number;
  readonly held?: Held;
  readonly isInput?: boolean;
  /** Whether it is a view whose elements do not lie one after the other. */
  readonly isStrided?: boolean;
  /** Bytes from a view's first element to its last, where that is more than it has. */
  readonly span?: number;
}

/**
 * A node or leaf of a graph of ggml, by what decides when its memory is taken and
 * given back. Fields that are not readonly are the scheduler's and the allocator's.
 *
 * Source: ggml-org/llama.cpp v0.5.0 ggml/include/ggml.h, struct ggml_tensor
 */
export class GgmlNode {
  readonly op: Op;
  readonly ne: Extent;
  /** Bytes of an element; of quantised ones the mean. */
  readonly unit: number;
  readonly bytes: number;
  readonly deviceBytes: number;
  src: GgmlNode[];
  /** Whose memory it shows; never itself a view. */
  readonly viewOf: GgmlNode | null;
  readonly held: Held | null;
  readonly isStrided: boolean;
  /** Bytes from its first element to its last: what a copy of it takes. */
  readonly span: number;
  isInput: boolean;
  isOutput = false;
  isVisited = false;

  /** The scheduler's: -1 while it is open. */
  backend = -1;
  /** The scheduler's copies on other backends, by backend, the pipeline's in turn. */
  copies: GgmlNode[][] | null = null;

  /** The allocator's. */
  children = 0;
  views = 0;
  isAllocated = false;
  offset = 0;
  heap = -1;

  constructor(
    op: Op,
    ne: Extent,
    unit: number,
    src: GgmlNode[],
    viewed: GgmlNode | null = null,
    { bytes, deviceBytes, held, isInput, isStrided, span }: TensorOptions = {},
  ) {
    this.op = op;
    this.ne = ne;
    this.unit = unit;
    this.bytes = bytes ?? Math.ceil(ne[0] * ne[1] * ne[2] * ne[3] * unit);
    this.deviceBytes = deviceBytes ?? this.bytes;
    this.src = src;
    this.viewOf = viewed === null ? null : viewed.viewOf ?? viewed;
    this.held = held ?? null;
    this.isInput = isInput ?? false;
    this.isStrided = isStrided ?? false;
    this.span = span ?? this.bytes;
  }

  get elements(): number {
    return this.ne[0] * this.ne[1] * this.ne[2] * this.ne[3];
  }

  /** Rows of its innermost dimension. */
  get rows(): number {
    return this.ne[1] * this.ne[2] * this.ne[3];
  }
}

/** Whether an operation shows memory alone, and computes nothing. */
export function isView(op: Op): boolean {
  return op === "VIEW" || op === "RESHAPE" || op === "PERMUTE" ||
    op === "TRANSPOSE";
}

/** Whether two tensors lie alike in memory. */
export function sameLayout(a: GgmlNode, b: GgmlNode): boolean {
  return a.unit === b.unit && a.isStrided === b.isStrided &&
    a.ne[0] === b.ne[0] && a.ne[1] === b.ne[1] && a.ne[2] === b.ne[2] &&
    a.ne[3] === b.ne[3];
}
