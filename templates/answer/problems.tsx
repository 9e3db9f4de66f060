import type { Problem } from "../../lib/mod.ts";
import { askedPage } from "../asked.ts";
import { SignInLink } from "../sign_in.tsx";
import { controlId } from "../form/control.tsx";
import { labelOf } from "../form/tabs.ts";
import { DidYouMean } from "./did_you_mean.tsx";

/** What is wrong with a scenario, linked to the fields where there is a form. */
export function Problems(
  { problems, form = true, href, lookUp }: {
    problems: readonly Problem[];
    form?: boolean;
    /** The page's address, which links to other models change. */
    href?: string;
    /** A model that the Hub did not give, and where it is asked again. */
    lookUp?: { name: string; href: string; gated?: boolean };
  },
) {
  return (
    <section
      class="verdict invalid"
      role="alert"
      aria-labelledby="problems-title"
    >
      <span class="mark" aria-hidden="true">?</span>
      <div>
        <h2 id="problems-title">
          {titleOf(problems, lookUp)}
        </h2>
        <ul>
          {problems.map(({ path, message }) => {
            // A list is one control.
            const field = path.replace(/\.\d+$/, "");
            const label = labelOf(field);
            return (
              <li data-problem={field}>
                {form && label && (
                  <>
                    <a href={`#${controlId(field)}`}>{label}</a>:{" "}
                  </>
                )}
                {message}
              </li>
            );
          })}
        </ul>
        {href !== undefined && problems.some(({ path }) => path === "model") &&
          <DidYouMean href={href} />}
        {lookUp?.gated && askedPage().visitor === "" && (
          <p>
            <SignInLink class="button" to={lookUp.href}>
              Sign in with your account
            </SignInLink>{" "}
            to read what it is let into. Its token stays in your browser, and
            asks the Hub for nothing else.
          </p>
        )}
        {lookUp && (
          <p>
            <a
              class="button"
              href={lookUp.href}
            >
              Look {lookUp.name} up again
            </a>
          </p>
        )}
      </div>
    </section>
  );
}

function titleOf(
  problems: readonly Problem[],
  lookUp: { name: string } | undefined,
): string {
  if (problems.length > 1) return `${problems.length} settings cannot be used`;
  return lookUp
    ? `${lookUp.name} could not be looked up`
    : "One setting cannot be used";
}
