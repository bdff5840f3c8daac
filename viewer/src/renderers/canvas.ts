// Where the browser has no WebGL: the same picture on a plain canvas.

import type { Frame } from "../frames";
import { toScreen } from "../view";
import { rangeOf, type Window } from "../window";
import type { Drawing, Renderer } from "./renderer";

/** RGBA bytes of a frame under a window. */
export function windowed(frame: Frame, window: Window, inverted: boolean): Uint8ClampedArray {
  const { lower, upper } = rangeOf(window);
  const table = new Uint8ClampedArray(frame.bits === 16 ? 65536 : 256);
  for (let value = 0; value < table.length; value += 1) {
    const share = ((value - lower) / (upper - lower)) * 255;
    table[value] = inverted ? 255 - Math.min(255, Math.max(0, share)) : share;
  }
  const count = frame.rows * frame.columns;
  const rgba = new Uint8ClampedArray(count * 4);
  for (let n = 0; n < count; n += 1) {
    const start = n * frame.samples;
    for (let channel = 0; channel < 3; channel += 1) {
      rgba[4 * n + channel] = table[frame.pixels[start + (frame.samples === 3 ? channel : 0)]!]!;
    }
    rgba[4 * n + 3] = 255;
  }
  return rgba;
}

export class CanvasRenderer implements Renderer {
  private readonly canvas = document.createElement("canvas");
  private readonly source = document.createElement("canvas");
  private painted = "";
  private lastFrame: Frame | null = null;

  constructor(private readonly element: HTMLElement) {
    this.canvas.className = "vw-plain";
    element.append(this.canvas);
  }

  setStack(): void {}

  async draw(_index: number, drawing: Drawing): Promise<void> {
    const { frame, window, inverted, viewport } = drawing;
    const state = `${window.center} ${window.width} ${inverted}`;
    if (frame !== this.lastFrame || state !== this.painted) {
      this.source.width = frame.columns;
      this.source.height = frame.rows;
      const data = new ImageData(frame.columns, frame.rows);
      data.data.set(windowed(frame, window, inverted));
      this.source.getContext("2d")!.putImageData(data, 0, 0);
      this.lastFrame = frame;
      this.painted = state;
    }
    const ratio = devicePixelRatio;
    this.canvas.width = Math.round(viewport.width * ratio);
    this.canvas.height = Math.round(viewport.height * ratio);
    const context = this.canvas.getContext("2d")!;
    const { a, b, c, d, e, f } = toScreen(drawing.view, drawing.picture, viewport);
    context.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio);
    context.drawImage(this.source, 0, 0);
  }

  resize(): void {}

  destroy(): void {
    this.element.replaceChildren();
  }
}
