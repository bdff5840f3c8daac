// Numbers of the active viewport: window, zoom, place in the series. What is shown can be typed.

import { make } from "../signal";
import { MAX_ZOOM, MIN_ZOOM } from "../view";
import type { ViewportGrid } from "../viewportGrid";
import { limited, PRESETS } from "../window";

const find = <T extends Element>(selector: string) => document.querySelector<T>(selector)!;

export class ViewPanel {
  private readonly preset = find<HTMLSelectElement>("[data-preset]");
  private readonly center = find<HTMLInputElement>("[data-center]");
  private readonly width = find<HTMLInputElement>("[data-width]");
  private readonly zoom = find<HTMLInputElement>("[data-zoom]");
  private readonly slice = find<HTMLInputElement>("[data-slice]");
  private readonly sliceText = find<HTMLElement>("[data-slice-text]");

  constructor(private readonly grid: ViewportGrid) {
    this.preset.append(
      ...PRESETS.map(({ name }, n) => make("option", { value: String(n) }, name)),
      make("option", { value: "", hidden: true }, "Own"),
    );
    this.preset.addEventListener("change", () => {
      const { frame } = grid.active;
      const preset = PRESETS[Number(this.preset.value)];
      if (frame && preset) grid.setWindow(this.preset.value === "0" ? null : preset.of(frame));
    });
    for (const field of [this.center, this.width])
      field.addEventListener("change", () => this.type());
    this.zoom.addEventListener("change", () => {
      const wanted = this.zoom.valueAsNumber / 100;
      const { magnification } = grid.active;
      if (!Number.isFinite(wanted) || !magnification) return;
      grid.look((view) => {
        const zoom = (view.zoom * wanted) / magnification;
        return { ...view, zoom: Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, zoom)) };
      });
    });
    this.slice.addEventListener("input", () => grid.scrollTo(this.slice.valueAsNumber - 1));
  }

  private type(): void {
    const { frame } = this.grid.active;
    const [center, width] = [this.center.valueAsNumber, this.width.valueAsNumber];
    if (!frame || !Number.isFinite(center) || !Number.isFinite(width)) return;
    this.grid.setWindow(limited({ center, width }, frame));
  }

  show(): void {
    const viewport = this.grid.active;
    const window = viewport.currentWindow();
    if (window && viewport.frame) {
      write(this.center, String(Math.round(window.center * 10) / 10));
      write(this.width, String(Math.round(window.width * 10) / 10));
      const found = PRESETS.findIndex(({ of }) => {
        const one = of(viewport.frame!);
        return one.center === window.center && one.width === window.width;
      });
      this.preset.value = found < 0 ? "" : String(found);
    }
    const { magnification } = viewport;
    write(this.zoom, magnification ? String(Math.round(magnification * 100)) : "");
    const count = viewport.stack?.images.length ?? 1;
    this.slice.max = String(count);
    this.slice.value = String(viewport.index + 1);
    this.slice.disabled = count < 2;
    this.sliceText.textContent = `${viewport.index + 1} of ${count}`;
  }
}

/** Not under the fingers of somebody who types. */
function write(field: HTMLInputElement, value: string): void {
  if (document.activeElement !== field) field.value = value;
}
