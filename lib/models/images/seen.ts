/** Height and width of an image in pixels, or of what became of it. */
export type Sides = readonly [height: number, width: number];

/** What a processor makes of one image. */
export interface Seen {
  /** Squares, or whole images, that the tower sees as rows of its batch. */
  readonly tiles: number;
  /** Rows and columns of patches of each of them. */
  readonly grid: Sides;
  /** Placeholders among the tokens that the image's features take. */
  readonly tokens: number;
  /** Tokens beside them that the processor adds for an image: begins, rows, ends. */
  readonly others: number;
  /**
   * Layers of patches of a video: all that is told here holds for each of them, and
   * the tower sees each as an image. Of an image there is none.
   */
  readonly layers?: number;
  /** Patches of all tiles that are image, where padding is cut off. */
  readonly unpadded?: Unpadded;
}

/** What of a grid of patches is image, once the padding beside it is cut off. */
export interface Unpadded {
  /** The grid without padding. */
  readonly cut: Sides;
  /** The same once it is scaled down to a number of patches. */
  readonly kept: Sides;
}

/** Python's round(): a half goes to the even neighbour. */
export function roundedEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
