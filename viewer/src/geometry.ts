// Shapes in pixel coordinates: their points, moving them, what lies inside. Pure.

import type { Geometry } from "./types";

/** In pixels of the image: (0, 0) is the upper left corner of the first pixel. */
export type Point = readonly [number, number];

export type Shape = Geometry["shape"];

export const SHAPE_NAMES: Record<Shape, string> = {
  rectangle: "Rectangle",
  ellipse: "Ellipse",
  polygon: "Polygon",
  freehand: "Freehand",
  arrow: "Arrow",
  length: "Length",
  bidirectional: "Bidirectional",
  angle: "Angle",
};

const rounded = (value: number) => Math.round(value * 1000) / 1000;
const at = (x: number, y: number): Point => [rounded(x), rounded(y)];
export const distance = ([x, y]: Point, [u, v]: Point) => Math.hypot(x - u, y - v);

export function turnedAbout([x, y]: Point, [cx, cy]: Point, degrees: number): Point {
  const angle = (degrees * Math.PI) / 180;
  const [dx, dy] = [x - cx, y - cy];
  return [
    cx + dx * Math.cos(angle) - dy * Math.sin(angle),
    cy + dx * Math.sin(angle) + dy * Math.cos(angle),
  ];
}

export function centerOf(geometry: Geometry): Point {
  if (geometry.shape === "ellipse") return [geometry.cx, geometry.cy];
  if (geometry.shape === "rectangle") {
    return [geometry.x + geometry.width / 2, geometry.y + geometry.height / 2];
  }
  const points = handlesOf(geometry);
  const sum = points.reduce(([x, y], [u, v]) => [x + u, y + v] as Point, [0, 0] as Point);
  return [sum[0] / points.length, sum[1] / points.length];
}

/** The points that a reader can take hold of; `withHandle` moves one of them. */
export function handlesOf(geometry: Geometry): Point[] {
  switch (geometry.shape) {
    case "rectangle": {
      const { x, y, width, height, rotation = 0 } = geometry;
      const corners: Point[] = [
        [x, y],
        [x + width, y],
        [x + width, y + height],
        [x, y + height],
      ];
      return corners.map((corner) => turnedAbout(corner, centerOf(geometry), rotation));
    }
    case "ellipse": {
      const { cx, cy, rx, ry, rotation = 0 } = geometry;
      const ends: Point[] = [
        [cx + rx, cy],
        [cx, cy + ry],
        [cx - rx, cy],
        [cx, cy - ry],
      ];
      return ends.map((end) => turnedAbout(end, [cx, cy], rotation));
    }
    case "polygon":
    case "freehand":
      return geometry.points;
    case "arrow":
      return [geometry.tail, geometry.head];
    case "length":
      return [geometry.start, geometry.end];
    case "bidirectional":
      return [...geometry.long, ...geometry.short];
    case "angle":
      return [geometry.start, geometry.vertex, geometry.end];
  }
}

export function withHandle(geometry: Geometry, index: number, to: Point): Geometry {
  switch (geometry.shape) {
    case "rectangle": {
      const rotation = geometry.rotation ?? 0;
      const fixed = handlesOf(geometry)[(index + 2) % 4]!;
      const middle: Point = [(fixed[0] + to[0]) / 2, (fixed[1] + to[1]) / 2];
      const [p, q] = [turnedAbout(fixed, middle, -rotation), turnedAbout(to, middle, -rotation)];
      return { ...fromCorners(p, q), rotation };
    }
    case "ellipse": {
      const own = turnedAbout(to, [geometry.cx, geometry.cy], -(geometry.rotation ?? 0));
      return index % 2 === 0
        ? { ...geometry, rx: Math.max(0.5, rounded(Math.abs(own[0] - geometry.cx))) }
        : { ...geometry, ry: Math.max(0.5, rounded(Math.abs(own[1] - geometry.cy))) };
    }
    case "polygon":
    case "freehand": {
      const points = geometry.points.map((point, n) => (n === index ? at(...to) : point));
      return { ...geometry, points };
    }
    case "arrow":
      return index === 0 ? { ...geometry, tail: at(...to) } : { ...geometry, head: at(...to) };
    case "length":
      return index === 0 ? { ...geometry, start: at(...to) } : { ...geometry, end: at(...to) };
    case "bidirectional": {
      const points = [...geometry.long, ...geometry.short].map((point, n) =>
        n === index ? at(...to) : point,
      ) as [Point, Point, Point, Point];
      return orderedDiameters([points[0], points[1]], [points[2], points[3]]);
    }
    case "angle":
      return { ...geometry, [(["start", "vertex", "end"] as const)[index]!]: at(...to) };
  }
}

/** The longer one is the long one, whichever the reader pulled. */
export function orderedDiameters(one: [Point, Point], other: [Point, Point]): Geometry {
  const isOrdered = distance(...one) >= distance(...other);
  const [long, short] = isOrdered ? [one, other] : [other, one];
  return { shape: "bidirectional", long, short };
}

export function fromCorners(
  [x, y]: Point,
  [u, v]: Point,
): Extract<Geometry, { shape: "rectangle" }> {
  return {
    shape: "rectangle",
    x: rounded(Math.min(x, u)),
    y: rounded(Math.min(y, v)),
    width: Math.max(0.5, rounded(Math.abs(u - x))),
    height: Math.max(0.5, rounded(Math.abs(v - y))),
  };
}

/** Two points make every shape but polygon, freehand and angle. */
export function fromTwoPoints(shape: Shape, p: Point, q: Point): Geometry | null {
  if (distance(p, q) < 1) return null;
  const box = fromCorners(p, q);
  switch (shape) {
    case "rectangle":
      return box;
    case "ellipse":
      return {
        shape: "ellipse",
        cx: rounded(box.x + box.width / 2),
        cy: rounded(box.y + box.height / 2),
        rx: rounded(box.width / 2),
        ry: rounded(box.height / 2),
      };
    case "arrow":
      return { shape: "arrow", tail: at(...p), head: at(...q), text: "" };
    case "length":
      return { shape: "length", start: at(...p), end: at(...q) };
    case "bidirectional": {
      // A first short diameter, half as long and across the middle: the reader pulls its ends.
      const middle: Point = [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2];
      const [dx, dy] = [(q[0] - p[0]) / 4, (q[1] - p[1]) / 4];
      return {
        shape: "bidirectional",
        long: [at(...p), at(...q)],
        short: [at(middle[0] + dy, middle[1] - dx), at(middle[0] - dy, middle[1] + dx)],
      };
    }
    default:
      return null;
  }
}

/** The vertex is the second of the three. */
export function fromThreePoints(start: Point, vertex: Point, end: Point): Geometry | null {
  if (distance(start, vertex) < 1 || distance(vertex, end) < 1) return null;
  return { shape: "angle", start: at(...start), vertex: at(...vertex), end: at(...end) };
}

export function fromPoints(shape: "polygon" | "freehand", points: Point[]): Geometry | null {
  const kept = points.filter((point, n) => n === 0 || distance(point, points[n - 1]!) > 0.2);
  const exact = kept.map((point) => at(...point));
  if (shape === "polygon") return exact.length >= 3 ? { shape, points: exact.slice(0, 500) } : null;
  if (exact.length < 2) return null;
  const closed =
    exact.length >= 3 && distance(exact[0]!, exact.at(-1)!) < Math.max(6, 0.1 * pathLength(exact));
  // The outline closes by itself: the first point is not written twice.
  if (closed && exact.length > 3 && distance(exact[0]!, exact.at(-1)!) < 0.5) exact.pop();
  return { shape, points: thinned(exact, 2000), closed };
}

function thinned(points: Point[], most: number): Point[] {
  const step = Math.ceil(points.length / most);
  return points.filter((_, n) => n % step === 0);
}

const pathLength = (points: Point[]) =>
  points.slice(1).reduce((sum, point, n) => sum + distance(point, points[n]!), 0);

export function moved(geometry: Geometry, dx: number, dy: number): Geometry {
  const shift = ([x, y]: Point): Point => at(x + dx, y + dy);
  switch (geometry.shape) {
    case "rectangle":
      return { ...geometry, x: rounded(geometry.x + dx), y: rounded(geometry.y + dy) };
    case "ellipse":
      return { ...geometry, cx: rounded(geometry.cx + dx), cy: rounded(geometry.cy + dy) };
    case "polygon":
    case "freehand":
      return { ...geometry, points: geometry.points.map(shift) };
    case "arrow":
      return { ...geometry, tail: shift(geometry.tail), head: shift(geometry.head) };
    case "length":
      return { ...geometry, start: shift(geometry.start), end: shift(geometry.end) };
    case "bidirectional":
      return {
        ...geometry,
        long: [shift(geometry.long[0]), shift(geometry.long[1])],
        short: [shift(geometry.short[0]), shift(geometry.short[1])],
      };
    case "angle":
      return {
        ...geometry,
        start: shift(geometry.start),
        vertex: shift(geometry.vertex),
        end: shift(geometry.end),
      };
  }
}

/** The upright rectangle around points. */
export function frameOf(points: Point[]) {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

/** An outline moved and stretched into another frame. */
export function framed(
  geometry: Extract<Geometry, { points: Point[] }>,
  to: ReturnType<typeof frameOf>,
): Geometry {
  const from = frameOf(geometry.points);
  const stretch = (after: number, before: number) => (before ? Math.max(0.5, after) / before : 1); // a line has no breadth to stretch
  const [across, down] = [stretch(to.width, from.width), stretch(to.height, from.height)];
  const points = geometry.points.map(([x, y]) =>
    at(to.x + (x - from.x) * across, to.y + (y - from.y) * down),
  );
  return { ...geometry, points };
}

/** The outline as points, closed or not; an ellipse as 72 of them. */
export function outlineOf(geometry: Geometry): { points: Point[]; closed: boolean } {
  if (geometry.shape === "ellipse") {
    const { cx, cy, rx, ry, rotation = 0 } = geometry;
    const points = Array.from({ length: 72 }, (_, n): Point => {
      const angle = (n * Math.PI) / 36;
      const own: Point = [cx + rx * Math.cos(angle), cy + ry * Math.sin(angle)];
      return turnedAbout(own, [cx, cy], rotation);
    });
    return { points, closed: true };
  }
  const closed =
    geometry.shape === "rectangle" ||
    geometry.shape === "polygon" ||
    (geometry.shape === "freehand" && geometry.closed !== false);
  return { points: handlesOf(geometry), closed };
}

export function contains(points: Point[], [x, y]: Point): boolean {
  let inside = false;
  points.forEach(([px, py], n) => {
    const [qx, qy] = points[(n + 1) % points.length]!;
    if (py > y !== qy > y && x < ((qx - px) * (y - py)) / (qy - py) + px) inside = !inside;
  });
  return inside;
}

function toSegment([x, y]: Point, [px, py]: Point, [qx, qy]: Point): number {
  const length = (qx - px) ** 2 + (qy - py) ** 2;
  const along = length
    ? Math.max(0, Math.min(1, ((x - px) * (qx - px) + (y - py) * (qy - py)) / length))
    : 0;
  return Math.hypot(x - px - along * (qx - px), y - py - along * (qy - py));
}

/** How far a point is from the drawn lines of a shape, in pixels. */
export function toLines(geometry: Geometry, point: Point): number {
  if (geometry.shape === "bidirectional") {
    return Math.min(toSegment(point, ...geometry.long), toSegment(point, ...geometry.short));
  }
  const { points, closed } = outlineOf(geometry);
  const last = closed ? points.length : points.length - 1;
  let nearest = Number.POSITIVE_INFINITY;
  for (let n = 0; n < last; n += 1) {
    nearest = Math.min(nearest, toSegment(point, points[n]!, points[(n + 1) % points.length]!));
  }
  return nearest;
}
