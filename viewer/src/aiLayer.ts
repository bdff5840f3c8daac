// What the reader does with the AI's result: heatmap, comparison, regions taken over.

import type { AnnotationStore } from "./annotations/store";
import type { Shown } from "./annotations/visible";
import { read } from "./api";
import { newId, tell } from "./dom";
import type { DrawingTool } from "./drawing/tool";
import { COLOR_MAPS, type HeatChoice } from "./heat";
import { refuse } from "./refusing";
import {
  learnResults,
  type OpenStudy,
  outlineOfRegion,
  resultsOf,
  stampOf,
  statementOf,
} from "./studies";
import type { Analysis, Region, ViewerStudy } from "./types";
import type { Viewport } from "./viewport";
import type { ViewportGrid } from "./viewportGrid";

export interface AiSurroundings {
  /** The study that the page is of, and its verdict: others may stand beside it. */
  study: string;
  grid: ViewportGrid;
  store: AnnotationStore;
  drawingTool: DrawingTool;
  shown: Shown;
  setViewports: (count: number) => void;
  touched: () => void;
  /** Whether the AI panel is on the screen. */
  isPanelOpen: () => boolean;
  /** Whether the verdict's controls name the result of this analysis. */
  isNamed: (analysis: string) => boolean;
  /** What is printed on the key of a command; empty where it has none. */
  keyOf: (command: string) => string;
  /** `isLook`: how it looks was chosen, not only whether it is shown. */
  chosen: (isLook: boolean) => void;
}

export class AiLayer {
  readonly heat: HeatChoice = { on: false, opacity: 50, threshold: 0, colors: "warm_cool" };
  private readonly adopted = new Map<Region, string>(); // to the id of the annotation it became
  private before = false; // what the heatmap was before it was peeked at

  constructor(private readonly around: AiSurroundings) {}

  choose(change: Partial<HeatChoice>): void {
    Object.assign(this.heat, change);
    this.around.chosen(["colors", "opacity", "threshold"].some((name) => name in change));
    this.around.grid.redraw();
  }

  peek(on: boolean): void {
    if (on) this.before = this.heat.on;
    this.choose({ on: on || this.before });
  }

  step(name: "opacity" | "threshold", by: number): void {
    const most = name === "opacity" ? 100 : 95;
    this.choose({ [name]: Math.min(most, Math.max(0, this.heat[name] + by)), on: true });
  }

  nextColors(): void {
    const next = COLOR_MAPS[(COLOR_MAPS.indexOf(this.heat.colors) + 1) % COLOR_MAPS.length]!;
    this.choose({ colors: next });
  }

  /** The same image twice, each under another analysis. */
  compare(): void {
    const grid = this.around.grid;
    const { onScreen: image, stack, analysis } = grid.active;
    const results = image ? resultsOf(image) : [];
    const other = results.find((one) => one.id !== analysis?.id);
    if (!image || !stack || !analysis || !other) return;
    this.around.setViewports(2);
    const [left, right] = grid.viewports as [Viewport, Viewport];
    left.chosen.set(image.id, analysis.id);
    right.chosen.set(image.id, other.id);
    const index = stack.images.indexOf(image);
    grid.open(stack, index, left);
    grid.open(stack, index, right);
    this.choose({ on: true });
  }

  adopt(analysis: Analysis, region: Region): void {
    const { store, drawingTool, grid, touched } = this.around;
    const image = grid.active.onScreen;
    // A region is of one analysis, and that of one image.
    if (!image?.analyses.includes(analysis) || !drawingTool.mayDraw) return;
    if (!this.areRegionsShown()) return;
    const id = newId();
    const geometry = { shape: "polygon" as const, points: outlineOfRegion(region) };
    store.draw(id, image.id, geometry, analysis.id);
    this.adopted.set(region, id);
    drawingTool.select(id);
    touched();
    tell("The region is copied to your annotations. Correct it as you see it.");
  }

  /** The region with the highest score that is not the reader's already. */
  adoptBest(): void {
    const { analysis, onScreen: image } = this.around.grid.active;
    if (!this.around.drawingTool.mayDraw) {
      refuse("Radiologists draw annotations.");
      return;
    }
    if (!this.areRegionsShown()) return;
    const free = image && analysis?.regions?.filter((one) => !this.isMine(one, image.id));
    const best = free?.sort((one, other) => other.score - one.score)[0];
    if (best) this.adopt(analysis!, best);
    else if (analysis?.regions?.length)
      refuse("Every suspected region of this image is yours already.");
    else refuse("There is no suspected region on this image.");
  }

  /** What nobody sees is not made the reader's own; it is said how to see it. */
  private areRegionsShown(): boolean {
    const { shown, keyOf } = this.around;
    if (shown.regions) return true;
    const key = keyOf("regions");
    refuse(`Show the suspected regions first${key && `: press ${key}`}.`);
    return false;
  }

  /** Taken over before, and corrected since or not; in an earlier visit: where it is as it was. */
  private isMine(region: Region, image: string): boolean {
    const { store } = this.around;
    const adopted = store.draft(this.adopted.get(region) ?? "");
    if (adopted) return !adopted.hidden;
    const outline = JSON.stringify(outlineOfRegion(region));
    return store.ids(image).some((id) => {
      const { geometry } = store.draft(id)!;
      return geometry.shape === "polygon" && JSON.stringify(geometry.points) === outline;
    });
  }

  /** After a finding was committed the server may tell what it withheld (read-first clinics). */
  async readAgain(studies: OpenStudy[]): Promise<void> {
    for (const study of studies.filter((one) => !one.info.ai_visible)) {
      const info: ViewerStudy = await read(study.address);
      if (!info.ai_visible) continue;
      learnResults(study, info);
      this.around.grid.redraw();
      this.around.grid.changed.emit();
    }
  }

  /** Tells the verdict panel what of the AI was on the screen. */
  report(): void {
    const { shown, grid, study } = this.around;
    const [layers, analyses] = [new Set<string>(), new Set<string>()];
    for (const viewport of grid.viewports) {
      const { analysis, element, stack } = viewport;
      if (!analysis || stack?.study.info.id !== study) continue;
      const seen = [
        ...(viewport === grid.active && this.isTold(analysis) ? ["label", "confidence"] : []),
        ...(element.dataset.heat === analysis.id ? ["heatmap"] : []),
        ...(shown.regions && analysis.regions?.length ? ["regions"] : []),
      ];
      for (const name of seen) layers.add(name);
      if (seen.length) analyses.add(analysis.id);
    }
    if (analyses.size) announce({ study, layers: [...layers], analyses: [...analyses] });
    this.reportStatement();
  }

  private isTold({ id }: Analysis): boolean {
    return this.around.isPanelOpen() || this.around.isNamed(id);
  }

  /** What is stated of the series in the active viewport: on the screen while its panel is open. */
  reportStatement(): void {
    const { study, grid } = this.around;
    const { stack } = grid.active;
    if (!stack || stack.study.info.id !== study) return;
    const statement = statementOf(stack);
    if (!statement || !this.around.isPanelOpen()) return;
    announce({ study, layers: ["series"], statements: [stampOf(statement)] });
  }
}

interface Told {
  study: string;
  layers: string[];
  analyses?: string[];
  statements?: string[];
}

function announce(detail: Told): void {
  document.dispatchEvent(new CustomEvent("ai-layers", { detail }));
}
