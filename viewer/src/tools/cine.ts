// Cine: the series of the active viewport runs by itself, at so many frames per second.

import { all, find } from "../dom";
import { refuse } from "../refusing";
import type { ViewportGrid } from "../viewportGrid";
import { FASTEST, rateOf, SLOWEST } from "./cineRate";

const USUAL = 10;

export class Cine {
  private timer = 0;
  private stack: unknown = null;
  private rate: number;

  constructor(
    private readonly grid: ViewportGrid,
    stored: string | undefined,
    private readonly remember: (rate: number) => void,
  ) {
    this.rate = rateOf(stored) ?? USUAL;
    for (const field of all<HTMLInputElement>("[data-cine-rate]")) {
      field.value = String(this.rate);
      field.addEventListener("change", () => this.type(field));
    }
  }

  get isRunning(): boolean {
    return this.timer !== 0;
  }

  toggle(): void {
    if (this.settle()) return;
    const { stack } = this.grid.active;
    if ((stack?.images.length ?? 0) < 2) {
      refuse("This series has one image: there is nothing to run through.");
      return;
    }
    this.stack = stack;
    this.start();
  }

  /** Stop at the image that is on the screen; false where it did not run. */
  settle(): boolean {
    if (!this.isRunning) return false;
    this.stop();
    for (const viewport of this.grid.viewports) viewport.stay();
    this.grid.changed.emit();
    return true;
  }

  private start(): void {
    clearInterval(this.timer);
    this.timer = window.setInterval(() => this.step(), 1000 / this.rate);
  }

  stop(): void {
    clearInterval(this.timer);
    this.timer = 0;
  }

  private step(): void {
    const { stack, index, element } = this.grid.active;
    if (!stack || stack !== this.stack) {
      this.stop(); // another viewport or series: it does not begin to run by itself
      this.grid.changed.emit();
      return;
    }
    if (element.dataset.state !== "ready") return; // the image is still on its way: none is skipped
    this.grid.scrollTo((index + 1) % stack.images.length);
  }

  private type(field: HTMLInputElement): void {
    const rate = rateOf(field.value);
    if (rate === null) {
      refuse(`Enter ${SLOWEST} to ${FASTEST} frames per second.`, field);
      field.value = String(this.rate);
      return;
    }
    this.rate = rate;
    for (const one of all<HTMLInputElement>("[data-cine-rate]")) one.value = String(rate);
    this.remember(rate);
    if (this.isRunning) this.start();
    find("[data-cine-rate]").blur(); // the next key is for the image
  }
}
