// One to four viewports, one of them the active one; linked viewports move together.

import type { Point } from "./geometry";
import { beside, inStepWith, shareSpace } from "./inStep";
import { nearest, planeOf, toPatient } from "./placing";
import { Signal } from "./signal";
import { areOfOneSeries, type Stack } from "./studies";
import { FIRST_VIEW, type View } from "./view";
import { type Surroundings, Viewport } from "./viewport";
import type { Window } from "./window";

export interface Links {
  view: boolean;
  scroll: boolean;
  window: boolean;
}

export class ViewportGrid {
  viewports: Viewport[] = [];
  active!: Viewport;
  readonly links: Links = { view: true, scroll: true, window: true };
  /** Something of the active viewport, or which one it is, changed. */
  readonly changed = new Signal();
  /** A viewport was made: whoever draws on viewports sets it up. */
  onViewport: (viewport: Viewport) => void = () => undefined;

  constructor(
    private readonly element: HTMLElement,
    private readonly around: Surroundings,
  ) {
    new ResizeObserver(() => this.resize()).observe(element);
  }

  /** Further viewports show what stands in none yet; or nothing, for who fills them at once. */
  setCount(count: number, areFilled = true): void {
    let hadFocus = false;
    while (this.viewports.length > count) {
      const gone = this.viewports.pop()!;
      hadFocus ||= gone.element.contains(document.activeElement);
      if (gone === this.active) this.active = this.viewports[0]!;
      gone.destroy();
    }
    while (this.viewports.length < count) this.add(areFilled);
    this.element.dataset.viewports = String(count);
    this.activate(this.active ?? this.viewports[0]!);
    if (hadFocus) this.active.element.focus({ preventScroll: true });
    requestAnimationFrame(() => this.resize());
  }

  private add(isFilled: boolean): void {
    const viewport = new Viewport(this.around, this.viewports.length + 1);
    this.viewports.push(viewport);
    this.element.append(viewport.element);
    viewport.element.addEventListener("pointerdown", () => this.activate(viewport), {
      capture: true,
    });
    viewport.element.addEventListener("focus", () => this.activate(viewport));
    viewport.drawn.on(() => {
      if (viewport === this.active) this.changed.emit();
    });
    this.onViewport(viewport);
    const model = this.active;
    if (isFilled && model?.stack) {
      const { stack, index } = this.besides(model.stack, model.index);
      viewport.view = model.view;
      if (areOfOneSeries(stack, model.stack)) viewport.window = model.window;
      viewport.open(stack, index);
    }
  }

  /** What a further viewport shows: a series that stands in none yet, else the next image. */
  private besides(stack: Stack, index: number): { stack: Stack; index: number } {
    const others = this.viewports.slice(0, -1);
    const free = stack.study.stacks.find((one) => !others.some((other) => other.stack === one));
    if (free) return { stack: free, index: this.placeIn(free, { stack, index }) };
    const taken = others.filter((one) => one.stack === stack).map((one) => one.index);
    const most = stack.images.length - 1;
    const after = Math.max(...taken) + 1;
    const before = Math.min(...taken) - 1;
    return { stack, index: after <= most ? after : Math.max(0, before) };
  }

  /** Which slice of a series stands beside what the first, or another, viewport shows. */
  placeIn(stack: Stack, model: Pick<Viewport, "stack" | "index"> = this.viewports[0]!): number {
    const place = model.stack && beside({ stack: model.stack, index: model.index }, stack);
    return place ?? Math.min(model.index, stack.images.length - 1);
  }

  activate(viewport: Viewport): void {
    this.active = viewport;
    for (const one of this.viewports) one.element.classList.toggle("vw-active", one === viewport);
    this.changed.emit();
  }

  /** To the viewport after the active one, or before it. */
  step(by: number): void {
    const at = this.viewports.indexOf(this.active) + by;
    const next = this.viewports[(at + this.viewports.length) % this.viewports.length]!;
    next.element.focus();
    this.activate(next);
  }

  open(stack: Stack, index = 0, viewport = this.active): void {
    if (!areOfOneSeries(viewport.stack, stack)) viewport.window = null; // it is of other values
    viewport.open(stack, index);
    this.changed.emit();
  }

  /** In the active viewport, at the same place in the patient where that is known. */
  openSeries(stack: Stack): void {
    if (this.active.stack !== stack) this.open(stack, this.placeIn(stack, this.active));
  }

  private together(link: boolean): Viewport[] {
    return link ? this.viewports : [this.active];
  }

  look(change: (view: View, viewport: Viewport) => View): void {
    const next = change(this.active.view, this.active);
    for (const viewport of this.together(this.links.view)) {
      viewport.view = next;
      viewport.request();
    }
  }

  setWindow(window: Window | null): void {
    const { stack, frame } = this.active;
    for (const viewport of this.together(this.links.window)) {
      // MR values have no units: the numbers mean something in the same series only.
      const isOther =
        !areOfOneSeries(viewport.stack, stack) || viewport.frame?.bits !== frame?.bits;
      if (viewport !== this.active && isOther) continue;
      viewport.window = window;
      viewport.request();
    }
  }

  invert(): void {
    const inverted = !this.active.inverted;
    for (const viewport of this.together(this.links.window)) {
      viewport.inverted = inverted;
      viewport.request();
    }
  }

  scrollTo(index: number): void {
    const before = this.active.index;
    if (!this.active.goTo(index)) return;
    const by = this.active.index - before;
    for (const viewport of this.together(this.links.scroll)) {
      // To the same place in the patient, where that is known; else it keeps the distance that the
      // reader set.
      const { stack, index: at } = viewport;
      if (viewport === this.active || !stack) continue;
      const scrolled = { stack: this.active.stack!, index: this.active.index };
      viewport.goTo(inStepWith(scrolled, by, { stack, index: at }));
    }
    this.changed.emit();
  }

  /** Every other viewport of the same space goes to the slice through this place; false for no place. */
  placeCrosshair(viewport: Viewport, pixel: Point): boolean {
    const { onScreen: image, stack } = viewport;
    const plane = image && planeOf(image);
    if (!plane || !stack) return false;
    const place = toPatient(plane, pixel);
    for (const other of this.viewports) {
      if (other === viewport || !other.stack || !shareSpace(stack, other.stack)) continue;
      const at = nearest(other.stack.images, place);
      if (at >= 0) other.goTo(at); // where the files say nothing of places it stays
    }
    this.changed.emit();
    return true;
  }

  scroll(by: number): void {
    this.scrollTo(this.active.index + by);
  }

  reset(): void {
    for (const viewport of this.together(this.links.view)) {
      viewport.view = FIRST_VIEW;
      viewport.window = null;
      viewport.inverted = false;
      viewport.request();
    }
  }

  private resize(): void {
    for (const viewport of this.viewports) viewport.resize();
  }

  redraw(): void {
    for (const viewport of this.viewports) viewport.request();
  }
}
