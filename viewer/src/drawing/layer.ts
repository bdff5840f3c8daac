// Annotations, suspected regions, text near the borders and the unfinished shape, drawn as SVG over a
// viewport in screen coordinates.

import type { AnnotationStore } from "../annotations/store";
import { type Shown, visibleOn } from "../annotations/visible";
import { textOutlines } from "../covering";
import { handlesOf, outlineOf, type Point } from "../geometry";
import { measuresOf, shown } from "../measure";
import { scaleOf } from "../spacing";
import { outlineOfRegion } from "../studies";
import type { Annotation, Geometry } from "../types";
import { apply, type Box } from "../view";
import type { Viewport } from "../viewport";
import { handlePlaces } from "./handles";
import type { DrawingTool } from "./tool";

const SVG = "http://www.w3.org/2000/svg";
// Distinct on gray, also for people who do not see red and green alike. The first is one's own.
const AUTHORS = ["own", "b", "c", "d", "e"];

/** What annotations are drawn on: a viewport, or an image on paper. */
export type Canvas = Pick<Viewport, "onScreen" | "matrix" | "svg" | "box" | "analysis" | "element">;

function svg(tag: string, attributes: Record<string, string | number>, text = ""): SVGElement {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, String(value));
  if (text) element.textContent = text;
  return element;
}

export class AnnotationLayer {
  private readonly authors: number[] = [];
  private captions: Caption[] = []; // of the viewport that is being drawn

  constructor(
    private readonly store: AnnotationStore,
    private readonly drawingTool: DrawingTool,
    private readonly shown: Shown,
  ) {}

  colorOf(annotation: Annotation): string {
    if (annotation.own) return AUTHORS[0]!;
    let at = this.authors.indexOf(annotation.author.id);
    if (at < 0) at = this.authors.push(annotation.author.id) - 1;
    return AUTHORS[1 + (at % (AUTHORS.length - 1))]!;
  }

  draw(viewport: Canvas): void {
    const { onScreen: image, matrix } = viewport;
    viewport.svg.replaceChildren();
    if (!image || !matrix) return;
    const at = (point: Point) => apply(matrix, point);
    const parts: SVGElement[] = [];
    this.captions = [];
    for (const outline of textOutlines(image))
      parts.push(svg("polygon", { class: "vw-text-found", points: outline.map(at).join(" ") }));
    if (this.shown.regions) {
      const regions = viewport.analysis?.regions ?? [];
      regions.forEach((region, n) => {
        const outline = outlineOfRegion(region).map(at);
        parts.push(svg("polygon", { class: "vw-region", points: outline.join(" ") }));
        if (regions.length < 2) return;
        const [x, y] = outline.reduce((top, point) => (point[1] < top[1] ? point : top));
        parts.push(svg("text", { class: "vw-region-number", x, y: y - 6 }, String(n + 1)));
      });
    }
    const visible = visibleOn(image.id, this.store, this.shown);
    for (const other of visible.others) {
      const { id, geometry, label } = other;
      const chosen = this.drawingTool.selected === id;
      const initials = other.author.name
        .split(/\s+/)
        .map((word) => word[0])
        .join("");
      const caption = [initials, label].filter(Boolean).join(" · ");
      const color = this.colorOf(other);
      parts.push(...this.annotation(viewport, id, geometry, color, caption, chosen, false));
    }
    for (const id of visible.own) {
      const draft = this.store.draft(id)!;
      const chosen = this.drawingTool.selected === id;
      parts.push(
        ...this.annotation(viewport, id, draft.geometry, "own", draft.label, chosen, chosen),
      );
    }
    parts.push(...this.unfinishedShape(viewport));
    viewport.svg.append(...parts);
    viewport.svg.dataset.annotations = String(this.store.ids(image.id).length);
  }

  private annotation(
    viewport: Canvas,
    id: string,
    geometry: Geometry,
    color: string,
    caption: string,
    chosen: boolean,
    withHandles: boolean,
  ): SVGElement[] {
    const at = (point: Point) => apply(viewport.matrix!, point);
    const group = svg("g", { class: `vw-annotation vw-by-${color}${chosen ? " vw-chosen" : ""}` });
    group.append(...linesOf(geometry, at));
    const saved = this.store.measurements(id);
    const figures = measuresOf(geometry, scaleOf(viewport.onScreen!), saved).map(shown);
    const words = geometry.shape === "arrow" ? [geometry.text ?? ""] : figures;
    const lines = [caption, ...words].filter(Boolean);
    const [x, y] = captionPlace(handlesOf(geometry).map(at), viewport.box, lines, this.captions);
    const text = svg("text", { x, y, class: "vw-annotation-text" });
    lines.forEach((line, n) => {
      text.append(svg("tspan", { x, dy: n ? "1.2em" : 0 }, line));
    });
    group.append(text);
    if (withHandles) group.append(...handles(geometry, at));
    return [group];
  }

  private unfinishedShape(viewport: Canvas): SVGElement[] {
    const { unfinished, cross, shape } = this.drawingTool;
    const at = (point: Point) => apply(viewport.matrix!, point);
    const parts: SVGElement[] = [];
    if (unfinished?.viewport === viewport && unfinished.image === viewport.onScreen?.id) {
      const points = [...unfinished.points, unfinished.pointer].map(at);
      parts.push(svg("polyline", { class: "vw-unfinished", points: points.join(" ") }));
      for (const [cx, cy] of unfinished.points.length < 60 ? unfinished.points.map(at) : []) {
        parts.push(svg("circle", { cx, cy, r: 3, class: "vw-unfinished" }));
      }
    }
    if (cross && shape && viewport.element.classList.contains("vw-active")) {
      const [x, y] = at(cross);
      parts.push(svg("path", { class: "vw-cross", d: `M${x - 12},${y}h24M${x},${y - 12}v24` }));
    }
    return parts;
  }
}

function handles(geometry: Geometry, at: (point: Point) => Point): SVGElement[] {
  const {
    points,
    whole: [x, y],
  } = handlePlaces(geometry, at);
  const move = svg("g", { class: "vw-move-handle" });
  move.append(
    svg("circle", { cx: x, cy: y, r: 8, class: "vw-handle" }),
    svg("path", { d: `M${x - 5},${y}h10M${x},${y - 5}v10` }),
  );
  return [...points.map(([cx, cy]) => svg("circle", { cx, cy, r: 6, class: "vw-handle" })), move];
}

const LETTER = 7.5; // screen pixels, about
const LINE = 16;

interface Caption extends Box {
  x: number;
  y: number;
}

/** To the right of the shape; to its left where the right has no room; below another caption. */
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
