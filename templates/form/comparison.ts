import { MAX_COMPARED } from "../../lib/mod.ts";

/** One scenario of a comparison: the main page's query, and its name if given. */
export interface Slot {
  query: string;
  name: string;
}

/** A comparison that a scenario of the main page belongs to. */
export interface Belongs {
  slots: Slot[];
  /** Where the scenario goes: its place among the slots, or one behind them. */
  at: number;
}

/** Longest name of a scenario. */
export const MAX_NAME = 60;

/** Control characters that no HTML may hold. */
const NOT_IN_HTML = /\p{Cc}/gu;

/** "A", "B" …: what a scenario is called by its place. */
export function letterOf(at: number): string {
  return String.fromCharCode("A".charCodeAt(0) + at);
}

/**
 * Reads the scenarios of a comparison's query: s1 and its name n1, and so on. A
 * query of the main page alone is a comparison that begins with its scenario.
 */
export function readSlots(query: URLSearchParams): Slot[] {
  const slots: Slot[] = [];
  for (let number = 1; number <= MAX_COMPARED; number++) {
    const scenario = plainText(query.get(`s${number}`) ?? "");
    if (scenario === "") continue;
    slots.push({
      query: scenario,
      name: nameOf(query.get(`n${number}`) ?? ""),
    });
  }
  const alone = new URLSearchParams(query);
  for (const name of query.keys()) {
    if (OWN.test(name)) alone.delete(name);
  }
  return slots.length === 0 && alone.size > 0
    ? [{ query: alone.toString().replaceAll(PLAIN, decoded), name: "" }]
    : slots;
}

/** Parameters of a comparison, which no scenario has. */
const OWN = /^([sn]\d|add|at)$/;

/** Writes a comparison's query; {@linkcode readSlots} gives it back exactly. */
export function slotsQuery(slots: readonly Slot[]): string {
  return slots.flatMap(({ query, name }, at) => [
    `s${at + 1}=${readable(query)}`,
    ...(name === "" ? [] : [`n${at + 1}=${readable(name)}`]),
  ]).join("&");
}

/** The address of a comparison. */
export function comparisonAddress(slots: readonly Slot[]): string {
  return slots.length === 0 ? "/compare" : `/compare?${slotsQuery(slots)}`;
}

/** The text that the main page carries along, for {@linkcode readBelongs}. */
export function belongsText({ slots, at }: Belongs): string {
  return `at=${at + 1}&${slotsQuery(slots)}`;
}

/** The comparison that the main page's scenario belongs to; null where to none. */
export function readBelongs(text: string | null): Belongs | null {
  if (text === null) return null;
  const query = new URLSearchParams(text);
  const slots = readSlots(query);
  const at = Number(query.get("at")) - 1;
  const isPlace = Number.isInteger(at) && at >= 0 && at <= slots.length &&
    at < MAX_COMPARED;
  return isPlace ? { slots, at } : null;
}

/** The comparison with a scenario of the main page in its place. */
export function withSlot({ slots, at }: Belongs, query: string): Slot[] {
  const name = slots[at]?.name ?? "";
  return [...slots.slice(0, at), { query, name }, ...slots.slice(at + 1)];
}

/** A name as it is kept: short, and without what no page may hold. */
export function nameOf(text: string): string {
  return plainText(text).slice(0, MAX_NAME);
}

/** A text without what no page may hold. */
export function plainText(text: string): string {
  return text.replaceAll(NOT_IN_HTML, " ").trim();
}

/** Percent-encodes a value but leaves what an address may show as it is. */
export function readable(text: string): string {
  return encodeURIComponent(text).replaceAll("%3D", "=")
    .replaceAll(PLAIN, decoded);
}

/** What an address may show as it is: / : , @ */
const PLAIN = /%(2F|3A|2C|40)/g;

function decoded(escaped: string): string {
  return decodeURIComponent(escaped);
}
