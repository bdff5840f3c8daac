// One to four panes, one of them the active one; linked panes move together.

import { Pane, type Surroundings } from "./pane";
import { Signal } from "./signal";
import type { Stack } from "./studies";
import { FIRST_VIEW, type View } from "./view";
import type { Window } from "./window";

export interface Links {
  view: boolean;
  scroll: boolean;
  window: boolean;
}

export class Stage {
  panes: Pane[] = [];
  active!: Pane;
  readonly links: Links = { view: true, scroll: true, window: true };
  /** Something of the active pane, or which one it is, changed. */
  readonly changed = new Signal();
  /** A pane was made: whoever draws on panes sets it up. */
  onPane: (pane: Pane) => void = () => undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly around: Surroundings,
  ) {
    new ResizeObserver(() => this.resize()).observe(element);
  }

  setCount(count: number): void {
    while (this.panes.length > count) {
      const gone = this.panes.pop()!;
      if (gone === this.active) this.active = this.panes[0]!;
      gone.destroy();
    }
    while (this.panes.length < count) this.add();
    this.element.dataset.panes = String(count);
    this.activate(this.active ?? this.panes[0]!);
    requestAnimationFrame(() => this.resize());
  }

  private add(): void {
    const pane = new Pane(this.around, this.panes.length + 1);
    this.panes.push(pane);
    this.element.append(pane.element);
    pane.element.addEventListener("pointerdown", () => this.activate(pane), { capture: true });
    pane.element.addEventListener("focus", () => this.activate(pane));
    pane.drawn.on(() => {
      if (pane === this.active) this.changed.emit();
    });
    this.onPane(pane);
    const model = this.active;
    if (model?.stack) {
      pane.view = model.view;
      pane.window = model.window;
      pane.open(model.stack, model.index);
    }
  }

  activate(pane: Pane): void {
    this.active = pane;
    for (const one of this.panes) one.element.classList.toggle("vw-active", one === pane);
    this.changed.emit();
  }

  /** To the pane after the active one, or before it. */
  step(by: number): void {
    const at = this.panes.indexOf(this.active) + by;
    const next = this.panes[(at + this.panes.length) % this.panes.length]!;
    next.element.focus();
    this.activate(next);
  }

  open(stack: Stack, index = 0, pane = this.active): void {
    if (pane.stack?.study !== stack.study) pane.window = null;
    pane.open(stack, index);
    this.changed.emit();
  }

  private together(link: boolean): Pane[] {
    return link ? this.panes : [this.active];
  }

  look(change: (view: View, pane: Pane) => View): void {
    const next = change(this.active.view, this.active);
    for (const pane of this.together(this.links.view)) {
      pane.view = next;
      pane.request();
    }
  }

  setWindow(window: Window | null): void {
    const bits = this.active.frame?.bits;
    for (const pane of this.together(this.links.window)) {
      if (pane !== this.active && pane.frame?.bits !== bits) continue; // other values, other scale
      pane.window = window;
      pane.request();
    }
  }

  invert(): void {
    const inverted = !this.active.inverted;
    for (const pane of this.together(this.links.window)) {
      pane.inverted = inverted;
      pane.request();
    }
  }

  scrollTo(index: number): void {
    const before = this.active.index;
    if (!this.active.goTo(index)) return;
    const by = this.active.index - before;
    for (const pane of this.together(this.links.scroll)) {
      if (pane !== this.active) pane.goTo(pane.index + by); // keeps the distance the reader set
    }
    this.changed.emit();
  }

  scroll(by: number): void {
    this.scrollTo(this.active.index + by);
  }

  reset(): void {
    for (const pane of this.together(this.links.view)) {
      pane.view = FIRST_VIEW;
      pane.window = null;
      pane.inverted = false;
      pane.request();
    }
  }

  private resize(): void {
    for (const pane of this.panes) pane.resize();
  }

  redraw(): void {
    for (const pane of this.panes) pane.request();
  }
}
