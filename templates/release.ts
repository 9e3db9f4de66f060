/** The program's release: that of CHANGELOG.md's newest heading, or the one to come. */
export const RELEASE = "0.2.0-dev";
