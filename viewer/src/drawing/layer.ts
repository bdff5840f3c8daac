// Marks, suspected regions and the draft, drawn as SVG over a pane in screen coordinates.

import { handlesOf, outlineOf } from "../geometry";
import type { Book } from "../marks/book";
import { measuresOf, shown } from "../measure";
import type { Pane } from "../pane";
import { outlineOfRegion } from "../studies";
import type { Annotation, Geometry, Point } from "../types";
import { apply, type Box } from "../view";
import type { MarkPencil } from "./pencil";

const SVG = "http://www.w3.org/2000/svg";
// Told apart on gray, also by people who do not see red and green alike. The first is one's own.
const AUTHORS = ["own", "b", "c", "d", "e"];

export interface Shown {
  own: boolean;
  others: boolean;
  regions: boolean;
}

function svg(tag: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text) element.textContent = text;
  return element;
}

export class MarkLayer {
  private readonly authors: number[] = [];
  private captions: Caption[] = []; // of the pane that is being drawn

  constructor(
    private readonly book: Book,
    private readonly pencil: MarkPencil,
    private readonly shown: Shown,
  ) {}

  colorOf(mark: Annotation): string {
    if (mark.own) return AUTHORS[0]!;
    let at = this.authors.indexOf(mark.author.id);
    if (at < 0) at = this.authors.push(mark.author.id) - 1;
    return AUTHORS[1 + (at % (AUTHORS.length - 1))]!;
  }

  draw(pane: Pane): void {
    const { image, matrix } = pane;
    pane.svg.replaceChildren();
    if (!image || !matrix) return;
    const at = (point: Point) => apply(matrix, point);
    const parts: SVGElement[] = [];
    this.captions = [];
    if (this.shown.regions) {
      const regions = pane.analysis?.regions ?? [];
      regions.forEach((region, n) => {
        const outline = outlineOfRegion(region).map(at);
        parts.push(svg("polygon", { class: "vw-region", points: outline.join(" ") }));
        if (regions.length < 2) return;
        const [x, y] = outline.reduce((top, point) => (point[1] < top[1] ? point : top));
        parts.push(svg("text", { class: "vw-region-number", x, y: y - 6 }, String(n + 1)));
      });
    }
    if (this.shown.others) {
      for (const mark of this.book.others.filter((one) => one.image === image.id)) {
        const chosen = this.pencil.selected === mark.id;
        const initials = mark.author.name
          .split(/\s+/)
          .map((word) => word[0])
          .join("");
        const caption = [initials, mark.label].filter(Boolean).join(" · ");
        const color = this.colorOf(mark);
        parts.push(...this.mark(pane, mark.id, mark.geometry, color, caption, chosen, false));
      }
    }
    if (this.shown.own) {
      for (const id of this.book.ids(image.id)) {
        const wish = this.book.wish(id)!;
        const chosen = this.pencil.selected === id;
        parts.push(...this.mark(pane, id, wish.geometry, "own", wish.label, chosen, chosen));
      }
    }
    parts.push(...this.draft(pane));
    pane.svg.append(...parts);
    pane.svg.dataset.marks = String(this.book.ids(image.id).length);
  }

  private mark(
    pane: Pane,
    id: string,
    geometry: Geometry,
    color: string,
    caption: string,
    chosen: boolean,
    withHandles: boolean,
  ): SVGElement[] {
    const at = (point: Point) => apply(pane.matrix!, point);
    const group = svg("g", { class: `vw-mark vw-by-${color}${chosen ? " vw-chosen" : ""}` });
    group.append(...linesOf(geometry, at));
    const saved = this.book.measurements(id);
    const figures = measuresOf(geometry, pane.image!.pixel_spacing, saved).map(shown);
    const words = geometry.shape === "arrow" ? [geometry.text ?? ""] : figures;
    const lines = [caption, ...words].filter(Boolean);
    const [x, y] = captionPlace(handlesOf(geometry).map(at), pane.box, lines, this.captions);
    const text = svg("text", { x, y, class: "vw-mark-text" });
    lines.forEach((line, n) => {
      text.append(svg("tspan", { x, dy: n ? "1.2em" : 0 }, line));
    });
    group.append(text);
    const handles = withHandles && handlesOf(geometry).length <= 60 ? handlesOf(geometry) : [];
    for (const [cx, cy] of handles.map(at))
      group.append(svg("circle", { cx, cy, r: 6, class: "vw-handle" }));
    return [group];
  }

  private draft(pane: Pane): SVGElement[] {
    const { draft, cross, shape } = this.pencil;
    const at = (point: Point) => apply(pane.matrix!, point);
    const parts: SVGElement[] = [];
    if (draft?.pane === pane && draft.image === pane.image?.id) {
      const points = [...draft.points, draft.pointer].map(at);
      parts.push(svg("polyline", { class: "vw-draft", points: points.join(" ") }));
      for (const [cx, cy] of draft.points.length < 60 ? draft.points.map(at) : []) {
        parts.push(svg("circle", { cx, cy, r: 3, class: "vw-draft" }));
      }
    }
    if (cross && shape && pane.element.classList.contains("vw-active")) {
      const [x, y] = at(cross);
      parts.push(svg("path", { class: "vw-cross", d: `M${x - 12},${y}h24M${x},${y - 12}v24` }));
    }
    return parts;
  }
}

const LETTER = 7.5; // screen pixels, about
const LINE = 16;

interface Caption extends Box {
  x: number;
  y: number;
}

/** To the right of the mark; to its left where the right has no room; below another caption. */
export function captionPlace(
  points: Point[],
  box: Box,
  lines: string[],
  captions: Caption[],
): Point {
  const width = Math.max(0, ...lines.map((line) => line.length)) * LETTER;
  const right = points.reduce((most, point) => (point[0] > most[0] ? point : most));
  const left = points.reduce((most, point) => (point[0] < most[0] ? point : most));
  const fits = right[0] + 8 + width <= box.width || left[0] - 8 - width < 0;
  const [x, y] = fits ? [right[0] + 8, right[1] + 4] : [left[0] - 8 - width, left[1] + 4];
  const height = lines.length * LINE;
  const place = {
    x: Math.max(4, Math.min(x, box.width - width - 4)),
    y: Math.min(Math.max(3 * LINE, y), box.height - height),
    width,
    height,
  };
  // From the top down, so that one look at each is enough.
  for (const other of captions.sort((one, next) => one.y - next.y)) {
    if (overlap(place, other) && other.y + other.height + height <= box.height)
      place.y = other.y + other.height;
  }
  if (lines.length) captions.push(place);
  return [place.x, place.y];
}

function overlap(one: Caption, other: Caption): boolean {
  return (
    one.x < other.x + other.width &&
    other.x < one.x + one.width &&
    one.y < other.y + other.height &&
    other.y < one.y + one.height
  );
}

function linesOf(geometry: Geometry, at: (point: Point) => Point): SVGElement[] {
  const line = (p: Point, q: Point) => {
    const [[x1, y1], [x2, y2]] = [at(p), at(q)];
    return svg("line", { x1, y1, x2, y2 });
  };
  switch (geometry.shape) {
    case "length":
      return [line(geometry.start, geometry.end)];
    case "bidirectional":
      return [line(...geometry.long), line(...geometry.short)];
    case "arrow": {
      const [tail, head] = [at(geometry.tail), at(geometry.head)];
      const angle = Math.atan2(head[1] - tail[1], head[0] - tail[0]);
      const barb = (turn: number): Point => [
        head[0] - 12 * Math.cos(angle + turn),
        head[1] - 12 * Math.sin(angle + turn),
      ];
      const points = [barb(0.45), head, barb(-0.45)].join(" ");
      return [line(geometry.tail, geometry.head), svg("polyline", { points, fill: "none" })];
    }
    default: {
      const { points, closed } = outlineOf(geometry);
      return [
        svg(closed ? "polygon" : "polyline", { points: points.map(at).join(" "), fill: "none" }),
      ];
    }
  }
}
