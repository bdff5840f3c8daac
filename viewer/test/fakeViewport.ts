// A viewport that draws nothing: what the grid does with viewports, without a browser.

import { Signal } from "../src/signal";
import type { Stack } from "../src/studies";
import { FIRST_VIEW, type View } from "../src/view";
import type { Window } from "../src/window";

export class Viewport {
  readonly element = {
    addEventListener: () => undefined,
    classList: { toggle: () => undefined },
    contains: () => false,
    focus: () => undefined,
  };
  readonly drawn = new Signal();
  readonly frame = { bits: 16 };
  view: View = FIRST_VIEW;
  window: Window | null = null;
  inverted = false;
  stack: Stack | null = null;
  index = 0;
  onScreen: unknown = null;
  readonly opened: Stack[] = [];

  open(stack: Stack, index = 0): void {
    this.stack = stack;
    this.index = index;
    this.opened.push(stack);
  }

  goTo(index: number): boolean {
    const next = Math.min(Math.max(0, index), this.stack!.images.length - 1);
    const isNew = next !== this.index;
    this.index = next;
    return isNew;
  }

  request(): void {}
  resize(): void {}
  destroy(): void {}
}
