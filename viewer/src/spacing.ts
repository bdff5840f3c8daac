// How large a pixel is: as the file says, else as this reader calibrated it by hand.

import type { SpacingCalibration, ViewerImage } from "./types";

export interface Scale {
  row: number;
  column: number;
  /** Calibrated by hand: whatever is measured with it says so. */
  manual?: boolean;
}

export function scaleOf({ pixel_spacing, calibration }: ViewerImage): Scale | null {
  if (pixel_spacing) return pixel_spacing;
  if (!calibration) return null;
  return { row: calibration.mm_per_pixel, column: calibration.mm_per_pixel, manual: true };
}

/** Where a slice lies and how thick it is, as far as its file says so. */
export function placeNote({ slice_position, slice_thickness }: ViewerImage): string {
  return [
    slice_position === null ? "" : ` · ${slice_position.toFixed(1)} mm`,
    slice_thickness === null ? "" : `\n${Number(slice_thickness.toFixed(2))} mm thick`,
  ].join("");
}

/** What the corner of a viewport says where the file states no spacing. */
export function scaleNote({ pixel_spacing, calibration }: ViewerImage): string {
  if (pixel_spacing) return "";
  if (!calibration) return "no scale: px";
  return `manual calibration: ${calibration.mm_per_pixel.toFixed(3)} mm/px`;
}

/** The images of a series that a calibration holds for. */
export function coveredBy(
  calibration: SpacingCalibration,
  stack: { images: ViewerImage[] },
): ViewerImage[] {
  const drawnOn = stack.images.find(({ id }) => id === calibration.image);
  if (!drawnOn) return [];
  return stack.images.filter(
    (one) =>
      one.id === drawnOn.id ||
      (calibration.covers_series && one.width === drawnOn.width && one.height === drawnOn.height),
  );
}
