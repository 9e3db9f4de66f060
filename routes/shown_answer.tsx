import type { LiveAnswer } from "../hub/estimate_live.ts";
import { toQuery } from "../lib/mod.ts";
import { traitsOf } from "../templates/answer/traits.ts";
import { LiveAnswerView } from "../templates/answer/live_answer.tsx";
import {
  formOfQuery,
  formOfScenario,
  typedQuery,
} from "../templates/form/form_state.ts";
import type { PageQuery } from "./page_query.ts";
import { pageAddress } from "./page_query.ts";

/**
 * An answer as it is shown, and the page's address of what was asked.
 *
 * @param query The scenario's query where there is no answer.
 */
export function shownAnswer(
  { typed, headers, belongs, more }: PageQuery,
  answer: LiveAnswer,
  query: string = typedQuery(typed),
) {
  const href = pageAddress(
    answer.state === "answered" ? toQuery(answer.estimate.scenario) : query,
    headers,
    belongs,
    more,
  );
  const view = (
    <LiveAnswerView
      answer={answer}
      href={href}
      headers={headers}
      belongs={belongs}
    />
  );
  return { href, view };
}

/** What the form holds beside an answer: the scenario, or what was typed. */
export function formOfAnswer(
  { typed, ...choices }: PageQuery,
  answer: LiveAnswer,
) {
  return answer.state === "answered"
    ? formOfScenario(answer.estimate.scenario, {
      ...choices,
      traits: traitsOf(answer.estimate.model),
    })
    : formOfQuery(
      typed,
      answer.state === "refused" ? answer.problems : [],
      choices,
    );
}
