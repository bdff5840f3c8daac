// The mouse, pen and fingers on a pane. What a drag does is also on buttons, keys and fields.

import type { Pane } from "./pane";
import type { Stage } from "./stage";
import type { Point } from "./types";
import { panned, zoomed } from "./view";
import { dragged } from "./window";

export type DragTool = "window" | "pan" | "zoom" | "scroll";

/** Drawing comes first: it says whether it took the event. */
export interface Pencil {
  down(pane: Pane, at: Point, event: PointerEvent): boolean;
  move(pane: Pane, at: Point, event: PointerEvent): boolean;
  up(pane: Pane, at: Point, event: PointerEvent): boolean;
  double(pane: Pane): void;
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
    private readonly stage: Stage,
    private readonly pencil: Pencil,
  ) {}

  attach(pane: Pane): void {
    const { element } = pane;
    const at = (event: PointerEvent | WheelEvent): Point => {
      const box = element.getBoundingClientRect();
      // Coordinates of a pane begin inside its border.
      const [left, top] = [box.left + element.clientLeft, box.top + element.clientTop];
      return [event.clientX - left, event.clientY - top];
    };
    const isButton = (event: Event) => (event.target as Element).closest?.("button");
    element.addEventListener("pointerdown", (event) => {
      if (isButton(event)) return;
      element.setPointerCapture(event.pointerId);
      if (event.pointerType !== "mouse" || event.button !== 0) event.preventDefault();
      element.focus({ preventScroll: true });
      if (!this.down.size && event.button === 0 && this.pencil.down(pane, at(event), event)) return;
      this.down.set(event.pointerId, at(event));
      this.rest = 0;
      this.using = ([this.tool, "pan", "zoom"] as const)[event.button] ?? this.tool;
    });
    element.addEventListener("pointermove", (event) => {
      const now = at(event);
      if (!this.down.has(event.pointerId)) {
        this.pencil.move(pane, now, event);
        return;
      }
      const before = this.down.get(event.pointerId)!;
      this.down.set(event.pointerId, now);
      if (this.down.size === 2) this.pinch(pane, event.pointerId, before, now);
      else this.drag(pane, now[0] - before[0], now[1] - before[1]);
    });
    for (const end of ["pointerup", "pointercancel"] as const) {
      element.addEventListener(end, (event) => {
        if (!this.down.delete(event.pointerId)) this.pencil.up(pane, at(event), event);
      });
    }
    element.addEventListener("dblclick", (event) => {
      if (!isButton(event)) this.pencil.double(pane);
    });
    element.addEventListener("contextmenu", (event) => event.preventDefault());
    element.addEventListener(
      "wheel",
      (event) => {
        event.preventDefault();
        this.stage.activate(pane);
        const isZoom = event.ctrlKey || (pane.stack?.images.length ?? 1) < 2;
        if (isZoom) this.zoomBy(pane, 0.998 ** event.deltaY, at(event));
        else this.stage.scroll(this.notches(event));
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

  private zoomBy(pane: Pane, factor: number, at?: Point): void {
    if (!pane.picture) return;
    this.stage.look((view) => zoomed(view, factor, pane.picture!, pane.box, at));
  }

  private drag(pane: Pane, dx: number, dy: number): void {
    const window = pane.currentWindow();
    if (!pane.picture || !pane.frame || !window) return;
    switch (this.using) {
      case "window":
        this.stage.setWindow(dragged(window, dx, dy, pane.frame));
        break;
      case "pan":
        this.stage.look((view) => panned(view, [dx, dy], pane.picture!, pane.box));
        break;
      case "zoom":
        this.zoomBy(pane, 0.995 ** dy);
        break;
      case "scroll": {
        this.rest += dy;
        const slices = Math.trunc(this.rest / PIXELS_A_SLICE);
        this.rest -= slices * PIXELS_A_SLICE;
        if (slices) this.stage.scroll(slices);
      }
    }
  }

  private pinch(pane: Pane, moving: number, before: Point, now: Point): void {
    const other = [...this.down].find(([id]) => id !== moving)?.[1];
    if (!other || !pane.picture) return;
    const apart = (p: Point) => Math.max(20, Math.hypot(p[0] - other[0], p[1] - other[1]));
    const middle: Point = [(now[0] + other[0]) / 2, (now[1] + other[1]) / 2];
    this.zoomBy(pane, apart(now) / apart(before), middle);
    const by: Point = [(now[0] - before[0]) / 2, (now[1] - before[1]) / 2];
    this.stage.look((view) => panned(view, by, pane.picture!, pane.box));
  }
}
