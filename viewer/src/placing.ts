// Where an image lies in the patient, by DICOM's Image Position and Orientation (Patient): millimeters
// toward the left, the back and the head (PS3.3 C.7.6.2.1.1). Pure.

import type { Point } from "./geometry";
import type { ViewerImage } from "./types";

export type Vector = readonly [number, number, number];

/** An image as a piece of a plane in the patient; the directions have length 1. */
export interface ImagePlane {
  /** The center of the first pixel. */
  origin: Vector;
  right: Vector;
  down: Vector;
  /** Right × down: where the slices' positions count up. */
  normal: Vector;
  /** Millimeters between the centers of columns, and of rows. */
  columnSpacing: number;
  rowSpacing: number;
  width: number;
  height: number;
}

export const dot = (a: Vector, b: Vector) => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
/** `from` and so many millimeters along a direction. */
export const along = (from: Vector, direction: Vector, by: number): Vector => [
  from[0] + direction[0] * by,
  from[1] + direction[1] * by,
  from[2] + direction[2] * by,
];

type Placed = Pick<
  ViewerImage,
  "image_position" | "image_orientation" | "pixel_spacing" | "width" | "height"
>;

/** Null where the file does not say where the image lies, or how large its pixels are. */
export function planeOf(image: Placed): ImagePlane | null {
  const { image_position: origin, image_orientation: cosines, pixel_spacing: spacing } = image;
  if (origin?.length !== 3 || cosines?.length !== 6 || !spacing) return null;
  const right = cosines.slice(0, 3) as unknown as Vector;
  const down = cosines.slice(3) as unknown as Vector;
  return {
    origin: origin as unknown as Vector,
    right,
    down,
    normal: cross(right, down),
    columnSpacing: spacing.column,
    rowSpacing: spacing.row,
    width: image.width,
    height: image.height,
  };
}

/** Pixel coordinates are as in docs/annotations.md: (0.5, 0.5) is the center of the first pixel. */
export function toPatient(plane: ImagePlane, [x, y]: Point): Vector {
  const across = along(plane.origin, plane.right, (x - 0.5) * plane.columnSpacing);
  return along(across, plane.down, (y - 0.5) * plane.rowSpacing);
}

/** The pixel that a place lies on, or before or behind. */
export function toPixel(plane: ImagePlane, place: Vector): Point {
  const from = minus(place, plane.origin);
  return [
    dot(from, plane.right) / plane.columnSpacing + 0.5,
    dot(from, plane.down) / plane.rowSpacing + 0.5,
  ];
}

/** Millimeters from the plane to a place, along its normal. */
export function distanceTo(plane: ImagePlane, place: Vector): number {
  return dot(minus(place, plane.origin), plane.normal);
}

export function middleOf(plane: ImagePlane): Vector {
  return toPatient(plane, [plane.width / 2, plane.height / 2]);
}

const PARALLEL = Math.cos((30 * Math.PI) / 180); // beyond it the slices of one are no slices of the other

export function areParallel(one: ImagePlane, other: ImagePlane): boolean {
  return Math.abs(dot(one.normal, other.normal)) > PARALLEL;
}

/** Of some images the one that lies nearest to a place, along their own normals; -1 for none. */
export function nearest(images: Placed[], place: Vector): number {
  let [best, least] = [-1, Number.POSITIVE_INFINITY];
  images.forEach((image, at) => {
    const plane = planeOf(image);
    const away = plane ? Math.abs(distanceTo(plane, place)) : Number.POSITIVE_INFINITY;
    if (away < least - 1e-6) [best, least] = [at, away];
  });
  return best;
}

/**
 * Where another image cuts through this one: the two ends of the cut in this one's pixels, as far as the
 * other reaches. Null where they are parallel, and where the other lies on one side of this plane.
 */
export function cutOf(plane: ImagePlane, other: ImagePlane): [Point, Point] | null {
  const { width, height } = other;
  const corners = (
    [
      [0, 0],
      [width, 0],
      [width, height],
      [0, height],
    ] as const
  ).map((pixel) => toPatient(other, pixel));
  const away = corners.map((corner) => distanceTo(plane, corner));
  const ends: Point[] = [];
  corners.forEach((corner, n) => {
    const next = (n + 1) % corners.length;
    const [here, there] = [away[n]!, away[next]!];
    if (here < 0 === there < 0) return; // this edge does not pass through the plane
    const direction = minus(corners[next]!, corner);
    ends.push(toPixel(plane, along(corner, direction, here / (here - there))));
  });
  return ends.length === 2 ? [ends[0]!, ends[1]!] : null;
}
