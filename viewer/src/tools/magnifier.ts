// The magnifier: a lens below the pointer that shows the image larger, as it is windowed and lies.

import type { Frame } from "../frames";
import type { Point } from "../geometry";
import { windowed } from "../renderers/canvas";
import { make } from "../signal";
import type { Viewport } from "../viewport";
import type { HoverTool } from "./hovering";

const RADIUS = 110; // screen pixels
const LARGER = 2.5;

export class Magnifier implements HoverTool {
  on = false;
  private readonly lens = make("canvas", { class: "vw-lens", "aria-hidden": "true", hidden: true });
  private readonly source = make("canvas");
  private painted: { frame: Frame; state: string } | null = null;

  toggle(): void {
    this.on = !this.on;
    if (!this.on) this.leave();
  }

  hover(viewport: Viewport, at: Point): void {
    const { frame, onScreen: image, matrix } = viewport;
    const window = viewport.currentWindow();
    if (!this.on || !frame || !image || !matrix || !window) {
      this.leave();
      return;
    }
    this.paint(viewport, frame);
    if (this.lens.parentElement !== viewport.element) viewport.element.append(this.lens);
    this.lens.hidden = false;
    const ratio = devicePixelRatio;
    const size = Math.round(2 * RADIUS * ratio);
    if (this.lens.width !== size) [this.lens.width, this.lens.height] = [size, size];
    const context = this.lens.getContext("2d")!;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.globalAlpha = 1;
    context.fillStyle = "#000";
    context.fillRect(0, 0, size, size);
    // What is below the pointer is in the middle of the lens.
    const scale = LARGER * ratio;
    const { a, b, c, d, e, f } = matrix;
    context.setTransform(
      a * scale,
      b * scale,
      c * scale,
      d * scale,
      (e - at[0]) * scale + size / 2,
      (f - at[1]) * scale + size / 2,
    );
    context.drawImage(this.source, 0, 0, image.width, image.height);
    const heat = viewport.heatShown;
    if (heat) {
      context.globalAlpha = heat.opacity / 100;
      context.drawImage(heat.picture, 0, 0, image.width, image.height);
    }
    this.lens.style.left = `${at[0] - RADIUS}px`;
    this.lens.style.top = `${at[1] - RADIUS}px`;
  }

  private paint(viewport: Viewport, frame: Frame): void {
    const { center, width } = viewport.currentWindow()!;
    const state = `${center} ${width} ${viewport.inverted}`;
    if (this.painted?.frame === frame && this.painted.state === state) return;
    [this.source.width, this.source.height] = [frame.columns, frame.rows];
    const data = new ImageData(frame.columns, frame.rows);
    data.data.set(windowed(frame, { center, width }, viewport.inverted));
    this.source.getContext("2d")!.putImageData(data, 0, 0);
    this.painted = { frame, state };
  }

  leave(): void {
    this.lens.hidden = true;
  }
}
