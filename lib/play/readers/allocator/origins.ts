/**
 * Where blocks lie, of those that were touched since a moment: in which base, and
 * how far from its begin.
 */
export class Origins {
  /** Touched blocks; some have been joined with others since. */
  readonly touched: number[] = [];
  #since = new Int32Array(0);
  #base = new Int32Array(0);
  #offset = new Float64Array(0);
  #now = 0;

  /** Forgets everything. */
  clear(): void {
    this.#now++;
    this.touched.length = 0;
  }

  has(block: number): boolean {
    return this.#since[block] === this.#now;
  }

  base(block: number): number {
    return this.#base[block] as number;
  }

  offset(block: number): number {
    return this.#offset[block] as number;
  }

  set(block: number, base: number, offset: number): void {
    if (block >= this.#since.length) this.#grow(block);
    if (!this.has(block)) this.touched.push(block);
    this.#since[block] = this.#now;
    this.#base[block] = base;
    this.#offset[block] = offset;
  }

  delete(block: number): void {
    this.#since[block] = 0;
  }

  #grow(block: number): void {
    const room = Math.max(1024, 2 * block);
    const [since, base, offset] = [this.#since, this.#base, this.#offset];
    this.#since = new Int32Array(room);
    this.#base = new Int32Array(room);
    this.#offset = new Float64Array(room);
    this.#since.set(since);
    this.#base.set(base);
    this.#offset.set(offset);
  }
}
