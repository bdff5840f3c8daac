// The heatmap over the image of one viewport: painted once for an analysis, a choice of colors and a threshold.

import { type HeatChoice, heatOf, painted, rampOf } from "./heat";
import { make } from "./signal";
import type { Analysis, ViewerImage } from "./types";
import type { Affine, Box } from "./view";

export interface HeatSurroundings {
  heat: () => HeatChoice;
  rampAddress: (colors: HeatChoice["colors"]) => string;
  onFault: (error: unknown) => void;
}

/** What stands on the screen now: of a viewport, asked anew after each wait. */
interface Shown {
  readonly analysis: Analysis | null;
  readonly onScreen: ViewerImage | null;
  readonly matrix: Affine | null;
  readonly box: Box;
  readonly element: HTMLElement;
}

export class HeatLayer {
  readonly canvas = make("canvas", { class: "vw-heat", "aria-hidden": "true" });
  private key = "";
  private picture: HTMLCanvasElement | null = null;

  constructor(
    private readonly around: HeatSurroundings,
    private readonly viewport: Shown,
  ) {}

  async draw(): Promise<void> {
    const choice = this.around.heat();
    const { analysis, onScreen: image, matrix, box, element } = this.viewport;
    const context = this.canvas.getContext("2d")!;
    const ratio = devicePixelRatio;
    const wanted = choice.on && analysis?.heatmap_url && image;
    // Before the next one is here, and where it never comes: no heatmap stands over another image.
    if (!wanted || element.dataset.heat !== analysis.id) this.wipe();
    if (!wanted) return;
    const key = `${analysis.id} ${choice.colors} ${choice.threshold}`;
    if (key !== this.key) {
      try {
        const [heat, ramp] = await Promise.all([
          heatOf(analysis.heatmap_url!),
          rampOf(this.around.rampAddress(choice.colors)),
        ]);
        if (this.viewport.onScreen !== image || this.viewport.analysis !== analysis) return;
        this.picture = painted(heat, ramp, choice.threshold);
        this.key = key;
      } catch (error) {
        this.around.onFault(error);
        return;
      }
    }
    if (!this.around.heat().on) return this.draw(); // let go of the key meanwhile
    this.canvas.width = Math.round(box.width * ratio);
    this.canvas.height = Math.round(box.height * ratio);
    const { a, b, c, d, e, f } = matrix!;
    context.setTransform(a * ratio, b * ratio, c * ratio, d * ratio, e * ratio, f * ratio);
    context.globalAlpha = choice.opacity / 100;
    context.drawImage(this.picture!, 0, 0, image.width, image.height);
    element.dataset.heat = analysis.id;
  }

  wipe(): void {
    const { element } = this.viewport;
    if (!element.dataset.heat) return;
    this.canvas.width = this.canvas.width; // wipes it
    delete element.dataset.heat;
  }

  /** The heatmap that is over the image now. */
  get shown(): { picture: HTMLCanvasElement; opacity: number } | null {
    const picture = this.viewport.element.dataset.heat ? this.picture : null;
    return picture && { picture, opacity: this.around.heat().opacity };
  }
}
