/** Bytes in a kibibyte. */
export const KIB = 1024;
/** Bytes in a mebibyte. */
export const MIB = 1024 ** 2;
/** Bytes in a gibibyte: the unit of every GPU's memory that a driver prints. */
export const GIB = 1024 ** 3;
