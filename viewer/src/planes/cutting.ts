// Planes cut through a volume: which ones there are, and their pixels. Trilinear between the centers of
// voxels; a slab is the highest value, or the mean, of planes at most one voxel apart. Pure.

import type { Frame } from "../frames";
import { along, cross, dot, minus, type Vector } from "../placing";
import type { PlaneEnum } from "../types";
import type { Volume } from "./volume";

export interface Slab {
  join: "none" | "maximum" | "average";
  /** Millimeters; of no meaning where nothing is joined. */
  thickness: number;
}

/** The planes of one direction through the whole volume. */
export interface Cuts {
  right: Vector;
  down: Vector;
  normal: Vector;
  /** The center of the first pixel of the first plane. */
  origin: Vector;
  /** Millimeters from pixel to pixel, and from plane to plane. */
  step: number;
  width: number;
  height: number;
  count: number;
}

const MOST_PIXELS = 1024; // along a side
const MOST_JOINED = 64;

// As a reader looks at them: the patient's right is at the left, the head or the front above.
const DIRECTIONS: Record<PlaneEnum, readonly [Vector, Vector]> = {
  axial: [
    [1, 0, 0],
    [0, 1, 0],
  ],
  coronal: [
    [1, 0, 0],
    [0, 0, -1],
  ],
  sagittal: [
    [0, 1, 0],
    [0, 0, -1],
  ],
};

export function cutsOf(volume: Volume, plane: PlaneEnum): Cuts {
  const [right, down] = DIRECTIONS[plane];
  const normal = cross(right, down);
  const corners = cornersOf(volume);
  const [x, y, z] = [right, down, normal].map((direction) => {
    const places = corners.map((corner) => dot(corner, direction));
    return [Math.min(...places), Math.max(...places)] as const;
  }) as [readonly [number, number], readonly [number, number], readonly [number, number]];
  const longest = Math.max(x[1] - x[0], y[1] - y[0], z[1] - z[0]);
  const step = Math.max(Math.min(...volume.spacing), longest / MOST_PIXELS);
  const count = ([from, to]: readonly [number, number]) =>
    Math.max(1, Math.round((to - from) / step - 1e-6));
  const first = ([from]: readonly [number, number]) => from + step / 2;
  let origin: Vector = [0, 0, 0];
  origin = along(along(along(origin, right, first(x)), down, first(y)), normal, first(z));
  return {
    right,
    down,
    normal,
    origin,
    step,
    width: count(x),
    height: count(y),
    count: count(z),
  };
}

/** The outer corners of the first and last voxels. */
function cornersOf({ origin, directions, spacing, columns, rows, slices }: Volume): Vector[] {
  const ends = [columns, rows, slices.length].map(
    (count, n) => [-0.5 * spacing[n]!, (count - 0.5) * spacing[n]!] as const,
  );
  return [0, 1, 2, 3, 4, 5, 6, 7].map((bits) =>
    directions.reduce(
      (place, direction, n) => along(place, direction, ends[n]![(bits >> n) & 1]!),
      origin,
    ),
  );
}

/** Plane `at` of `cuts`, as the frame that a viewport draws. */
export function cut(volume: Volume, cuts: Cuts, at: number, slab: Slab): Frame {
  const { width, height, step, normal } = cuts;
  const middle = along(cuts.origin, normal, at * step);
  const offsets = offsetsOf(slab, step);
  const sums = new Float32Array(width * height);
  const sample = new Float32Array(width * height);
  for (const [n, offset] of offsets.entries()) {
    const into = n ? sample : sums;
    fill(volume, cuts, along(middle, normal, offset), into);
    if (!n) continue;
    if (slab.join === "maximum") {
      for (let p = 0; p < sums.length; p += 1) if (sample[p]! > sums[p]!) sums[p] = sample[p]!;
    } else {
      for (let p = 0; p < sums.length; p += 1) sums[p]! += sample[p]!;
    }
  }
  const share = slab.join === "average" ? 1 / offsets.length : 1;
  const pixels =
    volume.frame.bits === 16 ? new Uint16Array(sums.length) : new Uint8Array(sums.length);
  for (let p = 0; p < sums.length; p += 1) pixels[p] = sums[p]! * share + 0.5;
  return { ...volume.frame, rows: height, columns: width, pixels };
}

/** The thickest slab, in tenths of a millimeter: beyond it voxels would be left out. */
export function thickest(step: number): number {
  return Math.floor((MOST_JOINED - 1) * step * 10 + 1e-6) / 10;
}

/** How far the joined planes lie from the middle one: at most `step` from each other. */
export function offsetsOf({ join, thickness: wanted }: Slab, step: number): number[] {
  const thickness = Math.min(wanted, thickest(step));
  if (join === "none" || thickness <= step) return [0];
  const count = Math.max(2, Math.ceil(thickness / step - 1e-6) + 1);
  return Array.from({ length: count }, (_, n) => (n / (count - 1) - 0.5) * thickness);
}

/** Outside the volume it is as dark as the darkest value. */
function fill(volume: Volume, cuts: Cuts, corner: Vector, into: Float32Array): void {
  const { slices, columns, rows, directions, spacing, frame } = volume;
  const { width, height, step, right, down } = cuts;
  const from = minus(corner, volume.origin);
  // Places in voxels, and how they change with a pixel to the right and a row down.
  const index = (vector: Vector, by: number) =>
    directions.map((direction, n) => (dot(vector, direction) * by) / spacing[n]!) as [
      number,
      number,
      number,
    ];
  const [start, across, downward] = [index(from, 1), index(right, step), index(down, step)];
  const last = [columns - 1, rows - 1, slices.length - 1] as const;
  for (let y = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1) {
      let i = start[0] + x * across[0] + y * downward[0];
      let j = start[1] + x * across[1] + y * downward[1];
      let k = start[2] + x * across[2] + y * downward[2];
      const p = y * width + x;
      if (
        i < -0.5 ||
        j < -0.5 ||
        k < -0.5 ||
        i > last[0] + 0.5 ||
        j > last[1] + 0.5 ||
        k > last[2] + 0.5
      ) {
        into[p] = frame.minimum;
        continue;
      }
      i = Math.min(Math.max(i, 0), last[0]);
      j = Math.min(Math.max(j, 0), last[1]);
      k = Math.min(Math.max(k, 0), last[2]);
      const i0 = i | 0;
      const j0 = j | 0;
      const k0 = k | 0;
      const fi = i - i0;
      const fj = j - j0;
      const fk = k - k0;
      const low = slices[k0]!;
      const high = slices[k0 < last[2] ? k0 + 1 : k0]!;
      const a = j0 * columns + i0;
      const b = i0 < last[0] ? a + 1 : a;
      const c = j0 < last[1] ? a + columns : a;
      const d = i0 < last[0] ? c + 1 : c;
      const below =
        (low[a]! * (1 - fi) + low[b]! * fi) * (1 - fj) + (low[c]! * (1 - fi) + low[d]! * fi) * fj;
      const above =
        (high[a]! * (1 - fi) + high[b]! * fi) * (1 - fj) +
        (high[c]! * (1 - fi) + high[d]! * fi) * fj;
      into[p] = below * (1 - fk) + above * fk;
    }
  }
}
