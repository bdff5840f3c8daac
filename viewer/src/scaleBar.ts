// A bar of a known length at the edge of a viewport, where the size of a pixel is known.

import { make } from "./signal";
import { scaleOf } from "./spacing";
import type { ViewerImage } from "./types";
import type { Affine } from "./view";

const LENGTHS = [1, 2, 5, 10, 20, 50, 100, 200]; // millimeters
const MOST = 0.25; // of the viewport's height
const LOW = 200; // pixels: a lower viewport has no room beside its corners

export interface Bar {
  millimeters: number;
  /** On the screen. */
  pixels: number;
}

/** The longest round length that has room in a viewport; null where the smallest has none. */
export function barOf(pixelsPerMillimeter: number, height: number): Bar | null {
  if (height < LOW) return null;
  const bars = LENGTHS.map((length) => ({
    millimeters: length,
    pixels: length * pixelsPerMillimeter,
  }));
  return bars.filter(({ pixels }) => pixels <= MOST * height).at(-1) ?? null;
}

/** Pixels of the screen for a millimeter; null where nobody says how large a pixel of the image is. */
export function pixelsPerMillimeter(image: ViewerImage, matrix: Affine): number | null {
  const scale = scaleOf(image);
  return scale && Math.hypot(matrix.a, matrix.b) / scale.column;
}

export class ScaleBar {
  private readonly words = make("span");
  private readonly line = make("span", { class: "vw-scale-line" });
  private readonly element = make("p", { class: "vw-scale", hidden: true }, this.words, this.line);

  constructor(viewport: HTMLElement) {
    viewport.append(this.element);
  }

  show(image: ViewerImage, matrix: Affine, height: number): void {
    const perMillimeter = pixelsPerMillimeter(image, matrix);
    const bar = perMillimeter && barOf(perMillimeter, height);
    this.element.hidden = !bar;
    if (!bar) return;
    const words = `${bar.millimeters} mm`;
    if (this.words.textContent !== words) this.words.textContent = words;
    this.line.style.height = `${bar.pixels}px`;
    this.element.dataset.millimeters = String(bar.millimeters);
  }

  hide(): void {
    this.element.hidden = true;
  }
}
