// What a shape measures. Millimeters only where the image says how large its pixels are.
//
// While a hand draws, these figures keep up with it; once a shape is saved, those of the server are
// shown, which reports and exports give as well.

import type { Frame } from "./frames";
import { contains, distance, outlineOf, type Point } from "./geometry";
import type { Annotation, Geometry, ViewerImage } from "./types";

export interface Measure {
  name: string;
  value: number;
  unit: string;
}

type Spacing = ViewerImage["pixel_spacing"];

export function savedMeasures(geometry: Geometry, saved: Annotation["measurements"]): Measure[] {
  const [given, unit] = saved.mm ? [saved.mm, "mm"] : [saved.px, "px"];
  const isCross = geometry.shape === "bidirectional";
  const all: [string, number | null, string][] = [
    ["Length", given.length, unit],
    ["Area", given.area, `${unit}²`],
    [isCross ? "Long" : "Longest", given.long_diameter, unit],
    ["Short", isCross ? given.short_diameter : null, unit],
  ];
  return all.flatMap(([name, value, unit]) => (value === null ? [] : [{ name, value, unit }]));
}

export function measuresOf(
  geometry: Geometry,
  spacing: Spacing,
  saved: Annotation["measurements"] | null = null,
): Measure[] {
  if (saved) return savedMeasures(geometry, saved);
  const unit = spacing ? "mm" : "px";
  const scaled = ([x, y]: Point): Point =>
    spacing ? [x * spacing.column, y * spacing.row] : [x, y];
  const between = (p: Point, q: Point) => distance(scaled(p), scaled(q));
  if (geometry.shape === "arrow") return [];
  if (geometry.shape === "length") {
    return [{ name: "Length", value: between(geometry.start, geometry.end), unit }];
  }
  if (geometry.shape === "bidirectional") {
    const lengths = [between(...geometry.long), between(...geometry.short)].sort((a, b) => b - a);
    return [
      { name: "Long", value: lengths[0]!, unit },
      { name: "Short", value: lengths[1]!, unit },
    ];
  }
  const { points, closed } = outlineOf(geometry);
  const outline = points.map(scaled);
  if (!closed) {
    const length = outline.slice(1).reduce((sum, p, n) => sum + distance(p, outline[n]!), 0);
    return [{ name: "Length", value: length, unit }];
  }
  const area =
    geometry.shape === "ellipse"
      ? Math.PI * geometry.rx * geometry.ry * (spacing ? spacing.row * spacing.column : 1)
      : shoelace(outline);
  const measures: Measure[] = [];
  if (!(geometry.shape === "freehand" && crossesItself(outline))) {
    measures.push({ name: "Area", value: area, unit: `${unit}²` });
  }
  measures.push({ name: "Longest", value: longest(outline), unit });
  return measures;
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

export function shown(measure: Measure): string {
  const digits = measure.value >= 100 ? 0 : 1;
  return `${measure.name} ${measure.value.toFixed(digits)} ${measure.unit}`;
}
