import type { LiveAnswer } from "../../hub/estimate_live.ts";
import type { Belongs } from "../form/comparison.ts";
import { Answer } from "./answer.tsx";
import { LookingUp } from "./looking_up.tsx";
import { Offer } from "./offer.tsx";
import { Problems } from "./problems.tsx";

/** The status of a response by what it answers. */
export const STATUS = {
  "answered": 200,
  "under way": 202,
  "possible": 422,
  "refused": 422,
} as const;

/** What there is to say to a scenario: its answer, or what keeps it away. */
export function LiveAnswerView(
  { answer, href, headers, belongs }: {
    answer: LiveAnswer;
    /** The page's address with what was typed. */
    href: string;
    /** Whether it was asked to count from the checkpoint's headers. */
    headers: boolean;
    /** The comparison that the scenario belongs to. */
    belongs: Belongs | null;
  },
) {
  switch (answer.state) {
    case "answered":
      return (
        <Answer
          estimate={answer.estimate}
          headers={headers}
          belongs={belongs}
        />
      );
    case "under way":
      return <LookingUp lookUp={answer.lookUp} href={href} />;
    case "possible":
      return <Offer name={answer.name} href={href} headers={headers} />;
    case "refused": {
      const { problems, failed, gated = false } = answer;
      return failed === undefined
        ? <Problems problems={problems} href={href} />
        : (
          <Problems
            problems={problems}
            href={href}
            lookUp={{ name: failed, href, gated }}
          />
        );
    }
  }
}
