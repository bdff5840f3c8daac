// A series to pick: its middle slice, what kind it is, its plane and how many images; what holds no
// images has its place and its reason as well.

import { make } from "../signal";
import { isUnprepared, type Stack } from "../studies";
import type { SequenceEnum, ViewerSeries } from "../types";

const SEQUENCES: Record<SequenceEnum, string> = {
  T1: "T1",
  T1c: "T1 with contrast",
  T2: "T2",
  FLAIR: "FLAIR",
  PD: "Proton density",
  DWI: "Diffusion",
  SWI: "Susceptibility",
  other: "another sequence",
};

type Described = Pick<Stack, "sequence" | "plane" | "images">;

/** As "FLAIR · axial · 40 images"; what is not known is left out. */
export function factsOf({ sequence, plane, images }: Described): string {
  const count = `${images.length} image${images.length === 1 ? "" : "s"}`;
  const waiting = images.filter(isUnprepared).length;
  const failed = images.filter(({ decoding }) => decoding === "failed").length;
  return [
    sequence && SEQUENCES[sequence],
    plane,
    count,
    waiting && `${waiting} being prepared`,
    failed && `${failed} stored, cannot be shown`,
  ]
    .filter(Boolean)
    .join(" · ");
}

/** The series that the keys go to from one: the next of its study, or the one before. */
export function neighbor(stack: Stack, by: number): Stack | undefined {
  const { stacks } = stack.study;
  return stacks[stacks.indexOf(stack.original ?? stack) + by];
}

/** The image whose picture stands for the series. */
export const middleOf = ({ images }: Stack) => images[Math.floor(images.length / 2)]!;

export function headOf(stack: Stack, title: string, open: () => void): HTMLButtonElement {
  const middle = middleOf(stack);
  const facts = factsOf(stack);
  const head = make(
    "button",
    {
      type: "button",
      class: "vw-series",
      "aria-label": `Series ${title}: ${facts}. Open it in the chosen viewport`,
      "data-open-series": stack.series,
    },
    make("img", { src: middle.thumbnail_url, alt: "", width: "40", height: "40" }),
    make(
      "span",
      { class: "vw-series-words" },
      make("strong", {}, title),
      make("span", { class: "ns-sub" }, facts),
    ),
  );
  head.addEventListener("click", open);
  return head;
}

/** A series without images, as a structured report is one. */
export function withoutImages(series: ViewerSeries): HTMLElement {
  const name = series.description || `Series ${series.number}`;
  const why = series.why_not_analyzed || series.kind || "It holds no images.";
  return make(
    "p",
    { class: "vw-series-none" },
    make("strong", {}, name),
    make("span", {}, `No image to show. ${why}`),
  );
}
