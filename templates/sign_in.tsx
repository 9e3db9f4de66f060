import { askedPage } from "./asked.ts";

/** The way to sign in, or out again, where the platform has accounts. */
export function SignIn() {
  const { path, query, visitor } = askedPage();
  if (visitor === null) return null;
  if (visitor === "") {
    return (
      <p class="visitor">
        <SignInLink to={query.size > 0 ? `${path}?${query}` : path}>
          Sign in
        </SignInLink>
      </p>
    );
  }
  return (
    <form class="visitor" method="post" action="/logout">
      {visitor} <button type="submit">Sign out</button>
    </form>
  );
}

/** A link that signs in, in a tab of its own: the provider shows in no frame. */
export function SignInLink(
  { to, class: name, children }: {
    /** The page to come back to. */
    to: string;
    class?: string;
    children: string;
  },
) {
  return (
    <a
      class={name}
      href={`/login?to=${encodeURIComponent(to)}`}
      target="_blank"
      rel="noopener"
    >
      {children}
      <span class="unseen">&nbsp;with Hugging Face, in a new tab</span>
    </a>
  );
}
