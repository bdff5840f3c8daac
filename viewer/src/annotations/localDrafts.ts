// What is not saved yet, in the browser's storage: by person, study and page. Two pages on one study
// keep apart what each of them has to send, so that neither wipes the other's away.

export class LocalDrafts {
  private readonly own: string;
  private broken = false;

  /** `all` begins the name of everything that this person's pages on this study keep. */
  constructor(
    private readonly all: string,
    page: string,
    private readonly storage: () => Storage = () => localStorage,
  ) {
    this.own = `${all}:${page}`;
  }

  /** What earlier pages left, and takes it over. One that is still open writes its own anew. */
  recall(): string[] {
    const found = this.use((storage) => {
      const names = Array.from({ length: storage.length }, (_, n) => storage.key(n)!);
      return names
        .filter((name) => name === this.all || name.startsWith(`${this.all}:`))
        .map((name): [string, string] => [name, storage.getItem(name)!]);
    });
    if (!found) return [];
    for (const [name] of found) this.use((storage) => storage.removeItem(name));
    return found.map(([, text]) => text);
  }

  keep(text: string): void {
    this.use((storage) => (text ? storage.setItem(this.own, text) : storage.removeItem(this.own)));
  }

  /** Whether what is not sent yet would be lost with the page. */
  get isBroken(): boolean {
    return this.broken;
  }

  private use<T>(act: (storage: Storage) => T): T | null {
    try {
      const result = act(this.storage());
      this.broken = false;
      return result;
    } catch {
      this.broken = true; // switched off, or full
      return null;
    }
  }
}
