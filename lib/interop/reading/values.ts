/** Whether a value says no: false, 0, none, or nothing within. */
export function isOff(value: unknown): boolean {
  if (typeof value === "string") {
    return /^(?:|false|no|none|off|null|0)$/i.test(value.trim());
  }
  if (value === null || value === undefined) return true;
  return value === false || value === 0 ||
    (typeof value === "object" && Object.keys(value).length === 0);
}

/** Reads a switch as YAML, JSON and flags write it; null for anything else. */
export function readSwitch(value: unknown): boolean | null {
  if (typeof value === "boolean") return value;
  if (value === 1 || value === 0) return value === 1;
  if (typeof value !== "string") return null;
  if (/^(?:true|yes|on|1)$/i.test(value.trim())) return true;
  return /^(?:false|no|off|0)$/i.test(value.trim()) ? false : null;
}

/** Reads a whole number above zero; null for anything else. */
export function readCount(value: unknown): number | null {
  const number = typeof value === "string" && /^\s*\d+\s*$/.test(value)
    ? Number(value)
    : value;
  return typeof number === "number" && Number.isSafeInteger(number) &&
      number > 0
    ? number
    : null;
}

/** Names in a list or a text that separates them by commas or spaces. */
export function readNames(value: unknown): string[] | null {
  if (Array.isArray(value)) {
    return value.every((each) => typeof each === "string") ? value : null;
  }
  if (typeof value !== "string") return null;
  return value.split(/[\s,]+/).filter((name) => name !== "");
}

/** Floating types as tools spell them. */
const TYPES: Record<string, "fp32" | "bf16" | "fp16"> = {
  bf16: "bf16",
  bfloat16: "bf16",
  "torch.bfloat16": "bf16",
  fp16: "fp16",
  float16: "fp16",
  half: "fp16",
  "torch.float16": "fp16",
  fp32: "fp32",
  float32: "fp32",
  float: "fp32",
  "torch.float32": "fp32",
};

/** Reads a floating type; null for anything else. */
export function readType(value: unknown): "fp32" | "bf16" | "fp16" | null {
  return typeof value === "string" && Object.hasOwn(TYPES, value.toLowerCase())
    ? TYPES[value.toLowerCase()] ?? null
    : null;
}
