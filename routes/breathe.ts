/** Lets the server answer others between two estimates. */
export function breathe(): Promise<void> {
  return new Promise((done) => setTimeout(done));
}
