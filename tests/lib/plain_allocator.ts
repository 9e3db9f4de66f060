const MIB = 1024 ** 2;

/** A piece of a segment. */
export interface Piece {
  bytes: number;
  free: boolean;
}

interface Segment {
  readonly small: boolean;
  pieces: Piece[];
}

/** The same rules without any index: all segments are looked through each time. */
export class PlainAllocator {
  segments: Segment[] = [];
  peak = 0;
  allocated = 0;

  /** @param maxSplit Bytes of requests from which on blocks are not cut. */
  constructor(readonly capacity = Infinity, readonly maxSplit = Infinity) {}

  get reserved(): number {
    return sum(this.segments.flatMap(({ pieces }) => pieces));
  }

  allocate(bytes: number): Piece {
    const small = bytes <= MIB;
    const [found] = this.segments
      .filter((segment) => segment.small === small)
      .flatMap(({ pieces }) => pieces)
      .filter((piece) => piece.free && piece.bytes >= bytes)
      // By address among those of one size: sorting keeps their order.
      .sort((a, b) => a.bytes - b.bytes);
    const large = bytes >= this.maxSplit;
    const most = large ? bytes + 20 * MIB : this.maxSplit;
    const fits = found && (small || found.bytes < most);
    const piece = fits ? found : this.#grow(bytes, small);
    const rest = piece.bytes - bytes;
    piece.free = false;
    if (small ? rest >= 512 : rest > MIB && !large) {
      piece.bytes = bytes;
      const { pieces } = this.#segmentOf(piece);
      pieces.splice(pieces.indexOf(piece) + 1, 0, {
        bytes: rest,
        free: true,
      });
    }
    this.allocated += piece.bytes;
    return piece;
  }

  release(piece: Piece): void {
    const segment = this.#segmentOf(piece);
    piece.free = true;
    this.allocated -= piece.bytes;
    segment.pieces = segment.pieces.reduce<Piece[]>((all, next) => {
      const before = all.at(-1);
      if (!before?.free || !next.free) return [...all, next];
      const bytes = before.bytes + next.bytes;
      return [...all.slice(0, -1), { bytes, free: true }];
    }, []);
  }

  /** Gives back the segments that nobody uses. */
  empty(): void {
    this.segments = this.segments.filter(({ pieces }) =>
      pieces.some(({ free }) => !free)
    );
  }

  #grow(bytes: number, small: boolean): Piece {
    const size = small
      ? 2 * MIB
      : bytes < 10 * MIB
      ? 20 * MIB
      : 2 * MIB * Math.ceil(bytes / (2 * MIB));
    if (this.reserved + size > this.capacity) this.empty();
    const piece: Piece = { bytes: size, free: false };
    this.segments.push({ small, pieces: [piece] });
    this.peak = Math.max(this.peak, this.reserved);
    return piece;
  }

  #segmentOf(piece: Piece): Segment {
    const found = this.segments.find(({ pieces }) => pieces.includes(piece));
    if (!found) throw new RangeError("the piece is of no segment");
    return found;
  }
}

function sum(pieces: readonly Piece[]): number {
  return pieces.reduce((total, { bytes }) => total + bytes, 0);
}
