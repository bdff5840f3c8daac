// The AI layer: which analysis, how its heatmap is shown, and the regions it suspects.

import type { HeatChoice } from "../heat";
import { button, make } from "../signal";
import { operatingPointOf, opinionOf, releaseOf, resultsOf } from "../studies";
import type { Analysis, Region } from "../types";
import type { ViewportGrid } from "../viewportGrid";

const find = <T extends HTMLElement>(selector: string) => document.querySelector<T>(selector)!;

export interface AiDoing {
  choose: (change: Partial<HeatChoice>) => void;
  adopt: (analysis: Analysis, region: Region) => void;
  rampAddress: (colors: HeatChoice["colors"]) => string;
}

export class AiPanel {
  private readonly some = find("[data-ai-some]");
  private readonly analysis = find<HTMLSelectElement>("[data-analysis]");
  private readonly on = find<HTMLInputElement>("[data-heat-on]");
  private readonly opacity = find<HTMLInputElement>("[data-opacity]");
  private readonly threshold = find<HTMLInputElement>("[data-threshold]");
  private readonly colors = find<HTMLSelectElement>("[data-colors]");
  private readonly regions = find<HTMLInputElement>('[data-layer="regions"]');
  private shown = "";

  constructor(
    private readonly grid: ViewportGrid,
    private readonly choice: HeatChoice,
    private readonly doing: AiDoing,
    private readonly mayDraw: boolean,
  ) {
    this.on.addEventListener("change", () => doing.choose({ on: this.on.checked }));
    this.opacity.addEventListener("input", () =>
      doing.choose({ opacity: this.opacity.valueAsNumber, on: true }),
    );
    this.threshold.addEventListener("input", () =>
      doing.choose({ threshold: this.threshold.valueAsNumber, on: true }),
    );
    this.colors.addEventListener("change", () =>
      doing.choose({ colors: this.colors.value as HeatChoice["colors"] }),
    );
    this.analysis.addEventListener("change", () => this.take(this.analysis.value));
  }

  private take(id: string): void {
    const viewport = this.grid.active;
    if (!viewport.onScreen) return;
    viewport.chosen.set(viewport.onScreen.id, id);
    viewport.request();
    this.show();
  }

  /** The one after the shown one. */
  next(): void {
    const viewport = this.grid.active;
    const results = viewport.onScreen ? resultsOf(viewport.onScreen) : [];
    const at = results.findIndex((one) => one.id === viewport.analysis?.id);
    const next = results[(at + 1) % results.length];
    if (next) this.take(next.id);
  }

  show(): void {
    const { onScreen: image, analysis, stack } = this.grid.active;
    const isHidden = stack?.study.info.ai_visible === false;
    const results = image ? resultsOf(image) : [];
    find("[data-ai-hidden]").hidden = !isHidden;
    find("[data-ai-none]").hidden = isHidden || results.length > 0;
    this.some.hidden = results.length === 0;
    this.on.checked = this.choice.on;
    this.opacity.value = String(this.choice.opacity);
    this.threshold.value = String(this.choice.threshold);
    this.colors.value = this.choice.colors;
    find("[data-opacity-text]").textContent = `${this.choice.opacity} %`;
    find("[data-threshold-text]").textContent = `${this.choice.threshold} %`;
    const legend = find<HTMLImageElement>("[data-legend]");
    const ramp = this.doing.rampAddress(this.choice.colors);
    if (legend.getAttribute("src") !== ramp) legend.src = ramp;
    // Captions describe what is switched on.
    find("[data-heat-caption]").hidden = !this.choice.on;
    find("[data-legend-row]").hidden = !this.choice.on;
    find("[data-regions-caption]").hidden = !this.regions.checked;
    find("[data-compare]").hidden = results.length < 2;
    const state = `${image?.id} ${analysis?.id}`;
    if (state === this.shown) return;
    this.shown = state;
    this.analysis.replaceChildren(
      ...results.map((one) => make("option", { value: one.id }, releaseOf(one))),
    );
    if (!analysis) {
      const abstained = image?.analyses.find((one) => one.status === "abstained");
      find("[data-ai-none]").textContent = abstained
        ? `No AI opinion, by ${releaseOf(abstained)}. ${abstained.message ?? ""}`
        : "There is no finished analysis of this image.";
      return;
    }
    this.analysis.value = analysis.id;
    find("[data-opinion]").textContent = opinionOf(analysis);
    find("[data-operating]").textContent = stack ? operatingPointOf(stack, analysis) : "";
    find("[data-release]").textContent = `By ${releaseOf(analysis)}.`;
    this.showRegions(analysis);
  }

  private showRegions(analysis: Analysis): void {
    const { regions } = analysis;
    find("[data-regions-section]").hidden = !regions; // the release looks for none
    if (!regions) return;
    find("[data-regions-some]").hidden = regions.length === 0;
    find("[data-regions-none]").hidden = regions.length > 0;
    const rows = regions.map((region, n) => {
      const name = regions.length > 1 ? `Region ${n + 1}` : "Region";
      const text = `${name}: score ${region.score.toFixed(2)}, ${areaOf(region)}`;
      const adopt = button("Copy to my annotations", () => this.doing.adopt(analysis, region), {
        "aria-label": `Copy ${name.toLowerCase()} to my annotations`,
      });
      return make("li", {}, make("span", {}, text), ...(this.mayDraw ? [adopt] : []));
    });
    find("[data-regions]").replaceChildren(...rows);
  }
}

function areaOf({ area_mm2, area_px }: Region): string {
  return area_mm2 === null ? `${Math.round(area_px)} px²` : `${Math.round(area_mm2)} mm²`;
}
