// The tabs at the right: one panel at a time, below the verdict, which is always there. Beside a report
// and on a telephone they are a strip: a tab opens its panel, and closes it again.

import { all, find } from "./dom";
import { isFramed } from "./framing";
import { Signal } from "./signal";

const folds = isFramed || matchMedia("(width <= 40rem)").matches; // as in css/viewer/room.css

export type Tab = "verdict" | "annotations" | "ai" | "window";

export class Tabs {
  readonly changed = new Signal();
  private current: Tab = "verdict";
  private folded = folds;

  constructor() {
    for (const one of all("[data-tab]")) {
      one.addEventListener("click", () => this.press(one.dataset.tab as Tab));
    }
    if (isFramed) find("[data-tabs]").setAttribute("aria-orientation", "vertical");
    this.show();
  }

  /** Whether its panel is on the screen. */
  isOpen(tab: Tab): boolean {
    return !this.folded && this.current === tab;
  }

  private press(tab: Tab): void {
    const folded = folds && this.isOpen(tab);
    if (this.folded === folded) {
      this.open(tab);
      return;
    }
    this.folded = folded;
    this.current = tab;
    this.show();
    this.changed.emit();
  }

  /** What is folded stays folded: who draws is not to lose a part of the image. */
  open(tab: Tab): void {
    if (this.current === tab) return;
    this.current = tab;
    this.show();
    find("[data-panels]").scrollTop = 0;
    this.changed.emit();
  }

  private show(): void {
    for (const one of all("[data-tab]")) {
      const tab = one.dataset.tab as Tab;
      one.setAttribute("aria-selected", String(this.isOpen(tab)));
      find(`#panel-${tab}`).hidden = tab !== this.current;
    }
    document.body.toggleAttribute("data-panels-open", !this.folded);
  }
}
