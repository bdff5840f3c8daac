// Drawing and changing annotations: by dragging, by clicking point after point, or with a cross that
// the arrow keys move. The three end in the same call, `finish`.

import type { AnnotationStore } from "../annotations/store";
import { type Shown, visibleOn } from "../annotations/visible";
import { distance, moved, type Point, type Shape, toLines, withHandle } from "../geometry";
import type { GestureTarget } from "../pointer";
import { Signal } from "../signal";
import type { Geometry } from "../types";
import { apply, inverse } from "../view";
import type { Viewport } from "../viewport";
import { handleAt, WHOLE } from "./handles";
import { geometryOf, isManyPoints, pointsInMiddle, pointsOf } from "./shapes";

const SLOP = 4; // screen pixels: below it a press is a click
const REACH = 10; // screen pixels around a line or handle that count as on it

interface UnfinishedShape {
  viewport: Viewport;
  image: string;
  points: Point[];
  pointer: Point; // where the next point would be
}

interface Grip {
  viewport: Viewport;
  id: string;
  handle: number; // WHOLE, or which of its points
  from: Point;
  before: Geometry;
  changed: boolean;
}

export class DrawingTool implements GestureTarget {
  shape: Shape | null = null;
  unfinished: UnfinishedShape | null = null;
  cross: Point | null = null; // the keyboard's pen, in pixels of the active image
  selected: string | null = null;
  readonly changed = new Signal();
  mayDraw = false;
  onFinished: (image: string, geometry: Geometry) => void = () => undefined;
  onChanged: () => void = () => undefined;
  /** Stops what moves the images by itself; whether something did: then the press does only that. */
  settle: () => boolean = () => false;
  /** Whether a magnifier covers the handles: who looks through it pulls none of them. */
  isBelowLens: () => boolean = () => false;
  private pressed: { at: Point; dragging: boolean } | null = null;
  private grip: Grip | null = null;

  constructor(
    private readonly store: AnnotationStore,
    private readonly shown: Shown,
  ) {}

  choose(shape: Shape | null): void {
    this.unfinished = null;
    this.cross = null;
    this.shape = this.mayDraw ? shape : null;
    if (shape) this.selected = null;
    this.changed.emit();
  }

  select(id: string | null): void {
    this.selected = id;
    if (id) this.shape = null;
    this.changed.emit();
  }

  private pixel(viewport: Viewport, at: Point): Point {
    const [x, y] = apply(inverse(viewport.matrix!), at);
    const { width, height } = viewport.onScreen!;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  /** Whose the chosen annotation is; null where none is chosen. */
  get chosenOf(): "own" | "others" | null {
    if (!this.selected) return null;
    return this.store.draft(this.selected) ? "own" : "others";
  }

  private scale(viewport: Viewport): number {
    const { a, b } = viewport.matrix!;
    return Math.hypot(a, b);
  }

  // --- Pointer ------------------------------------------------------------------------------------

  down(viewport: Viewport, at: Point): boolean {
    if (!viewport.onScreen || !viewport.matrix) return false;
    if (viewport.stack?.original) return false; // nothing is marked on a plane that was cut
    const pixel = this.pixel(viewport, at);
    if (this.shape) {
      if (this.settle()) return true;
      this.pressed = { at, dragging: false };
      this.point(viewport, pixel);
      return true;
    }
    return this.take(viewport, at, pixel);
  }

  /** Only the handles of the chosen annotation take a drag. A press on a line chooses it, no more: what
   *  the drag does then is the tool's that is pressed, and nothing is moved that was only looked at. */
  private take(viewport: Viewport, at: Point, pixel: Point): boolean {
    const handle = this.gripAt(viewport, at);
    if (handle !== null) {
      if (this.settle()) return true;
      const id = this.selected!;
      const before = this.store.draft(id)!.geometry;
      this.grip = { viewport, id, handle, from: pixel, before, changed: false };
      return true;
    }
    const found = this.nearest(viewport, pixel, REACH / this.scale(viewport));
    if (!found && !this.selected) return false;
    if (found && this.settle()) return true;
    if (found !== this.selected) this.select(found);
    return false;
  }

  /** The handle of the chosen annotation at a place of the screen; below a lens there is none. */
  private gripAt(viewport: Viewport, at: Point): number | null {
    const chosen = this.selected && this.store.draft(this.selected);
    if (!chosen || chosen.image !== viewport.onScreen!.id || !this.mayDraw) return null;
    if (this.isBelowLens()) return null;
    return handleAt(chosen.geometry, (point) => apply(viewport.matrix!, point), at, REACH);
  }

  private nearest(viewport: Viewport, pixel: Point, near: number): string | null {
    const image = viewport.onScreen!.id;
    const { own, others } = visibleOn(image, this.store, this.shown);
    const annotations = [
      ...own.map((id): [string, Geometry] => [id, this.store.draft(id)!.geometry]),
      ...others.map(({ id, geometry }): [string, Geometry] => [id, geometry]),
    ];
    let best: string | null = null;
    let least = near;
    for (const [id, geometry] of annotations) {
      const away = toLines(geometry, pixel);
      if (away <= least) [best, least] = [id, away];
    }
    return best;
  }

  move(viewport: Viewport, at: Point): boolean {
    if (!viewport.onScreen || !viewport.matrix) return false;
    const pixel = this.pixel(viewport, at);
    if (this.grip) {
      this.pull(pixel);
      return true;
    }
    if (!this.unfinished || this.unfinished.viewport !== viewport) return false;
    this.unfinished.pointer = pixel;
    if (this.pressed) {
      const away = Math.hypot(at[0] - this.pressed.at[0], at[1] - this.pressed.at[1]);
      this.pressed.dragging ||= away > SLOP;
      if (this.pressed.dragging && this.shape === "freehand") this.unfinished.points.push(pixel);
    }
    this.changed.emit();
    return true;
  }

  private pull(pixel: Point): void {
    const grip = this.grip!;
    const draft = this.store.draft(grip.id);
    if (draft?.image !== grip.viewport.onScreen?.id) {
      if (grip.changed) this.store.preview(grip.id, grip.before);
      this.grip = null; // another image is there now
      return;
    }
    const [dx, dy] = [pixel[0] - grip.from[0], pixel[1] - grip.from[1]];
    if (!grip.changed && Math.hypot(dx, dy) * this.scale(grip.viewport) < SLOP) return;
    grip.changed = true;
    const geometry =
      grip.handle === WHOLE
        ? moved(grip.before, dx, dy)
        : withHandle(grip.before, grip.handle, pixel);
    this.store.preview(grip.id, geometry);
    this.changed.emit();
  }

  up(viewport: Viewport, at: Point): boolean {
    const { grip, pressed } = this;
    this.grip = null;
    this.pressed = null;
    if (grip) {
      if (grip.changed) {
        const after = this.store.draft(grip.id)!.geometry;
        this.store.preview(grip.id, grip.before);
        this.store.change(grip.id, { geometry: after });
        this.onChanged();
      }
      return true;
    }
    if (!pressed?.dragging || !this.unfinished || !this.shape || !viewport.matrix)
      return Boolean(pressed);
    // A drag: let go is the last point.
    if (this.shape !== "polygon")
      this.point(viewport, this.pixel(viewport, at), this.shape === "freehand");
    return true;
  }

  /** A double-click ends a polygon or a line of points. Its second click set a point too many. */
  double(viewport: Viewport): void {
    const { unfinished, shape } = this;
    if (unfinished?.viewport !== viewport || !shape || !isManyPoints(shape)) return;
    const [before, last] = unfinished.points.slice(-2);
    const isTwice = before && last && distance(before, last) * this.scale(viewport) < REACH;
    if (isTwice) unfinished.points.pop();
    this.finish();
  }

  // --- Points, however they are given --------------------------------------------------------------

  point(viewport: Viewport, pixel: Point, isLast = false): void {
    const shape = this.shape;
    if (!shape || !viewport.onScreen) return;
    const { unfinished } = this;
    if (
      !unfinished ||
      unfinished.viewport !== viewport ||
      unfinished.image !== viewport.onScreen.id
    ) {
      this.unfinished = { viewport, image: viewport.onScreen.id, points: [pixel], pointer: pixel };
      this.changed.emit();
      return;
    }
    const first = unfinished.points[0]!;
    const closes =
      isManyPoints(shape) &&
      unfinished.points.length >= 3 &&
      distance(pixel, first) * this.scale(viewport) < REACH;
    if (!closes) unfinished.points.push(pixel);
    else if (shape === "freehand") unfinished.points.push(first);
    const isWhole = !isManyPoints(shape) && unfinished.points.length >= pointsOf(shape);
    if (isWhole || closes || isLast) this.finish();
    else this.changed.emit();
  }

  finish(): void {
    const { unfinished, shape } = this;
    if (!unfinished || !shape) return;
    if (unfinished.image !== unfinished.viewport.onScreen?.id) {
      this.unfinished = null; // what was begun on another image is not ended on this one
      this.changed.emit();
      return;
    }
    const geometry = geometryOf(shape, unfinished.points);
    // Too few corners are no mistake yet: the next one is waited for.
    const isWhole = !isManyPoints(shape) && unfinished.points.length >= pointsOf(shape);
    if (geometry || isWhole) this.unfinished = null;
    if (geometry) this.onFinished(unfinished.image, geometry);
    this.changed.emit();
  }

  cancel(): boolean {
    if (this.unfinished) this.unfinished = null;
    else if (this.shape) this.choose(null);
    else if (this.selected) this.select(null);
    else return false;
    this.cross = null;
    this.changed.emit();
    return true;
  }

  // --- Keyboard -----------------------------------------------------------------------------------

  /** Move the cross, or the chosen annotation, by so many pixels. False where there is neither. */
  nudge(viewport: Viewport, dx: number, dy: number): boolean {
    if (this.shape && viewport.onScreen) {
      const { width, height } = viewport.onScreen;
      const [x, y] = this.cross ?? [width / 2, height / 2];
      this.cross = [Math.min(width, Math.max(0, x + dx)), Math.min(height, Math.max(0, y + dy))];
      if (this.unfinished) this.unfinished.pointer = this.cross;
      this.changed.emit();
      return true;
    }
    const draft = this.selected && this.store.draft(this.selected);
    if (!draft || !this.mayDraw || draft.image !== viewport.onScreen?.id) return false;
    if (this.settle()) return true;
    this.store.change(this.selected!, { geometry: moved(draft.geometry, dx, dy) });
    this.onChanged();
    return true;
  }

  /** A shape in the middle of the image, for who would rather type its numbers. */
  putInMiddle(viewport: Viewport): boolean {
    const { shape } = this;
    if (!shape || !viewport.onScreen) return false;
    this.unfinished = null;
    for (const point of pointsInMiddle(shape, viewport.onScreen)) this.point(viewport, point);
    return true;
  }

  /** A point where the cross is. */
  press(viewport: Viewport): boolean {
    if (!this.shape || !viewport.onScreen) return false;
    this.cross ??= [viewport.onScreen.width / 2, viewport.onScreen.height / 2];
    this.point(viewport, this.cross);
    return true;
  }
}
