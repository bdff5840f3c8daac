// A series as a volume, where its slices lie regularly; else the sentence why it is none. Pure.

import type { Frame } from "../frames";
import { along, cross, dot, type ImagePlane, minus, planeOf, type Vector } from "../placing";
import type { ViewerImage } from "../types";

export const MOST_BYTES = 256 * 1024 ** 2; // 400 slices of 512 x 512 values of 16 bits are 210 MB
const FEWEST = 3;
const SAME_DIRECTION = 1e-3;
const SAME_DISTANCE = 0.05; // of the distance between slices
const ASIDE = 0.05; // of a slice's distance: the slices stand above each other

/** Voxel (0, 0, 0) has its center at the origin; the directions have length 1 and stand at right angles. */
export interface Volume {
  slices: Frame["pixels"][];
  columns: number;
  rows: number;
  origin: Vector;
  directions: readonly [Vector, Vector, Vector]; // of columns, rows and slices
  spacing: readonly [number, number, number];
  frame: Omit<Frame, "pixels">; // what its slices have in common
}

/** Its images in the order along the normal, and how they lie. */
export interface RegularSlices {
  images: ViewerImage[];
  plane: ImagePlane;
  distance: number;
}

type Answer = { slices: RegularSlices; why?: undefined } | { slices?: undefined; why: string };

/** Whether planes can be cut through a series, from what its files say; `why` is for the reader. */
export function regularSlices(all: ViewerImage[]): Answer {
  if (all.length < FEWEST) {
    return { why: `Planes need at least ${FEWEST} slices; this series has ${all.length}.` };
  }
  if (all.some(({ decoding }) => decoding && decoding !== "decoded")) {
    return { why: "Not every slice of this series can be shown yet: no planes are cut." };
  }
  const planes = all.map(planeOf);
  if (planes.some((one) => !one)) {
    return { why: "The files of this series do not say where each slice lies: no planes are cut." };
  }
  const first = planes[0]!;
  const differs = planes.some(
    (one) =>
      one!.width !== first.width ||
      one!.height !== first.height ||
      Math.abs(one!.columnSpacing / first.columnSpacing - 1) > SAME_DIRECTION ||
      Math.abs(one!.rowSpacing / first.rowSpacing - 1) > SAME_DIRECTION ||
      1 - dot(one!.right, first.right) > SAME_DIRECTION ||
      1 - dot(one!.down, first.down) > SAME_DIRECTION,
  );
  if (differs) {
    return { why: "The slices of this series differ in size or direction: no planes are cut." };
  }
  const bytes = all.length * first.width * first.height * (all[0]!.bits_stored > 8 ? 2 : 1);
  if (bytes > MOST_BYTES) {
    const [needed, most] = [bytes, MOST_BYTES].map((one) => Math.round(one / 1024 ** 2));
    return {
      why: `Planes of this series would need ${needed} MB of memory; the most is ${most} MB.`,
    };
  }
  const height = (plane: ImagePlane) => dot(plane.origin, first.normal);
  const order = all
    .map((image, at) => ({ image, plane: planes[at]! }))
    .sort((one, other) => height(one.plane) - height(other.plane));
  const [lowest, highest] = [order[0]!.plane, order.at(-1)!.plane];
  const distance = (height(highest) - height(lowest)) / (order.length - 1);
  if (distance <= 0)
    return { why: "The slices of this series lie in one place: no planes are cut." };
  for (const [at, { plane }] of order.entries()) {
    const expected = along(lowest.origin, first.normal, at * distance);
    const off = minus(plane.origin, expected);
    const up = dot(off, first.normal);
    if (Math.abs(up) > SAME_DISTANCE * distance) {
      return { why: "The slices of this series are not equally far apart: no planes are cut." };
    }
    const aside = Math.hypot(dot(off, first.right), dot(off, first.down));
    if (aside > Math.max(ASIDE * distance, 0.5 * first.columnSpacing)) {
      return { why: "The slices of this series are shifted sideways: no planes are cut." };
    }
  }
  return { slices: { images: order.map(({ image }) => image), plane: lowest, distance } };
}

/** The volume of slices whose frames are here, in their order; null where their values differ in kind. */
export function volumeOf({ plane, distance }: RegularSlices, frames: Frame[]): Volume | null {
  const first = frames[0]!;
  const isAlike = frames.every(
    (one) =>
      one.samples === 1 &&
      one.bits === first.bits &&
      one.rows === plane.height &&
      one.columns === plane.width,
  );
  if (!isAlike) return null;
  const middle = frames[Math.floor(frames.length / 2)]!;
  const { pixels: _, ...facts } = middle;
  return {
    slices: frames.map(({ pixels }) => pixels),
    columns: plane.width,
    rows: plane.height,
    origin: plane.origin,
    directions: [plane.right, plane.down, cross(plane.right, plane.down)],
    spacing: [plane.columnSpacing, plane.rowSpacing, distance],
    frame: {
      ...facts,
      minimum: Math.min(...frames.map((one) => one.minimum)),
      maximum: Math.max(...frames.map((one) => one.maximum)),
      windows: [],
    },
  };
}
