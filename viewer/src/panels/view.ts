// Numbers of the active viewport: window, zoom, place in the series. What is shown can be typed.

import type { Frame } from "../frames";
import { make } from "../signal";
import { MAX_ZOOM, MIN_ZOOM } from "../view";
import type { ViewportGrid } from "../viewportGrid";
import { furtherWindows, limited, PRESETS, type Window } from "../window";

const find = <T extends Element>(selector: string) => document.querySelector<T>(selector)!;

export class ViewPanel {
  private readonly preset = find<HTMLSelectElement>("[data-preset]");
  private readonly center = find<HTMLInputElement>("[data-center]");
  private readonly width = find<HTMLInputElement>("[data-width]");
  private readonly zoom = find<HTMLInputElement>("[data-zoom]");
  private readonly slice = find<HTMLInputElement>("[data-slice]");
  private readonly sliceText = find<HTMLElement>("[data-slice-text]");

  private named = -1; // how many windows of a file the list has

  constructor(private readonly grid: ViewportGrid) {
    this.preset.addEventListener("change", () => {
      const { frame } = grid.active;
      const [kind, n] = this.preset.value.split("-") as [string, string];
      if (!frame) return;
      if (kind === "file") grid.setWindow(frame.windows[Number(n)]!);
      else grid.setWindow(n === "0" ? null : PRESETS[Number(n)]!.of(frame));
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

  private showPreset(frame: Frame, chosen: Window | null): void {
    const further = furtherWindows(frame);
    const names = further.map((_, n) => `Window ${n + 2} of the file`);
    if (names.length !== this.named || !this.preset.options.length) {
      this.named = names.length;
      const [stored, ...others] = PRESETS.map(({ name }, n) =>
        make("option", { value: `preset-${n}` }, name),
      );
      this.preset.replaceChildren(
        stored!,
        ...names.map((name, n) => make("option", { value: `file-${n + 1}` }, name)),
        ...others,
        make("option", { value: "", hidden: true }, "Own"),
      );
    }
    const isChosen = (one: Window) => one.center === chosen?.center && one.width === chosen.width;
    const file = further.findIndex(isChosen);
    const preset = chosen ? PRESETS.findIndex(({ of }, n) => n > 0 && isChosen(of(frame))) : 0;
    this.preset.value = file >= 0 ? `file-${file + 1}` : preset >= 0 ? `preset-${preset}` : "";
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
      this.showPreset(viewport.frame, viewport.window ?? null);
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
