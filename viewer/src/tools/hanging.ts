// Hanging protocols: what stands where when the study opens, as the server chose it for this reader.

import type { OpenStudy, Stack } from "../studies";
import type { HangingPlace, HangingProtocol, OtherStudy, ViewerStudy } from "../types";
import type { ViewportGrid } from "../viewportGrid";

export interface HangingSurroundings {
  grid: ViewportGrid;
  setViewports: (count: number) => void;
  /** Open another study of the patient, without showing it yet. */
  openOther: (address: string) => Promise<OpenStudy>;
}

const PRIORS: Partial<Record<HangingProtocol["layout"], number>> = {
  prior: 1,
  two_priors: 2,
  series_and_prior: 1,
};

function priorsWanted({ layout, places }: HangingProtocol): number {
  return PRIORS[layout] ?? Number(places.some(({ study }) => study === "prior"));
}

/**
 * The series that fill the places, in their order; each stands in one viewport. Of a prior without the
 * sequence the place stays empty.
 */
export function filled(places: HangingPlace[], current: Stack[], prior: Stack[]): Stack[] {
  const free = { current: [...current], prior: [...prior] };
  return places.flatMap(({ study, sequence, plane }) => {
    const rows = free[study];
    const at = rows.findIndex(
      (one) => (!sequence || one.sequence === sequence) && (!plane || one.plane === plane),
    );
    return at < 0 ? [] : rows.splice(at, 1);
  });
}

/** The newest studies that are not later than this one. */
export function priorsOf(info: ViewerStudy, most: number): OtherStudy[] {
  return info.other_studies
    .filter((other) => other.study_date <= info.study_date && other.image_count > 0)
    .slice(0, most);
}

const MOST = 4;

/** The image that a study opens with is on the screen whatever the places ask for. */
function withShown(stacks: Stack[], shown: Stack): Stack[] {
  return stacks.includes(shown) ? stacks : [...stacks.slice(0, MOST - 1), shown];
}

/** Which series stand in the viewports, in their order; the shown one first. */
export function placesOf(
  layout: HangingProtocol["layout"],
  current: Stack[],
  shown: Stack,
  priors: Stack[][],
  places: HangingPlace[] = [],
): Stack[] {
  const series = [shown, ...current.filter((stack) => stack !== shown)];
  const firsts = priors.flatMap((stacks) => stacks.slice(0, 1));
  switch (layout) {
    case "one":
      return [shown];
    case "two_series":
      return series.slice(0, 2);
    case "four_series":
      return series.slice(0, 4);
    case "prior":
    case "two_priors":
      return [shown, ...firsts];
    case "by_series":
      return withShown(filled(places, current, priors[0] ?? []), shown);
    case "series_and_prior":
      return [...series.slice(0, 2), ...(priors[0] ?? []).slice(0, 2)];
  }
}

export async function hang(study: OpenStudy, around: HangingSurroundings): Promise<void> {
  const protocol = study.info.hanging_protocol;
  const { grid, setViewports, openOther } = around;
  const shown = grid.active.stack;
  if (!protocol || protocol.layout === "one" || !shown) return;
  const priors: Stack[][] = [];
  for (const other of priorsOf(study.info, priorsWanted(protocol))) {
    priors.push((await openOther(other.url)).stacks);
  }
  if (grid.viewports.length > 1 || grid.active.stack !== shown) return; // the reader was faster
  const { index } = grid.active;
  const places = placesOf(protocol.layout, study.stacks, shown, priors, protocol.places);
  if (places.length < 2 && protocol.layout !== "by_series") return;
  if (!places.length) return;
  setViewports(places.length);
  places.forEach((stack, n) => {
    const viewport = grid.viewports[n]!;
    if (viewport.stack === stack) return;
    grid.open(stack, grid.placeIn(stack, { stack: shown, index }), viewport);
  });
  // The image that the study opens with has the keys, wherever its series stands.
  grid.activate(grid.viewports[Math.max(0, places.indexOf(shown))]!);
}
