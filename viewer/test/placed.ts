// Images that lie in a patient, as the tests draw them.

import type { OpenStudy, Stack } from "../src/studies";
import type { ViewerImage } from "../src/types";

export const AXIAL = [1, 0, 0, 0, 1, 0] as const;
export const SAGITTAL = [0, 1, 0, 0, 0, -1] as const;

export function placed(
  position: readonly [number, number, number],
  orientation: readonly number[] = AXIAL,
  more: Partial<ViewerImage> = {},
): ViewerImage {
  return {
    id: `at ${position}`,
    width: 100,
    height: 80,
    pixel_spacing: { row: 2, column: 1 },
    image_position: position,
    image_orientation: orientation,
    calibration: null,
    slice_thickness: null,
    mask: [],
    border_text: [],
    analyses: [],
    ...more,
  } as unknown as ViewerImage;
}

export function stackOf(images: ViewerImage[], frameOfReference = "1.2.3"): Stack {
  const study = { stacks: [] } as unknown as OpenStudy;
  return { study, name: "", series: "", statement: null, frameOfReference, images } as Stack;
}
