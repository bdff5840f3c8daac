// The studies that are open: the one of the page, and others of the patient beside it.

import { read } from "./api";
import type { Point } from "./geometry";
import type {
  Analysis,
  CarryingSlice,
  PlaneEnum,
  Region,
  SequenceEnum,
  SeriesStatement,
  ViewerImage,
  ViewerStudy,
} from "./types";
import type { Picture } from "./view";

export interface Stack {
  study: OpenStudy;
  name: string;
  /** Of the series, in the API's words. */
  series: string;
  /** What the AI states of it: null where there is nothing, or it is withheld. */
  statement: SeriesStatement | null;
  /** What its positions are said in; empty where the files name none. */
  frameOfReference: string;
  plane: PlaneEnum | null;
  sequence: SequenceEnum | null;
  /** Of planes that were cut anew through a series: that series. */
  original?: Stack;
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
      frameOfReference: series.frame_of_reference_uid,
      plane: series.plane,
      sequence: series.sequence,
      images: inOrder(series.images),
    }));
  return study;
}

/** Whether both are of one series: planes that were cut through it are, as its own images. */
export function areOfOneSeries(one: Stack | null, other: Stack | null): boolean {
  return (one?.original ?? one) === (other?.original ?? other);
}

/** Whether the server still decodes its pixels. */
export const isUnprepared = ({ decoding }: ViewerImage) =>
  decoding === "waiting" || decoding === "running";

/**
 * What the AI says by now, and which images are prepared, in a study that is open; returns whether
 * anything of it is new.
 */
export function learnResults(study: OpenStudy, info: ViewerStudy): boolean {
  const finished = () =>
    JSON.stringify(
      study.stacks.map(({ statement, images }) => [
        statement && stampOf(statement),
        images.map((image) => [
          image.decoding,
          image.analyses.map(({ id, status }) => `${id} ${status}`),
        ]),
      ]),
    );
  const before = finished();
  study.info.ai_visible = info.ai_visible;
  study.info.operating_points = info.operating_points;
  const images = info.series.flatMap((series) => series.images);
  const fresh = new Map(images.map((image) => [image.id, image]));
  const statements = new Map(info.series.map((series) => [series.id, series.statement]));
  for (const stack of study.stacks) stack.statement = statements.get(stack.series) ?? null;
  for (const image of study.stacks.flatMap((stack) => stack.images)) {
    const now = fresh.get(image.id);
    image.analyses = now?.analyses ?? [];
    image.decoding = now?.decoding ?? image.decoding;
  }
  return finished() !== before;
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

/** What was measured of the analysis's release at its threshold: it stands beside the probability. */
export function operatingPointOf({ study }: Stack, { model_release }: Analysis): string {
  const points = study.info.operating_points;
  return points.find(({ release }) => release === model_release.id)?.words ?? "";
}

/** Its outline as an annotation is drawn: a region's corners are the centers of whole pixels. */
export function outlineOfRegion(region: Region): Point[] {
  return region.polygon.map(([x, y]): Point => [x + 0.5, y + 0.5]);
}

export function opinionOf(analysis: Analysis): string {
  if (analysis.status === "abstained") return "No AI opinion";
  const label = analysis.label === "tumor" ? "Tumor detected" : "No tumor detected";
  return `${label}, ${likelihoodOf(analysis)}`;
}

/** What a label is made of, in the words of every page. */
function likelihoodOf({
  label,
  probability,
  threshold,
}: Pick<Analysis, "probability" | "threshold"> & { label: string | null }): string {
  const shown = probabilityOf(probability ?? 0);
  const limit = probabilityOf(threshold ?? 0);
  const [below, side] = label === "tumor" ? ["", "above"] : [shown === limit ? "<" : "", "below"];
  return `probability of a tumor ${below}${shown}, ${side} the threshold ${limit}`;
}

/** A probability with three decimals, never a flat 0 or 1. */
export function probabilityOf(value: number): string {
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
export function seriesOpinionOf(statement: SeriesStatement): string {
  const { label, probability } = statement;
  if (!label || probability === null) return "The series: no AI opinion";
  const said = label === "tumor" ? "tumor detected" : "no tumor detected";
  return `The series: ${said}, ${likelihoodOf(statement)}`;
}

/** Slices by number, runs of them as one: its words like "12–40", and its first slice. */
export function runsOf(slices: CarryingSlice[]): { words: string; first: CarryingSlice }[] {
  const runs: CarryingSlice[][] = [];
  for (const slice of [...slices].sort((one, other) => one.number - other.number)) {
    const run = runs.at(-1);
    if (run && run.at(-1)!.number + 1 === slice.number) run.push(slice);
    else runs.push([slice]);
  }
  return runs.map((run) => {
    const [first, last] = [run[0]!, run.at(-1)!];
    return { words: run.length > 1 ? `${first.number}–${last.number}` : `${first.number}`, first };
  });
}

/** How much of a series a statement is made of. */
export function coverageOf({ analyzed, slices, abstained, is_final }: SeriesStatement): string {
  const whole = is_final && analyzed === slices;
  const part = whole ? `${slices} slices analyzed` : `${analyzed} of ${slices} slices analyzed`;
  const without = `, no result on ${abstained} slice${abstained > 1 ? "s" : ""} of the head`;
  return `${is_final ? part : `So far ${part}`}${abstained ? without : ""}`;
}
