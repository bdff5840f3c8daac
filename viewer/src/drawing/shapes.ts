// What a shape is drawn with: how many points, and what they make.

import { fromPoints, fromThreePoints, fromTwoPoints, type Point, type Shape } from "../geometry";
import type { Geometry } from "../types";

export const pointsOf = (shape: Shape) => (shape === "angle" ? 3 : 2);
export const isManyPoints = (shape: Shape) => shape === "polygon" || shape === "freehand";

/** What the points make so far; null while they are too few. */
export function geometryOf(shape: Shape, points: Point[]): Geometry | null {
  const [first, second, third] = points;
  if (isManyPoints(shape)) return fromPoints(shape as "polygon" | "freehand", points);
  if (shape === "angle" && second && third) return fromThreePoints(first!, second, third);
  return second ? fromTwoPoints(shape, first!, second) : null;
}

/** The points of a shape in the middle of an image. */
export function pointsInMiddle(shape: Shape, { width, height }: { width: number; height: number }) {
  const [left, top, right, bottom] = [width * 0.4, height * 0.4, width * 0.6, height * 0.6];
  const corners: Point[] = [
    [left, top],
    [right, top],
    [right, bottom],
    [left, bottom],
  ];
  if (isManyPoints(shape)) return [...corners, corners[0]!];
  return shape === "angle" ? corners.slice(1) : [corners[0]!, corners[2]!];
}
