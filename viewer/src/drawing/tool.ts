// Drawing and changing annotations: by dragging, by clicking point after point, or with a cross that
// the arrow keys move. The three end in the same call, `finish`.

import type { AnnotationStore } from "../annotations/store";
import {
  distance,
  fromPoints,
  fromTwoPoints,
  handlesOf,
  moved,
  type Point,
  type Shape,
  toLines,
  withHandle,
} from "../geometry";
import type { GestureTarget } from "../pointer";
import { Signal } from "../signal";
import type { Geometry } from "../types";
import { apply, inverse } from "../view";
import type { Viewport } from "../viewport";

const SLOP = 4; // screen pixels: below it a press is a click
const REACH = 10; // screen pixels around a line or handle that count as on it
const isManyPoints = (shape: Shape) => shape === "polygon" || shape === "freehand";

interface UnfinishedShape {
  viewport: Viewport;
  image: string;
  points: Point[];
  pointer: Point; // where the next point would be
}

interface Grip {
  viewport: Viewport;
  id: string;
  handle: number; // -1: the whole shape
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
  onFinished: (viewport: Viewport, geometry: Geometry) => void = () => undefined;
  onChanged: () => void = () => undefined;
  private pressed: { at: Point; dragging: boolean } | null = null;
  private grip: Grip | null = null;

  constructor(private readonly store: AnnotationStore) {}

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
    const { width, height } = viewport.image!;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  private scale(viewport: Viewport): number {
    const { a, b } = viewport.matrix!;
    return Math.hypot(a, b);
  }

  // --- Pointer ------------------------------------------------------------------------------------

  down(viewport: Viewport, at: Point): boolean {
    if (!viewport.image || !viewport.matrix) return false;
    const pixel = this.pixel(viewport, at);
    if (this.shape) {
      this.pressed = { at, dragging: false };
      this.point(viewport, pixel);
      return true;
    }
    return this.take(viewport, at, pixel);
  }

  private take(viewport: Viewport, at: Point, pixel: Point): boolean {
    const near = REACH / this.scale(viewport);
    const chosen = this.selected && this.store.draft(this.selected);
    if (chosen && chosen.image === viewport.image!.id && this.mayDraw) {
      const handle = handlesOf(chosen.geometry).findIndex(
        (one) => Math.hypot(one[0] - pixel[0], one[1] - pixel[1]) <= near,
      );
      if (handle >= 0) {
        this.grip = {
          viewport,
          id: this.selected!,
          handle,
          from: pixel,
          before: chosen.geometry,
          changed: false,
        };
        return true;
      }
    }
    const found = this.nearest(viewport, pixel, near);
    if (!found) {
      if (this.selected) this.select(null);
      return false;
    }
    this.select(found);
    const draft = this.store.draft(found);
    if (draft && this.mayDraw) {
      this.grip = {
        viewport,
        id: found,
        handle: -1,
        from: pixel,
        before: draft.geometry,
        changed: false,
      };
    }
    this.pressed = { at, dragging: false };
    return true;
  }

  private nearest(viewport: Viewport, pixel: Point, near: number): string | null {
    const image = viewport.image!.id;
    const annotations: [string, Geometry][] = this.store
      .ids(image)
      .map((id) => [id, this.store.draft(id)!.geometry]);
    const others = this.store.others.filter((annotation) => annotation.image === image);
    annotations.push(
      ...others.map((annotation): [string, Geometry] => [annotation.id, annotation.geometry]),
    );
    let best: string | null = null;
    let least = near;
    for (const [id, geometry] of annotations) {
      const away = toLines(geometry, pixel);
      if (away <= least) [best, least] = [id, away];
    }
    return best;
  }

  move(viewport: Viewport, at: Point): boolean {
    if (!viewport.image || !viewport.matrix) return false;
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
    const [dx, dy] = [pixel[0] - grip.from[0], pixel[1] - grip.from[1]];
    if (!grip.changed && Math.hypot(dx, dy) * this.scale(grip.viewport) < SLOP) return;
    grip.changed = true;
    const geometry =
      grip.handle < 0 ? moved(grip.before, dx, dy) : withHandle(grip.before, grip.handle, pixel);
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
    if (!shape || !viewport.image) return;
    const { unfinished } = this;
    if (!unfinished || unfinished.viewport !== viewport || unfinished.image !== viewport.image.id) {
      this.unfinished = { viewport, image: viewport.image.id, points: [pixel], pointer: pixel };
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
    if (!isManyPoints(shape) || closes || isLast) this.finish();
    else this.changed.emit();
  }

  finish(): void {
    const { unfinished, shape } = this;
    if (!unfinished || !shape) return;
    const geometry = isManyPoints(shape)
      ? fromPoints(shape as "polygon" | "freehand", unfinished.points)
      : unfinished.points[1]
        ? fromTwoPoints(shape, unfinished.points[0]!, unfinished.points[1])
        : null;
    // Too few corners are no mistake yet: the next one is waited for.
    if (geometry || !isManyPoints(shape)) this.unfinished = null;
    if (geometry) this.onFinished(unfinished.viewport, geometry);
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
    if (this.shape && viewport.image) {
      const { width, height } = viewport.image;
      const [x, y] = this.cross ?? [width / 2, height / 2];
      this.cross = [Math.min(width, Math.max(0, x + dx)), Math.min(height, Math.max(0, y + dy))];
      if (this.unfinished) this.unfinished.pointer = this.cross;
      this.changed.emit();
      return true;
    }
    const draft = this.selected && this.store.draft(this.selected);
    if (!draft || !this.mayDraw || draft.image !== viewport.image?.id) return false;
    this.store.change(this.selected!, { geometry: moved(draft.geometry, dx, dy) });
    this.onChanged();
    return true;
  }

  /** A shape in the middle of the image, for who would rather type its numbers. */
  putInMiddle(viewport: Viewport): boolean {
    const { shape } = this;
    if (!shape || !viewport.image) return false;
    const { width, height } = viewport.image;
    const [left, top, right, bottom] = [width * 0.4, height * 0.4, width * 0.6, height * 0.6];
    const corners: Point[] = [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
    this.unfinished = null;
    const points = isManyPoints(shape) ? [...corners, corners[0]!] : [corners[0]!, corners[2]!];
    for (const point of points) this.point(viewport, point);
    return true;
  }

  /** A point where the cross is. */
  press(viewport: Viewport): boolean {
    if (!this.shape || !viewport.image) return false;
    this.cross ??= [viewport.image.width / 2, viewport.image.height / 2];
    this.point(viewport, this.cross);
    return true;
  }
}
