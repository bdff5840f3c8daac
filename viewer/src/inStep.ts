// Which slice of one series lies beside that of another: by position in one frame of reference. Pure.

import { areParallel, middleOf, nearest, planeOf } from "./placing";
import type { Stack } from "./studies";

/** Whether what the files say of places is said of one and the same space. */
export function shareSpace(one: Stack, other: Stack): boolean {
  return Boolean(one.frameOfReference) && one.frameOfReference === other.frameOfReference;
}

interface Placed {
  stack: Stack;
  index: number;
}

/** Whether both lie in one space and in one direction; "apart" in one space in two directions. */
function relation({ stack, index }: Placed, other: Stack): "beside" | "apart" | "unknown" {
  if (stack === other || !shareSpace(stack, other)) return "unknown";
  const [plane, first] = [planeOf(stack.images[index]!), planeOf(other.images[0]!)];
  if (!plane || !first) return "unknown";
  return areParallel(plane, first) ? "beside" : "apart";
}

/**
 * The slice of `other` that lies nearest to the middle of a slice. Null where positions say nothing of it:
 * another frame of reference, slices in another direction, or one series in two viewports.
 */
export function beside(placed: Placed, other: Stack): number | null {
  if (relation(placed, other) !== "beside") return null;
  const found = nearest(other.images, middleOf(planeOf(placed.stack.images[placed.index]!)!));
  return found < 0 ? null : found;
}

/**
 * Where a linked viewport goes when another has scrolled to a slice, by so many: to the same place in the
 * patient; as many slices on where positions say nothing; nowhere where it cuts through the other.
 */
export function inStepWith(scrolled: Placed, by: number, other: Placed): number {
  if (relation(scrolled, other.stack) === "apart") return other.index;
  return beside(scrolled, other.stack) ?? other.index + by;
}
