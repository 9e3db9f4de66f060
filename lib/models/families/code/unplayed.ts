/** How a sentence ends that says what is not played. */
export const NOT_YET = "are not played through yet";
