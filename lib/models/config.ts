/** A parsed config.json, or a part of one. */
export type Config = Readonly<Record<string, unknown>>;
