/** A question mark that unfolds a sentence on a term, and leads to the docs. */
export function Why(
  { term, sentence, href, brief = false }: {
    term: string;
    sentence: string | null;
    /** Where the documentation has more. */
    href: string;
    /** Whether it leads to the docs at once, for terms that few look at. */
    brief?: boolean;
  },
) {
  if (sentence === null) return null;
  const about = `About ${term}`;
  if (brief) return <a class="why" href={href} aria-label={about}>?</a>;
  return (
    <details class="why">
      <summary aria-label={about}>?</summary>
      <p>
        {sentence} <a href={href}>More</a>
      </p>
    </details>
  );
}
