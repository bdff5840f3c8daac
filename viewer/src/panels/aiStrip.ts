// What the AI says along the slices of the series on the screen, as a strip below it: a press goes to the
// slice. The AI's color, the release by name; where AI results are withheld there is no strip.

import { find, tell } from "../dom";
import { refuse } from "../refusing";
import { probabilityOf, type Stack } from "../studies";
import type { ViewportGrid } from "../viewportGrid";
import {
  highestFirst,
  probabilitiesOf,
  type SliceProbabilities,
  sliceAt,
  sliceOnScreen,
} from "./sliceProbabilities";

const SVG = "http://www.w3.org/2000/svg";
const LEAST = 4; // of 100: a low probability is a slice that was analyzed, and is seen

export class AiStrip {
  private readonly element = find("[data-ai-strip]");
  private readonly plot = find("[data-ai-strip-plot]");
  private readonly words = find("[data-ai-strip-words]");
  private readonly drawing = document.createElementNS(SVG, "svg");
  private readonly mark = document.createElement("span");
  private stack: Stack | null = null;
  private values: SliceProbabilities | null = null;
  private key = "";

  constructor(private readonly grid: ViewportGrid) {
    this.drawing.setAttribute("preserveAspectRatio", "none");
    this.drawing.setAttribute("aria-hidden", "true");
    this.mark.className = "vw-ai-strip-mark";
    this.plot.append(this.drawing, this.mark);
    const go = (event: PointerEvent) => {
      const { left, width } = this.plot.getBoundingClientRect();
      const count = this.values?.slices.length ?? 0;
      if (count) grid.scrollTo(sliceAt((event.clientX - left) / width, count));
    };
    this.plot.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.preventDefault();
      this.plot.focus({ preventScroll: true });
      this.plot.setPointerCapture(event.pointerId);
      go(event);
    });
    this.plot.addEventListener("pointermove", (event) => {
      if (this.plot.hasPointerCapture(event.pointerId)) go(event);
    });
  }

  show(): void {
    const { stack } = this.grid.active;
    const values = stack && stack.images.length > 1 ? probabilitiesOf(stack) : null;
    const key = JSON.stringify(values);
    if (stack !== this.stack || key !== this.key) {
      [this.stack, this.key, this.values] = [stack, key, values];
      this.draw();
    }
    // Its room is kept while it stands for another viewport: the images are not to jump.
    const isAnywhere = this.grid.viewports.some(
      (one) => one.stack && one.stack.images.length > 1 && probabilitiesOf(one.stack),
    );
    this.element.hidden = !isAnywhere;
    this.element.classList.toggle("vw-ai-strip-empty", !values);
    if (!values) return;
    // Of the image that is drawn, as every word about one; the next may still load.
    const at = sliceOnScreen(this.grid.active);
    this.mark.hidden = at === null;
    const said = at === null ? "" : wordsOf(values.slices[at]!);
    const text = at === null ? "" : `Image ${stack!.images[at]!.number}: ${said}`;
    if (this.words.textContent !== text) this.words.textContent = text;
    this.plot.setAttribute("aria-valuetext", text);
    if (at === null) return;
    this.mark.style.left = `${((at + 0.5) / values.slices.length) * 100}%`;
    this.plot.setAttribute("aria-valuenow", String(at + 1));
  }

  private draw(): void {
    const { values } = this;
    if (!values) {
      this.drawing.replaceChildren();
      this.words.textContent = "";
      return;
    }
    const { slices, threshold, release } = values;
    find("[data-ai-strip-release]").textContent = release;
    this.plot.setAttribute("aria-valuemax", String(slices.length));
    this.plot.title = `AI: probability of a tumor along the slices, by ${release}. Dashed: the threshold ${probabilityOf(threshold)}. A suggestion, not a diagnosis.`;
    this.drawing.setAttribute("viewBox", `0 0 ${slices.length} 100`);
    const bars = (name: string, top: (value: SliceProbabilities["slices"][number]) => number) => {
      const d = slices.flatMap((value, at) => {
        const height = top(value);
        return height ? [`M${at} 100v${-height}h1v${height}z`] : [];
      });
      return path(name, d.join(""));
    };
    const heightOf = (value: number) => Math.max(LEAST, value * 100);
    const isNumber = (value: unknown): value is number => typeof value === "number";
    const line = 100 - threshold * 100;
    this.drawing.replaceChildren(
      bars("vw-ai-strip-abstained", (value) => (value === "abstained" ? 100 : 0)),
      bars("vw-ai-strip-below", (value) =>
        isNumber(value) && value < threshold ? heightOf(value) : 0,
      ),
      bars("vw-ai-strip-above", (value) =>
        isNumber(value) && value >= threshold ? heightOf(value) : 0,
      ),
      path("vw-ai-strip-threshold", `M0 ${line}H${slices.length}`),
    );
  }

  /** To the slice with the highest probability; from there to the next highest. */
  nextHighest(): void {
    const { stack, index } = this.grid.active;
    const values = stack && probabilitiesOf(stack);
    const order = values ? highestFirst(values) : [];
    if (!values || !order.length) {
      refuse("There is no AI result along the slices of this series.");
      return;
    }
    const next = order[(order.indexOf(index) + 1) % order.length]!;
    this.grid.scrollTo(next);
    const rank = order.indexOf(next) + 1;
    tell(
      `Image ${stack!.images[next]!.number}: ${wordsOf(values.slices[next]!)}, ${rank} of ${order.length}, by ${values.release}.`,
    );
  }
}

function wordsOf(value: SliceProbabilities["slices"][number]): string {
  if (value === null) return "not analyzed";
  return value === "abstained" ? "no AI opinion" : probabilityOf(value);
}

function path(name: string, d: string): SVGPathElement {
  const element = document.createElementNS(SVG, "path");
  element.setAttribute("class", name);
  element.setAttribute("d", d);
  return element;
}
