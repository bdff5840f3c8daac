// Parts of an image that are covered, so that no name is seen there, and where text was found near its
// borders: what is not seen of an image, or should not be shared, is said beside it.

import type { Point } from "./geometry";
import type { ViewerImage } from "./types";

type Parts = Pick<ViewerImage, "mask" | "border_text">;

/** For the corner of a viewport and for paper; "" where there is nothing to say. */
export function coverNote({ mask, border_text }: Parts): string {
  if (mask.length) return `${mask.length} part${mask.length === 1 ? "" : "s"} covered`;
  return border_text.length ? "text near the border" : "";
}

/** Where text was found, as outlines in pixels of the image; none once parts are covered. */
export function textOutlines({ mask, border_text }: Parts): Point[][] {
  if (mask.length) return [];
  return border_text.map(([left, top, width, height]) => [
    [left, top],
    [left + width, top],
    [left + width, top + height],
    [left, top + height],
  ]);
}

/** What the name of planes through these images says: a cover goes through each of them. */
export function coveredPlanes(images: Pick<ViewerImage, "mask">[]): string {
  return images.some(({ mask }) => mask.length) ? " · parts of slices covered" : "";
}
