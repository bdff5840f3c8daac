// Tools that follow the pointer over an image: one place that knows where it is.

import type { Point } from "../geometry";
import { apply, inverse } from "../view";
import type { Viewport } from "../viewport";

export interface HoverTool {
  /** The pointer is there, in screen pixels of the viewport; or the image below it changed. */
  hover(viewport: Viewport, at: Point): void;
  leave(): void;
}

export class Hovering {
  private last: { viewport: Viewport; at: Point } | null = null;

  constructor(private readonly tools: HoverTool[]) {}

  attach(viewport: Viewport): void {
    const { element } = viewport;
    element.addEventListener("pointermove", (event) => {
      const box = element.getBoundingClientRect();
      const at: Point = [
        event.clientX - box.left - element.clientLeft,
        event.clientY - box.top - element.clientTop,
      ];
      this.last = { viewport, at };
      this.again();
    });
    element.addEventListener("pointerleave", () => {
      this.last = null;
      for (const tool of this.tools) tool.leave();
    });
    viewport.drawn.on(() => {
      if (this.last?.viewport === viewport) this.again();
    });
  }

  /** Whether the pointer is over an image. */
  get isOver(): boolean {
    return this.last !== null;
  }

  again(): void {
    if (!this.last) return;
    for (const tool of this.tools) tool.hover(this.last.viewport, this.last.at);
  }
}

/** The pixel at a place of the screen: column and row; null beside the image. */
export function pixelAt(viewport: Viewport, at: Point): Point | null {
  const { onScreen: image, matrix } = viewport;
  if (!image || !matrix) return null;
  const [x, y] = apply(inverse(matrix), at).map(Math.floor) as [number, number];
  return x >= 0 && y >= 0 && x < image.width && y < image.height ? [x, y] : null;
}
