// Which slice of one series lies beside that of another: by position in one frame of reference. Pure.

import { areParallel, middleOf, nearest, planeOf } from "./placing";
import type { Stack } from "./studies";

/** Whether what the files say of places is said of one and the same space. */
export function shareSpace(one: Stack, other: Stack): boolean {
  return Boolean(one.frameOfReference) && one.frameOfReference === other.frameOfReference;
}

/**
 * The slice of `other` that lies nearest to slice `index` of `stack`. Null where positions say nothing of
 * it: another frame of reference, slices in another direction, or one series in two viewports.
 */
export function beside(stack: Stack, index: number, other: Stack): number | null {
  if (stack === other || !shareSpace(stack, other)) return null;
  const plane = planeOf(stack.images[index]!);
  const first = planeOf(other.images[0]!);
  if (!plane || !first || !areParallel(plane, first)) return null;
  const found = nearest(other.images, middleOf(plane));
  return found < 0 ? null : found;
}
