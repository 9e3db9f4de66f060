import { Layout } from "./layout.tsx";

/** What each status is called where no setting is at fault. */
const TITLES: Record<number, string> = {
  400: "The request could not be read",
  403: "This is not allowed",
  404: "There is nothing here",
  405: "This address is asked in another way",
  408: "The request took too long",
  413: "Too much was sent",
  414: "The address is too long",
  429: "Too many requests",
  500: "Something broke here",
  502: "Nobody could be asked",
  503: "Too much to do just now",
};

/** Why a request was refused, in the place of the answer. */
export function Refused(
  { status, message }: { status: number; message: string },
) {
  return (
    <section
      class="verdict invalid"
      role="alert"
      aria-labelledby="refused-title"
    >
      <span class="mark" aria-hidden="true">?</span>
      <div>
        <h2 id="refused-title">{titleOf(status)}</h2>
        <p>{message}</p>
      </div>
    </section>
  );
}

/** The same as a page of its own, with ways on. */
export function RefusedPage(
  { status, message }: { status: number; message: string },
) {
  return (
    <Layout title={`${titleOf(status)} · Headroom`}>
      <main class="single" id="answer">
        <h1>{titleOf(status)}</h1>
        <p>{message}</p>
        <ul>
          <li>
            <a href="/">Estimate a scenario</a>
          </li>
          <li>
            <a href="/compare">Compare scenarios</a>
          </li>
          <li>
            <a href="/tables">A model by data type and use</a>
          </li>
          <li>
            <a href="/gpus">GPUs</a>
          </li>
          <li>
            <a href="/presets">Ways to train on many GPUs</a>
          </li>
        </ul>
      </main>
    </Layout>
  );
}

function titleOf(status: number): string {
  return TITLES[status] ?? "The request was refused";
}
