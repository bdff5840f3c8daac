// What a shape measures. Millimeters only where the image says how large its pixels are.
//
// While a hand draws, these figures keep up with it; once a shape is saved, those of the server are
// shown, which reports and exports give as well.

import type { Frame } from "./frames";
import { contains, distance, outlineOf, type Point } from "./geometry";
import type { Scale } from "./spacing";
import type { Annotation, Geometry } from "./types";

/** "Width x height 40 x 20 mm": what a shape's size is called, and its numbers. */
export interface Measure {
  name: string;
  values: number[];
  unit: string;
  /** In millimeters of a manual calibration. */
  manual?: boolean;
}

type Spacing = Scale | null;
type Measured = Annotation["measurements"]["px"];

const SIZES: Partial<Record<Geometry["shape"], [string, (keyof Measured)[]]>> = {
  rectangle: ["Width x height", ["width", "height"]],
  ellipse: ["Axes", ["long_axis", "short_axis"]],
  bidirectional: ["Bidirectional", ["long_diameter", "short_diameter"]],
  polygon: ["Longest diameter", ["long_diameter"]],
  freehand: ["Longest diameter", ["long_diameter"]],
};

export function savedMeasures(geometry: Geometry, saved: Annotation["measurements"]): Measure[] {
  const [given, unit] = saved.mm ? [saved.mm, "mm"] : [saved.px, "px"];
  const manual = saved.scale === "manual";
  const measure = (name: string, values: (number | null | undefined)[], unit: string) =>
    values.every((value) => typeof value === "number")
      ? [{ name, values, unit, ...(manual && { manual }) } as Measure]
      : [];
  if (geometry.shape === "angle") {
    const { angle } = saved.mm ?? saved.px; // no millimeters: nothing manual about it
    return typeof angle === "number" ? [{ name: "Angle", values: [angle], unit: "°" }] : [];
  }
  const [name, members] = SIZES[geometry.shape] ?? ["", []];
  return [
    ...measure("Length", [given.length], unit),
    ...(name
      ? measure(
          name,
          members.map((one) => given[one]),
          unit,
        )
      : []),
    ...measure("Area", [given.area], `${unit}²`),
  ];
}

export function measuresOf(
  geometry: Geometry,
  spacing: Spacing,
  saved: Annotation["measurements"] | null = null,
): Measure[] {
  if (saved) return savedMeasures(geometry, saved);
  const drawn = drawnMeasures(geometry, spacing);
  const isManual = spacing?.manual && geometry.shape !== "angle";
  return isManual ? drawn.map((one) => ({ ...one, manual: true })) : drawn;
}

function drawnMeasures(geometry: Geometry, spacing: Spacing): Measure[] {
  const unit = spacing ? "mm" : "px";
  const scaled = ([x, y]: Point): Point =>
    spacing ? [x * spacing.column, y * spacing.row] : [x, y];
  const between = (p: Point, q: Point) => distance(scaled(p), scaled(q));
  const size = (...values: number[]): Measure => ({
    name: SIZES[geometry.shape]![0],
    values,
    unit,
  });
  if (geometry.shape === "arrow") return [];
  if (geometry.shape === "angle") {
    const [[ax, ay], [x, y], [bx, by]] = [geometry.start, geometry.vertex, geometry.end].map(
      scaled,
    ) as [Point, Point, Point];
    const [ux, uy, vx, vy] = [ax - x, ay - y, bx - x, by - y];
    const turn = Math.atan2(Math.abs(ux * vy - uy * vx), ux * vx + uy * vy);
    return [{ name: "Angle", values: [(turn * 180) / Math.PI], unit: "°" }];
  }
  if (geometry.shape === "length") {
    return [{ name: "Length", values: [between(geometry.start, geometry.end)], unit }];
  }
  if (geometry.shape === "bidirectional") {
    const lengths = [between(...geometry.long), between(...geometry.short)].sort((a, b) => b - a);
    return [size(...lengths)];
  }
  const { points, closed } = outlineOf(geometry);
  const outline = points.map(scaled);
  if (!closed) {
    const length = outline.slice(1).reduce((sum, p, n) => sum + distance(p, outline[n]!), 0);
    return [{ name: "Length", values: [length], unit }];
  }
  const area = (value: number): Measure => ({ name: "Area", values: [value], unit: `${unit}²` });
  if (geometry.shape === "rectangle") {
    const sides = [distance(outline[0]!, outline[1]!), distance(outline[1]!, outline[2]!)];
    return [size(...sides), area(shoelace(outline))];
  }
  if (geometry.shape === "ellipse") {
    const [long, short] = axesOf(geometry, spacing);
    return [size(long, short), area((Math.PI / 4) * long * short)];
  }
  const crosses = geometry.shape === "freehand" && crossesItself(outline);
  return [size(longest(outline)), ...(crosses ? [] : [area(shoelace(outline))])];
}

/** The axes after scaling: the singular values of what maps the unit circle onto the ellipse. */
function axesOf(
  { rx, ry, rotation = 0 }: Extract<Geometry, { shape: "ellipse" }>,
  spacing: Spacing,
): [number, number] {
  const angle = (rotation * Math.PI) / 180;
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const [across, down] = [spacing?.column ?? 1, spacing?.row ?? 1];
  const [a, b, c, d] = [across * cos * rx, -across * sin * ry, down * sin * rx, down * cos * ry];
  const sum = a * a + b * b + c * c + d * d;
  const root = Math.sqrt(Math.max(0, sum * sum - 4 * (a * d - b * c) ** 2));
  return [2 * Math.sqrt((sum + root) / 2), 2 * Math.sqrt(Math.max(0, (sum - root) / 2))];
}

function shoelace(points: Point[]): number {
  return Math.abs(
    points.reduce((sum, [x, y], n) => {
      const [u, v] = points[(n + 1) % points.length]!;
      return sum + (x * v - u * y) / 2;
    }, 0),
  );
}

function longest(points: Point[]): number {
  const some =
    points.length > 400
      ? points.filter((_, n) => n % Math.ceil(points.length / 400) === 0)
      : points;
  let most = 0;
  for (const p of some) for (const q of some) most = Math.max(most, distance(p, q));
  return most;
}

export function crossesItself(points: Point[]): boolean {
  const side = (p: Point, q: Point, r: Point) =>
    Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  const count = points.length;
  for (let n = 0; n < count; n += 1) {
    for (let m = n + 2; m < count; m += 1) {
      if (n === 0 && m === count - 1) continue;
      const [p, q] = [points[n]!, points[(n + 1) % count]!];
      const [r, s] = [points[m]!, points[(m + 1) % count]!];
      if (side(p, q, r) * side(p, q, s) < 0 && side(r, s, p) * side(r, s, q) < 0) return true;
    }
  }
  return false;
}

/** Mean and deviation of the values whose pixel centers lie inside; null for lines. */
export function valuesInside(
  geometry: Geometry,
  frame: Frame,
): { mean: number; deviation: number; count: number } | null {
  const { points, closed } = outlineOf(geometry);
  if (!closed) return null;
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [left, right] = [
    Math.max(0, Math.floor(Math.min(...xs))),
    Math.min(frame.columns - 1, Math.ceil(Math.max(...xs))),
  ];
  const [top, bottom] = [
    Math.max(0, Math.floor(Math.min(...ys))),
    Math.min(frame.rows - 1, Math.ceil(Math.max(...ys))),
  ];
  let [count, sum, squares] = [0, 0, 0];
  for (let y = top; y <= bottom; y += 1) {
    for (let x = left; x <= right; x += 1) {
      if (!contains(points, [x + 0.5, y + 0.5])) continue;
      const value = grayAt(frame, x, y);
      count += 1;
      sum += value;
      squares += value * value;
    }
  }
  if (!count) return null;
  const mean = sum / count;
  return { mean, deviation: Math.sqrt(Math.max(0, squares / count - mean * mean)), count };
}

export function grayAt(frame: Frame, x: number, y: number): number {
  const start = (y * frame.columns + x) * frame.samples;
  if (frame.samples === 1) return frame.pixels[start]!;
  // Rec. 601 luma, as Pillow and OpenCV make gray of color.
  return (
    0.299 * frame.pixels[start]! +
    0.587 * frame.pixels[start + 1]! +
    0.114 * frame.pixels[start + 2]!
  );
}

export function shown({ name, values, unit, manual }: Measure): string {
  if (unit === "°") return `${name} ${values[0]!.toFixed(1)}°`;
  const numbers = values.map((value) => value.toFixed(value >= 100 ? 0 : 1)).join(" x ");
  return `${name} ${numbers} ${unit}${manual ? " (manual)" : ""}`;
}
