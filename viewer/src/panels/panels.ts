// The panels beside the images, each with what it needs of the viewer.

import type { AiLayer } from "../aiLayer";
import { find, rampAddress } from "../dom";
import type { Opening } from "../opening";
import type { Planes } from "../planes/planes";
import type { Pointer } from "../pointer";
import { AiPanel } from "./ai";
import { AiStrip } from "./aiStrip";
import { AnnotationsPanel } from "./annotations";
import type { AnnotationsSurroundings } from "./annotationsSurroundings";
import { ImagesPanel } from "./images";
import { SeriesStatementPanel } from "./seriesStatement";
import { SlabPanel } from "./slab";
import { ToolsPanel } from "./tools";
import { ViewPanel } from "./view";

export interface PanelsSurroundings extends AnnotationsSurroundings {
  ai: AiLayer;
  opening: Opening;
  pointer: Pointer;
  planes: Planes;
  /** Stops what moves the images by itself; whether something did. */
  settle: () => boolean;
  /** Opens another study of the patient beside. */
  beside: (address: string) => void;
}

export type Panels = ReturnType<typeof makePanels>;

export function makePanels(around: PanelsSurroundings) {
  const { grid, store, drawingTool, ai, opening, pointer, planes, settle, beside } = around;
  return {
    view: new ViewPanel(grid),
    tools: new ToolsPanel(grid, pointer, drawingTool, store),
    ai: new AiPanel(
      grid,
      ai.heat,
      {
        choose: (change) => ai.choose(change),
        adopt: (analysis, region) => {
          if (!settle()) ai.adopt(analysis, region);
        },
        rampAddress,
      },
      drawingTool.mayDraw,
    ),
    series: new SeriesStatementPanel(grid, (image) => opening.showImage(image, grid)),
    slab: new SlabPanel(planes),
    strip: new AiStrip(grid),
    annotations: new AnnotationsPanel(around),
    images: new ImagesPanel(
      find("[data-series-picker]"),
      find("[data-thumbnails]"),
      find("[data-others]"),
      {
        open: (stack, index) => {
          // An image of the shown series is a scroll, which linked viewports follow.
          if (grid.active.stack === stack) grid.scrollTo(index);
          else grid.open(stack, index);
        },
        openSeries: (stack) => grid.openSeries(stack),
        beside,
      },
    ),
  };
}
