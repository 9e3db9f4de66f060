/** A change of a scenario with which it is served. */
export interface ServingWay {
  /** Fields of the scenario by their dotted paths, and their values. */
  set: Record<string, number | string>;
  /** The change in words: "weights in fp8", "4 GPUs of this kind". */
  words: string;
  /** What the fullest GPU then holds. */
  device_peak_bytes: number;
  /** Sequences of the scenario's length at once; null where that is not known. */
  max_sequences: number | null;
}
