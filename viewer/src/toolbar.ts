// The bar of icons is one line. What does not fit in the window stands in the menu "More", a group at a
// time: those first whose keys and gestures one knows.

import { find } from "./dom";
import { staying } from "./fitting";

const MARGIN = 8; // pixels, of the menu to its button and to the edge of the window

export class Toolbar {
  private readonly bar = find("[data-toolbar]");
  private readonly more = find("[data-more]");
  private readonly menu = find("[data-more-tools]");
  private readonly groups = [...this.bar.querySelectorAll<HTMLElement>("[data-group]")];
  private width = 0;

  constructor() {
    new ResizeObserver(() => this.fit()).observe(this.bar);
    this.menu.addEventListener("toggle", () => this.place());
    // What one presses several times, as turning, leaves it open.
    this.menu.addEventListener("click", (event) => {
      const one = (event.target as Element).closest("button");
      if (one && !one.closest("[aria-label=View]")) this.menu.hidePopover();
    });
    // Before the key's own command, which lets go of a drawing.
    document.addEventListener(
      "keydown",
      (event) => {
        if (event.key !== "Escape" || !this.menu.matches(":popover-open")) return;
        event.stopPropagation();
        this.menu.hidePopover();
      },
      { capture: true },
    );
  }

  private fit(): void {
    if (this.bar.clientWidth === this.width) return;
    this.width = this.bar.clientWidth;
    this.menu.hidePopover();
    this.more.hidden = false;
    this.more.before(...this.groups);
    const { columnGap, paddingLeft, paddingRight } = getComputedStyle(this.bar);
    const sizes = this.groups.map((one) => ({
      rank: Number(one.dataset.group),
      width: one.getBoundingClientRect().width,
    }));
    const room = this.width - Number.parseFloat(paddingLeft) - Number.parseFloat(paddingRight);
    const more = this.more.getBoundingClientRect().width;
    const stays = staying(sizes, room, Number.parseFloat(columnGap), more);
    this.menu.append(...this.groups.filter((_, at) => !stays[at]));
    this.more.hidden = stays.every(Boolean);
  }

  private place(): void {
    const { top, bottom, right } = this.more.getBoundingClientRect();
    const [above, below] = [top - MARGIN, innerHeight - bottom - MARGIN];
    const isBelow = below >= above;
    Object.assign(this.menu.style, {
      top: isBelow ? `${bottom + MARGIN / 2}px` : "auto",
      bottom: isBelow ? "auto" : `${innerHeight - top + MARGIN / 2}px`,
      right: `${Math.max(MARGIN / 2, innerWidth - right)}px`,
      maxHeight: `${Math.max(above, below)}px`,
    });
  }
}
