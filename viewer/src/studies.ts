// The studies that are open: the one of the page, and others of the patient beside it.

import { read } from "./api";
import type { Point } from "./geometry";
import type { Analysis, Region, SeriesStatement, ViewerImage, ViewerStudy } from "./types";
import type { Picture } from "./view";

export interface Stack {
  study: OpenStudy;
  name: string;
  /** Of the series, in the API's words. */
  series: string;
  /** What the AI states of it: null where there is nothing, or it is withheld. */
  statement: SeriesStatement | null;
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
      series: series.id,
      statement: series.statement,
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

/** A probability with three decimals, never a flat 0 or 1. */
function probabilityOf(value: number): string {
  const shown = value.toFixed(3);
  if (Number(shown) >= 1) return ">0.999";
  return Number(shown) <= 0 ? "<0.001" : shown;
}

/** What the AI states of a series, unless it is withheld. */
export function statementOf(stack: Stack): SeriesStatement | null {
  return stack.study.info.ai_visible ? stack.statement : null;
}

/** Names a statement as it is now, as the pages do: made anew it has another stamp. */
export function stampOf({ id, updated_at }: SeriesStatement): string {
  return `${id}@${updated_at}`;
}

/** What the AI states of a series, in a line. */
export function seriesOpinionOf({ label, probability, threshold }: SeriesStatement): string {
  if (!label || probability === null) return "The series: no AI opinion";
  const said = label === "tumor" ? "tumor detected" : "no tumor detected";
  const shown = probabilityOf(probability);
  const limit = probabilityOf(threshold ?? 0);
  const below = label === "no_tumor" && shown === limit ? "<" : "";
  return `The series: ${said}, probability ${below}${shown} (threshold ${limit})`;
}

/** How much of a series a statement is made of. */
export function coverageOf({ analyzed, slices, abstained, is_final }: SeriesStatement): string {
  const whole = is_final && analyzed === slices;
  const part = whole ? `${slices} slices analyzed` : `${analyzed} of ${slices} slices analyzed`;
  const without = `, no result on ${abstained} slice${abstained > 1 ? "s" : ""} of the head`;
  return `${is_final ? part : `So far ${part}`}${abstained ? without : ""}`;
}
