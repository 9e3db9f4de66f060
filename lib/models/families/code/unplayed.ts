/** How a sentence ends that says what is not played. */
export const NOT_YET = "are not played through yet";

/** How it ends of a type that has nothing else to be said of. */
export const UNPLAYED = ` ${NOT_YET}`;
