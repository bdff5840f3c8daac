// What one release says of each slice of a series, in order. Pure.

import type { Stack } from "../studies";
import type { Analysis } from "../types";
import type { Viewport } from "../viewport";

export interface SliceProbabilities {
  /** The release that all of it is by. */
  release: string;
  threshold: number;
  /** By slice: the probability of a tumor, "abstained" without an opinion, null where none is finished. */
  slices: (number | "abstained" | null)[];
}

const isFinished = ({ status }: Analysis) => status === "completed" || status === "abstained";

/**
 * Of the release that the statement on the series is by, else of the newest result. Null where the AI
 * results are withheld or nothing is finished.
 */
export function probabilitiesOf(stack: Stack): SliceProbabilities | null {
  if (!stack.study.info.ai_visible) return null;
  const finished = stack.images.map((image) => image.analyses.filter(isFinished));
  const newest = finished
    .flat()
    .reduce<Analysis | null>(
      (best, one) => ((one.finished_at ?? "") > (best?.finished_at ?? "") ? one : best),
      null,
    );
  const release = stack.statement?.model_release ?? newest?.model_release;
  if (!release) return null;
  const rows = finished.map((all) => all.find((one) => one.model_release.id === release.id));
  const threshold = rows.find((one) => one?.threshold != null)?.threshold;
  if (threshold == null) return null; // no slice with a probability
  return {
    release: `${release.name} ${release.version}`,
    threshold,
    slices: rows.map((one) => {
      if (!one) return null;
      return one.status === "abstained" ? "abstained" : one.probability;
    }),
  };
}

/** The slices with a probability, the highest first; the earlier one of two alike. */
export function highestFirst({ slices }: SliceProbabilities): number[] {
  return slices
    .flatMap((value, at) => (typeof value === "number" ? [{ value, at }] : []))
    .sort((one, other) => other.value - one.value || one.at - other.at)
    .map(({ at }) => at);
}

/** Which slice lies under a place of the strip, as a share of its width. */
export function sliceAt(share: number, count: number): number {
  return Math.min(count - 1, Math.max(0, Math.floor(share * count)));
}

/** Which slice of its series a viewport shows; null while it shows none. */
export function sliceOnScreen({ stack, onScreen }: Pick<Viewport, "stack" | "onScreen">) {
  const at = stack && onScreen ? stack.images.indexOf(onScreen) : -1;
  return at < 0 ? null : at;
}
