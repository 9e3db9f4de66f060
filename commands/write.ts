import { stdout } from "node:process";

/**
 * Writes text to the standard output, all of it, before it returns.
 *
 * @throws {NodeJS.ErrnoException} EPIPE when its reader has stopped early.
 */
export async function write(text: string): Promise<void> {
  await new Promise<void>((done, fail) => {
    // Without a listener, what breaks a stream ends the program; Node tells its
    // listeners after the callback.
    stdout.once("error", fail);
    stdout.write(text, (error) => {
      if (error) return fail(error);
      stdout.off("error", fail);
      done();
    });
  });
}
