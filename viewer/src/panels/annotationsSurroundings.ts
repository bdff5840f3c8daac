// What the list of annotations and the parts below it have in common.

import type { AnnotationStore } from "../annotations/store";
import type { DrawingTool } from "../drawing/tool";
import type { Annotation } from "../types";
import type { ViewportGrid } from "../viewportGrid";

export interface AnnotationsSurroundings {
  grid: ViewportGrid;
  store: AnnotationStore;
  drawingTool: DrawingTool;
  touched: () => void;
  /** What was changed a moment ago is at the server, or cannot get there now. */
  settled: () => Promise<void>;
  colorOf: (annotation: Annotation) => string;
  fault: (error: unknown, at?: HTMLElement | null) => void;
}
