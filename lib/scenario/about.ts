import type { z } from "zod";
import type { GroupId } from "./groups.ts";
import type { Need } from "./needs.ts";

/**
 * What is to be known of a field beside its values: the form, the command line,
 * the reference and the remarks on an answer all take it from here.
 */
export interface About {
  /** What the form calls it. */
  label: string;
  /** The group of the form that its control stands in. */
  group: GroupId;
  /** What it says, as the reference tells it; code stands between backticks. */
  help?: string;
  /** A line under the control. */
  hint?: string;
  /** What stands behind the number: "GiB", "tokens". */
  unit?: string;
  /** Suggestions for a text, by the id of a datalist. */
  list?: "models" | "formats";
  /** Choices where the values have a range. */
  options?: readonly string[];
  /** What a blank control means. */
  blank?: string;
  /** Its flag on the command line. */
  flag?: FlagSpelling;
  /** What has to hold for it to mean anything. */
  needs?: readonly Need[];
  /** No method models it yet, or none of these values: an answer says so. */
  awaited?: true | readonly unknown[];
  /** An object that stands for one value, such as a model. */
  whole?: true;
}

/** A flag of the command line: its name with dashes, or that and its own words. */
export type FlagSpelling = string | {
  name: string;
  /** What stands behind it in the help, such as "<n>". */
  value: string;
  help: string;
};

const known = new WeakMap<z.core.$ZodType, About>();
const sections = new WeakMap<z.core.$ZodType, readonly Need[]>();

/** Defines a field: what values it takes, and all else that is to be known. */
export function field<T extends z.core.$ZodType>(schema: T, about: About): T {
  known.set(schema, about);
  return schema;
}

/** Says what has to hold for the fields of a section to mean anything. */
export function section<T extends z.core.$ZodType>(
  schema: T,
  needs: readonly Need[],
): T {
  sections.set(schema, needs);
  return schema;
}

/** What is known of a field; undefined where a schema is none. */
export function aboutOf(schema: z.core.$ZodType): About | undefined {
  return known.get(schema);
}

/** What a section needs to mean anything. */
export function needsOf(schema: z.core.$ZodType): readonly Need[] {
  return sections.get(schema) ?? [];
}
