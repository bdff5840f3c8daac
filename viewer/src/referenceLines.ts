// Where the images in the other viewports cut through this one: a line in each viewport of one frame of
// reference. That of the active viewport is drawn through, the others are dashed.

import { shareSpace } from "./inStep";
import { cutOf, planeOf } from "./placing";
import { apply } from "./view";
import type { Viewport } from "./viewport";
import type { ViewportGrid } from "./viewportGrid";

const SVG = "http://www.w3.org/2000/svg";

export class ReferenceLines {
  on = true;
  private readonly layers = new Map<Viewport, SVGSVGElement>();
  private pending = false;

  constructor(private readonly grid: ViewportGrid) {
    grid.changed.on(() => this.soon());
  }

  attach(viewport: Viewport): void {
    const layer = document.createElementNS(SVG, "svg");
    layer.classList.add("vw-references");
    layer.setAttribute("aria-hidden", "true");
    viewport.svg.after(layer);
    this.layers.set(viewport, layer);
    viewport.drawn.on(() => this.soon());
  }

  toggle(): void {
    this.on = !this.on;
    this.grid.changed.emit();
  }

  /** Once for all viewports that are drawn in one step. */
  private soon(): void {
    if (this.pending) return;
    this.pending = true;
    requestAnimationFrame(() => {
      this.pending = false;
      for (const gone of [...this.layers.keys()].filter((one) => !one.element.isConnected))
        this.layers.delete(gone);
      for (const [viewport, layer] of this.layers) layer.replaceChildren(...this.linesOf(viewport));
    });
  }

  private linesOf(viewport: Viewport): SVGElement[] {
    const { onScreen: image, stack, matrix } = viewport;
    const plane = image && planeOf(image);
    if (!this.on || !plane || !stack || !matrix) return [];
    return this.grid.viewports.flatMap((other) => {
      if (other === viewport || !other.stack || !shareSpace(stack, other.stack)) return [];
      const otherPlane = other.onScreen && planeOf(other.onScreen);
      const cut = otherPlane && cutOf(plane, otherPlane);
      if (!cut) return [];
      const [[x1, y1], [x2, y2]] = [apply(matrix, cut[0]), apply(matrix, cut[1])];
      const line = document.createElementNS(SVG, "line");
      for (const [name, value] of Object.entries({ x1, y1, x2, y2 }))
        line.setAttribute(name, value.toFixed(2));
      line.dataset.of = other.element.dataset.viewport;
      if (other === this.grid.active) line.classList.add("vw-reference-active");
      return [line];
    });
  }
}
