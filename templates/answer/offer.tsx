import { DidYouMean } from "./did_you_mean.tsx";

/** A name that the catalogue does not have, and the way to look it up. */
export function Offer(
  { name, href, headers }: {
    name: string;
    /** The page's address, which looks it up when it is loaded. */
    href: string;
    /** Whether its checkpoint's headers are asked for. */
    headers: boolean;
  },
) {
  return (
    <section class="card" aria-labelledby="offer-title">
      <h2 id="offer-title">
        {headers
          ? `The headers of ${name} have not been read yet`
          : `${name} is not in the catalogue`}
      </h2>
      <p>
        The Hugging Face Hub may have it: its config.json tells its parameters,
        or else the headers of its checkpoint.
      </p>
      {!headers && <DidYouMean href={href} />}
      <a class="button" href={href} data-look-up="">
        Look up on the Hub
      </a>
    </section>
  );
}
