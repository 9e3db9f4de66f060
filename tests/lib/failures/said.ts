import { amountAt } from "../../../lib/failures/printed.ts";
import type { FailureReading } from "../../../lib/failures/read.ts";

/** What is to be found in a text. Amounts are as they stand there. */
export interface Said {
  kind?: string;
  tool?: string;
  who?: string;
  device?: number | null;
  tried?: string | null;
  capacity?: string | null;
  free?: string | null;
  allocated?: string | null;
  reserved?: string | null;
  process?: string | null;
  allowed?: string | null;
  unallocated?: string;
  others?: number;
  otherBytes?: string;
  what?: string | null;
  tokens?: readonly [asked: number | null, room: number | null];
  moment?: string | null;
  inner?: string | null;
  more?: number;
  model?: string | null;
  gpus?: readonly string[];
  type?: string | null;
}

/** A text and what it says. */
export interface SaidText {
  name: string;
  text: string;
  says: Said;
}

/** Bytes of an amount as it is printed. */
export function bytesOf(amount: string): number {
  const printed = amountAt(amount);
  if (!printed) throw new RangeError(`${amount} is no amount`);
  return printed.bytes;
}

/** What was read, by the names of {@linkcode Said}, as far as is asked for. */
export function readAs(
  { failure, more, moment, facts }: FailureReading,
  says: Said,
): Record<string, unknown> {
  const { tokens, others, ...own } = failure;
  const all: Record<keyof Said, unknown> = {
    kind: own.kind,
    tool: own.tool,
    who: own.who,
    device: own.device,
    tried: own.tried?.bytes ?? null,
    capacity: own.capacity?.bytes ?? null,
    free: own.free?.bytes ?? null,
    allocated: own.allocated?.bytes ?? null,
    reserved: own.reserved?.bytes ?? null,
    process: own.process?.bytes ?? null,
    allowed: own.allowed?.bytes ?? null,
    unallocated: (own.reserved?.bytes ?? 0) - (own.allocated?.bytes ?? 0),
    others: others.length,
    otherBytes: others.reduce((sum, { bytes }) => sum + bytes, 0),
    what: own.what,
    tokens: tokens && [tokens.asked, tokens.room],
    moment: moment?.name ?? null,
    inner: moment?.inner ?? null,
    more: more.length,
    model: facts.model,
    gpus: facts.gpus,
    type: facts.type,
  };
  return Object.fromEntries(
    Object.keys(says).map((name) => [name, all[name as keyof Said]]),
  );
}

const AMOUNTS = new Set([
  "tried",
  "capacity",
  "free",
  "allocated",
  "reserved",
  "process",
  "allowed",
  "unallocated",
  "otherBytes",
]);

/** What a text says, with its amounts as bytes. */
export function expected(says: Said): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(says).map(([name, value]) => [
      name,
      AMOUNTS.has(name) && typeof value === "string" ? bytesOf(value) : value,
    ]),
  );
}
