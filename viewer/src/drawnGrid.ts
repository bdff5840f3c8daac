// The viewports with what draws their images: the graphics card, or the processor where there is none.

import { find, rampAddress } from "./dom";
import type { Frames } from "./frames";
import { CanvasRenderer } from "./renderers/canvas";
import { CornerstoneRenderer, readFramesFrom } from "./renderers/cornerstone";
import type { Status } from "./status";
import { pictureOf } from "./studies";
import type { ViewerImage } from "./types";
import type { Surroundings } from "./viewport";
import { ViewportGrid } from "./viewportGrid";

interface GridSurroundings extends Pick<Surroundings, "heat" | "regionsShown" | "onFault"> {
  frames: Frames;
  imageOf: (address: string) => ViewerImage | undefined;
  status: Status;
}

export function drawnGrid(around: GridSurroundings, hasGraphics: boolean): ViewportGrid {
  const { frames, imageOf, status, heat, regionsShown, onFault } = around;
  readFramesFrom((address) => {
    const [frame, image] = [frames.ready(address), imageOf(address)];
    return frame && image && { frame, picture: pictureOf(image) };
  });
  if (!hasGraphics) {
    status.notice(
      "webgl",
      "This browser has no WebGL, so images are drawn more slowly. Turn on hardware acceleration in its settings, or use another browser.",
    );
  }
  document.body.dataset.graphics = hasGraphics ? "webgl" : "canvas";
  return new ViewportGrid(find("[data-viewport-grid]"), {
    frames,
    heat,
    regionsShown,
    rampAddress,
    makeRenderer: (host) =>
      hasGraphics ? new CornerstoneRenderer(host) : new CanvasRenderer(host),
    onFault,
  });
}
