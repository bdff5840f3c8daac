// Drawing and changing marks: by dragging, by clicking point after point, or with a cross that the
// arrow keys move. The three end in the same call, `finish`.

import {
  distance,
  fromPoints,
  fromTwoPoints,
  handlesOf,
  moved,
  toLines,
  withHandle,
} from "../geometry";
import type { Book } from "../marks/book";
import type { Pane } from "../pane";
import type { Pencil } from "../pointer";
import { Signal } from "../signal";
import type { Geometry, Point, Shape } from "../types";
import { apply, inverse } from "../view";

const SLOP = 4; // screen pixels: below it a press is a click
const REACH = 10; // screen pixels around a line or handle that count as on it
const isManyPoints = (shape: Shape) => shape === "polygon" || shape === "freehand";

interface Draft {
  pane: Pane;
  image: string;
  points: Point[];
  pointer: Point; // where the next point would be
}

interface Grip {
  pane: Pane;
  id: string;
  handle: number; // -1: the whole shape
  from: Point;
  before: Geometry;
  changed: boolean;
}

export class MarkPencil implements Pencil {
  shape: Shape | null = null;
  draft: Draft | null = null;
  cross: Point | null = null; // the keyboard's pen, in pixels of the active image
  selected: string | null = null;
  readonly changed = new Signal();
  mayDraw = false;
  onFinished: (pane: Pane, geometry: Geometry) => void = () => undefined;
  onChanged: () => void = () => undefined;
  private pressed: { at: Point; dragging: boolean } | null = null;
  private grip: Grip | null = null;

  constructor(private readonly book: Book) {}

  choose(shape: Shape | null): void {
    this.draft = null;
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

  private pixel(pane: Pane, at: Point): Point {
    const [x, y] = apply(inverse(pane.matrix!), at);
    const { width, height } = pane.image!;
    return [Math.min(width, Math.max(0, x)), Math.min(height, Math.max(0, y))];
  }

  private scale(pane: Pane): number {
    const { a, b } = pane.matrix!;
    return Math.hypot(a, b);
  }

  // --- Pointer ------------------------------------------------------------------------------------

  down(pane: Pane, at: Point): boolean {
    if (!pane.image || !pane.matrix) return false;
    const pixel = this.pixel(pane, at);
    if (this.shape) {
      this.pressed = { at, dragging: false };
      this.point(pane, pixel);
      return true;
    }
    return this.take(pane, at, pixel);
  }

  private take(pane: Pane, at: Point, pixel: Point): boolean {
    const near = REACH / this.scale(pane);
    const chosen = this.selected && this.book.wish(this.selected);
    if (chosen && chosen.image === pane.image!.id && this.mayDraw) {
      const handle = handlesOf(chosen.geometry).findIndex(
        (one) => Math.hypot(one[0] - pixel[0], one[1] - pixel[1]) <= near,
      );
      if (handle >= 0) {
        this.grip = {
          pane,
          id: this.selected!,
          handle,
          from: pixel,
          before: chosen.geometry,
          changed: false,
        };
        return true;
      }
    }
    const found = this.nearest(pane, pixel, near);
    if (!found) {
      if (this.selected) this.select(null);
      return false;
    }
    this.select(found);
    const wish = this.book.wish(found);
    if (wish && this.mayDraw) {
      this.grip = {
        pane,
        id: found,
        handle: -1,
        from: pixel,
        before: wish.geometry,
        changed: false,
      };
    }
    this.pressed = { at, dragging: false };
    return true;
  }

  private nearest(pane: Pane, pixel: Point, near: number): string | null {
    const image = pane.image!.id;
    const marks: [string, Geometry][] = this.book
      .ids(image)
      .map((id) => [id, this.book.wish(id)!.geometry]);
    const others = this.book.others.filter((mark) => mark.image === image);
    marks.push(...others.map((mark): [string, Geometry] => [mark.id, mark.geometry]));
    let best: string | null = null;
    let least = near;
    for (const [id, geometry] of marks) {
      const away = toLines(geometry, pixel);
      if (away <= least) [best, least] = [id, away];
    }
    return best;
  }

  move(pane: Pane, at: Point): boolean {
    if (!pane.image || !pane.matrix) return false;
    const pixel = this.pixel(pane, at);
    if (this.grip) {
      this.pull(pixel);
      return true;
    }
    if (!this.draft || this.draft.pane !== pane) return false;
    this.draft.pointer = pixel;
    if (this.pressed) {
      const away = Math.hypot(at[0] - this.pressed.at[0], at[1] - this.pressed.at[1]);
      this.pressed.dragging ||= away > SLOP;
      if (this.pressed.dragging && this.shape === "freehand") this.draft.points.push(pixel);
    }
    this.changed.emit();
    return true;
  }

  private pull(pixel: Point): void {
    const grip = this.grip!;
    const [dx, dy] = [pixel[0] - grip.from[0], pixel[1] - grip.from[1]];
    if (!grip.changed && Math.hypot(dx, dy) * this.scale(grip.pane) < SLOP) return;
    grip.changed = true;
    const geometry =
      grip.handle < 0 ? moved(grip.before, dx, dy) : withHandle(grip.before, grip.handle, pixel);
    this.book.preview(grip.id, geometry);
    this.changed.emit();
  }

  up(pane: Pane, at: Point): boolean {
    const { grip, pressed } = this;
    this.grip = null;
    this.pressed = null;
    if (grip) {
      if (grip.changed) {
        const after = this.book.wish(grip.id)!.geometry;
        this.book.preview(grip.id, grip.before);
        this.book.change(grip.id, { geometry: after });
        this.onChanged();
      }
      return true;
    }
    if (!pressed?.dragging || !this.draft || !this.shape || !pane.matrix) return Boolean(pressed);
    // A drag: let go is the last point.
    if (this.shape !== "polygon") this.point(pane, this.pixel(pane, at), this.shape === "freehand");
    return true;
  }

  /** A double-click ends a polygon or a line of points. Its second click set a point too many. */
  double(pane: Pane): void {
    const { draft, shape } = this;
    if (draft?.pane !== pane || !shape || !isManyPoints(shape)) return;
    const [before, last] = draft.points.slice(-2);
    const isTwice = before && last && distance(before, last) * this.scale(pane) < REACH;
    if (isTwice) draft.points.pop();
    this.finish();
  }

  // --- Points, however they are given --------------------------------------------------------------

  point(pane: Pane, pixel: Point, isLast = false): void {
    const shape = this.shape;
    if (!shape || !pane.image) return;
    const { draft } = this;
    if (!draft || draft.pane !== pane || draft.image !== pane.image.id) {
      this.draft = { pane, image: pane.image.id, points: [pixel], pointer: pixel };
      this.changed.emit();
      return;
    }
    const first = draft.points[0]!;
    const closes =
      isManyPoints(shape) &&
      draft.points.length >= 3 &&
      distance(pixel, first) * this.scale(pane) < REACH;
    if (!closes) draft.points.push(pixel);
    else if (shape === "freehand") draft.points.push(first);
    if (!isManyPoints(shape) || closes || isLast) this.finish();
    else this.changed.emit();
  }

  finish(): void {
    const { draft, shape } = this;
    if (!draft || !shape) return;
    const geometry = isManyPoints(shape)
      ? fromPoints(shape as "polygon" | "freehand", draft.points)
      : draft.points[1]
        ? fromTwoPoints(shape, draft.points[0]!, draft.points[1])
        : null;
    // Too few corners are no mistake yet: the next one is waited for.
    if (geometry || !isManyPoints(shape)) this.draft = null;
    if (geometry) this.onFinished(draft.pane, geometry);
    this.changed.emit();
  }

  cancel(): boolean {
    if (this.draft) this.draft = null;
    else if (this.shape) this.choose(null);
    else if (this.selected) this.select(null);
    else return false;
    this.cross = null;
    this.changed.emit();
    return true;
  }

  // --- Keyboard -----------------------------------------------------------------------------------

  /** Move the cross, or the chosen mark, by so many pixels. False where there is neither. */
  nudge(pane: Pane, dx: number, dy: number): boolean {
    if (this.shape && pane.image) {
      const { width, height } = pane.image;
      const [x, y] = this.cross ?? [width / 2, height / 2];
      this.cross = [Math.min(width, Math.max(0, x + dx)), Math.min(height, Math.max(0, y + dy))];
      if (this.draft) this.draft.pointer = this.cross;
      this.changed.emit();
      return true;
    }
    const wish = this.selected && this.book.wish(this.selected);
    if (!wish || !this.mayDraw || wish.image !== pane.image?.id) return false;
    this.book.change(this.selected!, { geometry: moved(wish.geometry, dx, dy) });
    this.onChanged();
    return true;
  }

  /** A shape in the middle of the image, for who would rather type its numbers. */
  putInMiddle(pane: Pane): boolean {
    const { shape } = this;
    if (!shape || !pane.image) return false;
    const { width, height } = pane.image;
    const [left, top, right, bottom] = [width * 0.4, height * 0.4, width * 0.6, height * 0.6];
    const corners: Point[] = [
      [left, top],
      [right, top],
      [right, bottom],
      [left, bottom],
    ];
    this.draft = null;
    const points = isManyPoints(shape) ? [...corners, corners[0]!] : [corners[0]!, corners[2]!];
    for (const point of points) this.point(pane, point);
    return true;
  }

  /** A point where the cross is. */
  press(pane: Pane): boolean {
    if (!this.shape || !pane.image) return false;
    this.cross ??= [pane.image.width / 2, pane.image.height / 2];
    this.point(pane, this.cross);
    return true;
  }
}
