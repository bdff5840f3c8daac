// The pixel probe: place and value of the pixel below the pointer, as they are in the file.

import type { Frame } from "../frames";
import type { Point } from "../geometry";
import { make } from "../signal";
import type { Viewport } from "../viewport";
import { type HoverTool, pixelAt } from "./hovering";

export class Probe implements HoverTool {
  on = false;
  private readonly label = make("p", { class: "vw-probe", hidden: true });

  toggle(): void {
    this.on = !this.on;
    if (!this.on) this.leave();
  }

  hover(viewport: Viewport, at: Point): void {
    const pixel = this.on ? pixelAt(viewport, at) : null;
    if (!pixel || !viewport.frame) {
      this.leave();
      return;
    }
    if (this.label.parentElement !== viewport.element) viewport.element.append(this.label);
    this.label.textContent = probeText(viewport.frame, pixel);
    this.label.hidden = false;
    // Beside the pointer; on its other side where there is no room.
    const { width, height } = viewport.box;
    const [x, y] = at;
    const right = x + 16 + this.label.offsetWidth > width;
    const below = y + 16 + this.label.offsetHeight > height;
    this.label.style.left = `${right ? x - 16 - this.label.offsetWidth : x + 16}px`;
    this.label.style.top = `${below ? y - 16 - this.label.offsetHeight : y + 16}px`;
  }

  leave(): void {
    this.label.hidden = true;
  }
}

/** "x 40, y 32: 187"; of a color image its three values. */
export function probeText(frame: Frame, [x, y]: Point): string {
  const start = (y * frame.columns + x) * frame.samples;
  const values = Array.from(frame.pixels.slice(start, start + frame.samples));
  return `x ${x}, y ${y}: ${values.join(", ")}`;
}
