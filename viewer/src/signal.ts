/** Tells whoever listens that something changed. */
export class Signal {
  private readonly listeners = new Set<() => void>();

  on(listener: () => void): void {
    this.listeners.add(listener);
  }

  emit(): void {
    for (const listener of this.listeners) listener();
  }
}

/** An element with attributes and children: what a template would be, without one. */
export function make<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | boolean> = {},
  ...children: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false) continue;
    element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

export function button(text: string, onClick: () => void, attributes: Record<string, string> = {}) {
  const element = make(
    "button",
    { type: "button", class: "btn btn-secondary btn-sm", ...attributes },
    text,
  );
  element.addEventListener("click", onClick);
  return element;
}
