import type { Settings } from "./flag_readers.ts";

/** A flag of the command line. */
export interface Flag {
  /** With its dashes. */
  name: string;
  /** What stands behind it in the help, such as "<n>". */
  value: string;
  help: string;
  /** The field that a message about a bad value names. */
  path: string;
  /** The field that it sets instead when the task is to serve. */
  serving?: string;
  /** The only values that it takes, where the field takes others. */
  allowed?: readonly string[];
  /** What it sets; the path to the text itself where this is left out. */
  settings?: (text: string) => Settings;
  /** What the help lists it under, where it is one of many. */
  group?: string;
}
