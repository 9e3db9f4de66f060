import { flagValues } from "../reading/commands/flag_values.ts";
import type {
  CommandReader,
  StartedProgram,
} from "../reading/commands/started.ts";

/** Variables that say how large images may be, and videos. */
const IMAGE_VARIABLES = [
  "MAX_PIXELS",
  "IMAGE_MAX_TOKEN_NUM",
  "VIDEO_MAX_PIXELS",
  "VIDEO_MAX_TOKEN_NUM",
  "FPS_MAX_FRAMES",
];

const TRAINS = /^(?:sft|pt|rlhf)$/;

/** What `swift` and `megatron` start, and the words after it; null where neither. */
function subcommandOf(
  { kind, name, path, args }: StartedProgram,
):
  | { program: "swift" | "megatron"; what: string; rest: readonly string[] }
  | null {
  if (kind === "program" && (name === "swift" || name === "megatron")) {
    const [first = "", second = ""] = args;
    const inner = first === "megatron" && name === "swift";
    const what = inner ? second : first;
    return TRAINS.test(what)
      ? {
        program: inner ? "megatron" : name,
        what,
        rest: args.slice(inner ? 2 : 1),
      }
      : null;
  }
  const script = /(?:^|\/)(?:swift\/)?cli\/(_megatron\/)?(sft|pt|rlhf)\.py$/
    .exec(path);
  return kind === "script" && script
    ? {
      program: script[1] ? "megatron" : "swift",
      what: script[2] ?? "",
      rest: args,
    }
    : null;
}

/** What the environment says of images: swift/template of each model. */
function imagesIn(env: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    IMAGE_VARIABLES.flatMap((name) => {
      const value = env.get(name);
      return value === undefined || value === "" ? [] : [[name, value]];
    }),
  );
}

/** What is common to both: flags, or a file of them. */
function settingsOf(
  started: StartedProgram,
  program: "swift" | "megatron",
): ReturnType<CommandReader> {
  const sub = subcommandOf(started);
  if (sub?.program !== program) return null;
  const { values, alone } = flagValues(sub.rest);
  const { config, ...rest } = values;
  const file = typeof config === "string"
    ? config
    : alone.find((word) => /\.(?:ya?ml|json)$/.test(word));
  return {
    values: { swift_command: sub.what, ...imagesIn(started.env), ...rest },
    ...(file === undefined ? {} : { file }),
  };
}

/** `swift sft`, `swift pt` and `swift rlhf`. */
export const swiftCommand: CommandReader = (started) =>
  settingsOf(started, "swift");

/** `megatron sft` and its kin, also as `swift megatron sft`. */
export const megatronSwiftCommand: CommandReader = (started) =>
  settingsOf(started, "megatron");
