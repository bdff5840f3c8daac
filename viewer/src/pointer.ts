// The mouse, pen and fingers on a viewport. What a drag does is also on buttons, keys and fields.

import type { Point } from "./geometry";
import { refuse } from "./refusing";
import { apply, inverse, panned, zoomed } from "./view";
import type { Viewport } from "./viewport";
import type { ViewportGrid } from "./viewportGrid";
import { dragged } from "./window";

export type DragTool = "window" | "pan" | "zoom" | "scroll" | "crosshair";

/** Drawing comes first: it says whether it took the event. */
export interface GestureTarget {
  down(viewport: Viewport, at: Point, event: PointerEvent): boolean;
  move(viewport: Viewport, at: Point, event: PointerEvent): boolean;
  up(viewport: Viewport, at: Point, event: PointerEvent): boolean;
  double(viewport: Viewport): void;
}

const PIXELS_A_SLICE = 12;
const A_NOTCH = 40; // pixels: a wheel turns by more, a touch pad by less

export class Pointer {
  tool: DragTool = "window";
  private readonly down = new Map<number, Point>();
  private using: DragTool | null = null;
  private rest = 0;
  private rolled = 0;

  constructor(
    private readonly grid: ViewportGrid,
    private readonly drawingTool: GestureTarget,
  ) {}

  attach(viewport: Viewport): void {
    const { element } = viewport;
    const at = (event: PointerEvent | WheelEvent): Point => {
      const box = element.getBoundingClientRect();
      // Coordinates of a viewport begin inside its border.
      const [left, top] = [box.left + element.clientLeft, box.top + element.clientTop];
      return [event.clientX - left, event.clientY - top];
    };
    const isButton = (event: Event) => (event.target as Element).closest?.("button");
    element.addEventListener("pointerdown", (event) => {
      if (isButton(event)) return;
      element.setPointerCapture(event.pointerId);
      if (event.pointerType !== "mouse" || event.button !== 0) event.preventDefault();
      element.focus({ preventScroll: true });
      if (
        !this.down.size &&
        event.button === 0 &&
        this.drawingTool.down(viewport, at(event), event)
      )
        return;
      this.down.set(event.pointerId, at(event));
      this.rest = 0;
      if (event.button === 0 && this.tool === "crosshair") this.cross(viewport, at(event));
      this.using = ([this.tool, "pan", "zoom"] as const)[event.button] ?? this.tool;
    });
    element.addEventListener("pointermove", (event) => {
      const now = at(event);
      if (!this.down.has(event.pointerId)) {
        this.drawingTool.move(viewport, now, event);
        return;
      }
      const before = this.down.get(event.pointerId)!;
      this.down.set(event.pointerId, now);
      if (this.down.size === 2) this.pinch(viewport, event.pointerId, before, now);
      else if (this.using === "crosshair") this.cross(viewport, now);
      else this.drag(viewport, now[0] - before[0], now[1] - before[1]);
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      element.addEventListener(end, (event) => {
        if (!this.down.delete(event.pointerId)) this.drawingTool.up(viewport, at(event), event);
      });
    }
    element.addEventListener("dblclick", (event) => {
      if (!isButton(event)) this.drawingTool.double(viewport);
    });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.grid.activate(viewport);
        const isZoom = event.ctrlKey || (viewport.stack?.images.length ?? 1) < 2;
        if (isZoom) this.zoomBy(viewport, 0.998 ** event.deltaY, at(event));
        else this.grid.scroll(this.notches(event));
      },
      { passive: false },
    );
  }

  /** A wheel's notch is one image; a touch pad gives many small parts of one. */
  private notches({ deltaMode, deltaY }: WheelEvent): number {
    if (deltaMode !== WheelEvent.DOM_DELTA_PIXEL || Math.abs(deltaY) >= A_NOTCH) {
      this.rolled = 0;
      return Math.sign(deltaY);
    }
    this.rolled += deltaY;
    const slices = Math.trunc(this.rolled / A_NOTCH);
    this.rolled -= slices * A_NOTCH;
    return slices;
  }

  private zoomBy(viewport: Viewport, factor: number, at?: Point): void {
    if (!viewport.picture) return;
    this.grid.look((view) => zoomed(view, factor, viewport.picture!, viewport.box, at));
  }

  private cross(viewport: Viewport, at: Point): void {
    if (!viewport.matrix) return;
    const isPlaced = this.grid.placeCrosshair(viewport, apply(inverse(viewport.matrix), at));
    if (!isPlaced) refuse("The file of this image does not say where it lies in the patient.");
  }

  private drag(viewport: Viewport, dx: number, dy: number): void {
    const window = viewport.currentWindow();
    if (!viewport.picture || !viewport.frame || !window) return;
    switch (this.using) {
      case "window":
        this.grid.setWindow(dragged(window, dx, dy, viewport.frame));
        break;
      case "pan":
        this.grid.look((view) => panned(view, [dx, dy], viewport.picture!, viewport.box));
        break;
      case "zoom":
        this.zoomBy(viewport, 0.995 ** dy);
        break;
      case "scroll": {
        this.rest += dy;
        const slices = Math.trunc(this.rest / PIXELS_A_SLICE);
        this.rest -= slices * PIXELS_A_SLICE;
        if (slices) this.grid.scroll(slices);
      }
    }
  }

  private pinch(viewport: Viewport, moving: number, before: Point, now: Point): void {
    const other = [...this.down].find(([id]) => id !== moving)?.[1];
    if (!other || !viewport.picture) return;
    const apart = (p: Point) => Math.max(20, Math.hypot(p[0] - other[0], p[1] - other[1]));
    const middle: Point = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    this.zoomBy(viewport, apart(now) / apart(before), middle);
    const by: Point = [(now[0] - before[0]) / 2, (now[1] - before[1]) / 2];
    this.grid.look((view) => panned(view, by, viewport.picture!, viewport.box));
  }
}
