import type { Estimate } from "../../lib/mod.ts";
import { Bar } from "./bar.tsx";
import { Evidence } from "./evidence.tsx";
import { Gpus } from "./gpus.tsx";
import { Notes } from "./notes.tsx";
import { Opinions } from "./opinions.tsx";
import { Parts } from "./parts.tsx";
import { Reuse } from "./reuse.tsx";
import { StepPicture } from "./step_picture.tsx";
import { Understood } from "./understood.tsx";
import { Verdict } from "./verdict.tsx";

/** The answer to a valid scenario, most wanted first. */
export function Answer(
  { estimate, headers }: {
    estimate: Estimate;
    /** Whether it was asked to count from the checkpoint's headers. */
    headers: boolean;
  },
) {
  return (
    <>
      <Verdict estimate={estimate} />
      <Bar estimate={estimate} />
      <Notes title="Warnings" kind="warnings" notes={estimate.warnings} />
      <Parts estimate={estimate} />
      <StepPicture estimate={estimate} />
      <Gpus estimate={estimate} headers={headers} />
      <Understood estimate={estimate} />
      <Opinions estimate={estimate} />
      <Evidence estimate={estimate} />
      <Notes
        title="Assumptions"
        kind="assumptions"
        notes={estimate.assumptions}
      />
      <Reuse estimate={estimate} />
    </>
  );
}
