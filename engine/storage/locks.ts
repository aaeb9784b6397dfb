// Two small locks for the one thread of the engine. Both are fair: who came first goes first.

/** One holder at a time. */
export class Mutex {
  #tail: Promise<void> = Promise.resolve();

  async run<T>(work: () => Promise<T>): Promise<T> {
    const before = this.#tail;
    let done = () => {};
    this.#tail = new Promise((resolve) => {
      done = resolve;
    });
    await before;
    try {
      return await work();
    } finally {
      done();
    }
  }
}

/** Many may pass at once, unless one holds the gate shut. */
export class Gate {
  #passing = 0;
  #shut = false;
  readonly #waiting: { shut: boolean; go: () => void }[] = [];

  /** Passes; the answer is called on the way out. Waits while the gate is shut or about to be. */
  async pass(): Promise<() => void> {
    if (this.#shut || this.#waiting.length > 0) await this.#wait(false);
    else this.#passing++;
    return this.#once(() => {
      this.#passing--;
      this.#next();
    });
  }

  /** Shuts the gate once everyone who passes is through; the answer opens it. */
  async shut(): Promise<() => void> {
    if (this.#shut || this.#passing > 0 || this.#waiting.length > 0) await this.#wait(true);
    else this.#shut = true;
    return this.#once(() => {
      this.#shut = false;
      this.#next();
    });
  }

  #wait(shut: boolean): Promise<void> {
    return new Promise((go) => this.#waiting.push({ shut, go }));
  }

  #next(): void {
    while (!this.#shut) {
      const first = this.#waiting[0];
      if (!first || (first.shut && this.#passing > 0)) return;
      this.#waiting.shift();
      if (first.shut) this.#shut = true;
      else this.#passing++;
      first.go();
    }
  }

  #once(run: () => void): () => void {
    let open = true;
    return () => {
      if (open) run();
      open = false;
    };
  }
}
