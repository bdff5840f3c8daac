// The studies that are open: the one of the page, and others of the patient beside it.

import { read } from "./api";
import type { Point } from "./geometry";
import type { Analysis, Region, ViewerImage, ViewerStudy } from "./types";
import type { Picture } from "./view";

export interface Stack {
  study: OpenStudy;
  name: string;
  images: ViewerImage[];
}

export interface OpenStudy {
  info: ViewerStudy;
  address: string;
  /** Which of the frame colors is this study's, from 0. */
  color: number;
  stacks: Stack[];
}

const shortMonth = new Intl.DateTimeFormat("en-US", { month: "short", timeZone: "UTC" });

/** An ISO date as the pages write it: 12 Nov 2026. */
export function dateOf(day: string): string {
  const [year, month, date] = day.split("-").map(Number);
  return `${date} ${shortMonth.format(Date.UTC(year!, month! - 1, date))} ${year}`;
}

export async function openStudy(address: string, color: number): Promise<OpenStudy> {
  const info: ViewerStudy = await read(address);
  const study: OpenStudy = { info, address, color, stacks: [] };
  study.stacks = info.series
    .filter((series) => series.images.length > 0)
    .map((series) => ({
      study,
      name: series.description || `Series ${series.number}`,
      images: inOrder(series.images),
    }));
  return study;
}

/** By place in the patient where every image has one, else by number. */
function inOrder(images: ViewerImage[]): ViewerImage[] {
  const placed = images.every((image) => image.slice_position !== null);
  return [...images].sort((one, other) =>
    placed ? one.slice_position! - other.slice_position! : one.number - other.number,
  );
}

export function pictureOf(image: ViewerImage): Picture {
  const spacing = image.pixel_spacing;
  return {
    width: image.width,
    height: image.height,
    pixelWidth: spacing?.column ?? 1,
    pixelHeight: spacing?.row ?? 1,
  };
}

/** The finished analyses of an image, the newest first. */
export function resultsOf(image: ViewerImage): Analysis[] {
  return image.analyses.filter((one) => one.status === "completed" && one.heatmap_url);
}

export const releaseOf = (analysis: Analysis) =>
  `${analysis.model_release.name} ${analysis.model_release.version}`;

/** Its outline as an annotation is drawn: a region's corners are the centers of whole pixels. */
export function outlineOfRegion(region: Region): Point[] {
  return region.polygon.map(([x, y]): Point => [x + 0.5, y + 0.5]);
}

export function opinionOf(analysis: Analysis): string {
  if (analysis.status === "abstained") return "No AI opinion";
  const label = analysis.label === "tumor" ? "Tumor detected" : "No tumor detected";
  const tenths = Math.round((analysis.confidence ?? 0) * 1000);
  const shown = tenths >= 1000 ? ">99.9" : tenths <= 0 ? "<0.1" : (tenths / 10).toFixed(1);
  return `${label}, confidence ${shown}\u00a0%`;
}
