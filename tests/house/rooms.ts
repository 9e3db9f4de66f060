/**
 * The rooms in the order in which data flows: a file imports from its own room
 * and from those above it. A room is a file or a folder, but for what has a line
 * of its own. `X/*` are the other folders of X: rooms side by side, which do not
 * import from each other.
 */
export const ROOMS = [
  "lib/units",
  "lib/patterns",
  "lib/scenario",
  "lib/hardware",
  "lib/models",
  "lib/formats",
  "lib/answer",
  "lib/parallel",
  "lib/play/memory",
  "lib/play/torch",
  "lib/play/layers",
  "lib/play/record",
  "lib/play/program",
  "lib/play/readers",
  "lib/software",
  "lib/software/bitsandbytes",
  "lib/software/peft",
  "lib/software/trl",
  "lib/software/transformers",
  "lib/software/*",
  "lib/software/mod.ts",
  "lib/optimizers",
  "lib/plan",
  "lib/engines",
  "lib/serve",
  "lib/serve/*",
  "lib/serve/mod.ts",
  "lib/rollouts",
  "lib/methods",
  "lib/methods/*",
  "lib/methods/mod.ts",
  "lib/evidence",
  "lib/interop/reading",
  "lib/interop/writing",
  "lib/interop/deepspeed",
  "lib/interop/training_arguments",
  "lib/interop/*",
  "lib/interop",
  "lib/failures",
  "lib/ask",
  "lib/mod.ts",
  "hub",
  "docs",
  "static",
  "templates",
  "commands",
  "cli.ts",
  "routes",
  "app.ts",
  "routes/pool",
  "main.ts",
  "tests/lib",
  "tools",
] as const;

/** The packages that `lib` may import. */
export const LIB_PACKAGES: ReadonlySet<string> = new Set([
  "@huggingface/gguf",
  "lru-cache",
  "minisearch",
  "smol-toml",
  "unbash",
  "yaml",
  "zod",
]);

/** Where a room stands. */
export interface Room {
  /** Its path; of `X/*` the folder's own. */
  name: string;
  /** The number of its line in {@linkcode ROOMS}. */
  at: number;
}

/**
 * The room that a file stands in: the line that names most of its path.
 *
 * @returns Null where none does.
 */
export function roomOf(
  path: string,
  rooms: readonly string[] = ROOMS,
): Room | null {
  let found: Room | null = null;
  for (const [at, room] of rooms.entries()) {
    const name = room.endsWith("/*") ? folderIn(room.slice(0, -2), path) : room;
    if (name === null || !isIn(name, path)) continue;
    if (found === null || name.length > found.name.length) found = { name, at };
  }
  return found;
}

/** The folder of another that a path leads through. */
function folderIn(folder: string, path: string): string | null {
  const rest = path.slice(folder.length + 1).split("/");
  return isIn(folder, path) && rest.length > 1 ? `${folder}/${rest[0]}` : null;
}

function isIn(room: string, path: string): boolean {
  return path === room || path.startsWith(`${room}/`);
}
