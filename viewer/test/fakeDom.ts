// Elements without a browser, as far as the tests of the panels need them.

export class FakeElement {
  readonly attributes = new Map<string, string>();
  readonly dataset: Record<string, string> = {};
  readonly style: Record<string, string> = {};
  readonly classList = { toggle: () => undefined, add: () => undefined };
  children: FakeElement[] = [];
  textContent = "";
  hidden = false;
  className = "";

  constructor(readonly tag = "div") {}

  get src(): string {
    return this.attributes.get("src") ?? "";
  }

  set src(address: string) {
    this.attributes.set("src", address);
  }

  setAttribute(name: string, value: string): void {
    this.attributes.set(name, value);
  }

  getAttribute(name: string): string | null {
    return this.attributes.get(name) ?? null;
  }

  append(...children: (FakeElement | string)[]): void {
    for (const child of children) {
      if (typeof child === "string") this.textContent += child;
      else this.children.push(child);
    }
  }

  replaceChildren(...children: FakeElement[]): void {
    this.children = children;
  }

  addEventListener(): void {}

  /** By the name of an element or one class. */
  querySelectorAll(selector: string): FakeElement[] {
    const isIt = (one: FakeElement) =>
      selector.startsWith(".")
        ? (one.getAttribute("class") ?? "").split(" ").includes(selector.slice(1))
        : one.tag === selector;
    return this.children.flatMap((one) => [
      ...(isIt(one) ? [one] : []),
      ...one.querySelectorAll(selector),
    ]);
  }

  querySelector(selector: string): FakeElement | null {
    return this.querySelectorAll(selector)[0] ?? null;
  }
}

/** A document in which every selector has one element, the same each time; they are made when asked for. */
export function fakeDocument() {
  const found = new Map<string, FakeElement>();
  return {
    body: new FakeElement("body"),
    createElement: (tag: string) => new FakeElement(tag),
    createElementNS: (_: string, tag: string) => new FakeElement(tag),
    querySelector(selector: string): FakeElement {
      const one = found.get(selector) ?? new FakeElement();
      found.set(selector, one);
      return one;
    },
  };
}
