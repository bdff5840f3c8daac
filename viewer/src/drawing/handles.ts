// The handles of the chosen annotation: one at each of its points, and one that moves the whole. What a
// press takes hold of is what is drawn, and nothing else.

import { distance, handlesOf, type Point } from "../geometry";
import type { Geometry } from "../types";

export const WHOLE = -1;
const MOST = 60; // an outline of more points has no handle at any of them
const AWAY = 24; // screen pixels from a shape to the handle that moves it

type OnScreen = (point: Point) => Point;

/** Where they are on the screen. */
export function handlePlaces(geometry: Geometry, at: OnScreen): { points: Point[]; whole: Point } {
  const all = handlesOf(geometry).map(at);
  const [x, top] = all.reduce((highest, one) => (one[1] < highest[1] ? one : highest));
  // Above the shape; below it where there is no room.
  const y = top > 2 * AWAY ? top - AWAY : Math.max(...all.map((one) => one[1])) + AWAY;
  return { points: all.length <= MOST ? all : [], whole: [x, y] };
}

/** Which point's handle is at a place of the screen, WHOLE for the one that moves all; null for none. */
export function handleAt(geometry: Geometry, at: OnScreen, place: Point, reach: number) {
  const { points, whole } = handlePlaces(geometry, at);
  const found = points.findIndex((one) => distance(one, place) <= reach);
  if (found >= 0) return found;
  return distance(whole, place) <= reach ? WHOLE : null;
}
