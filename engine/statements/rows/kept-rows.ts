// The text of VALUES while it streams to the decoder, kept up to a bound: rows that the decoder cannot
// read are read again as expressions.

export class KeptRows implements AsyncIterable<Uint8Array> {
  readonly #source: AsyncIterator<Uint8Array>;
  readonly #bytesMax: number;
  readonly #kept: Uint8Array[] = [];
  #bytes = 0;
  #ended = false;

  /** @param bytesMax how much is kept; of a longer text nothing is */
  constructor(source: AsyncIterable<Uint8Array>, bytesMax: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#bytesMax = bytesMax;
  }

  /** The source once; whoever stops early leaves the rest to `whole`. */
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return { next: () => this.#next() };
  }

  /** All of the text, with what nobody has read yet; undefined when it is longer than what is kept. */
  async whole(): Promise<string | undefined> {
    while (!this.#ended && this.#bytes <= this.#bytesMax) await this.#next();
    return this.#ended && this.#bytes <= this.#bytesMax
      ? Buffer.concat(this.#kept).toString()
      : undefined;
  }

  /** Nothing more will be read. */
  async close(): Promise<void> {
    this.#kept.length = 0;
    if (!this.#ended) await this.#source.return?.();
  }

  async #next(): Promise<IteratorResult<Uint8Array>> {
    const next = await this.#source.next();
    if (next.done) {
      this.#ended = true;
      return next;
    }
    this.#bytes += next.value.length;
    if (this.#bytes <= this.#bytesMax) this.#kept.push(next.value);
    else this.#kept.length = 0;
    return next;
  }
}
