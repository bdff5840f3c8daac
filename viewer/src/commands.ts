// Everything the viewer can do, by name. Keys, buttons (data-command) and tests call the same. The
// server keeps the reader's own keys by these names: they stay as they are.

import { tell } from "./dom";
import type { DrawingTool } from "./drawing/tool";
import { SHAPE_NAMES, type Shape } from "./geometry";
import { type Command, KEYS_OF_VERDICTS } from "./keys";
import { neighbor } from "./panels/seriesPicker";
import type { DragTool, Pointer } from "./pointer";
import { refuse } from "./refusing";
import { refuseWhileSigning } from "./verdict/signing";
import { flippedAcross, flippedDown, panned, turned, zoomed } from "./view";
import type { ViewportGrid } from "./viewportGrid";
import { limited, PRESETS } from "./window";

export interface Doing {
  grid: ViewportGrid;
  pointer: Pointer;
  drawingTool: DrawingTool;
  setViewports: (count: number) => void;
  toggleFullScreen: () => void;
  openKeys: () => void;
  toggleLink: () => void;
  heat: {
    toggle: () => void;
    peek: (on: boolean) => void;
    next: () => void;
    compare: () => void;
    adopt: () => void;
    step: (name: "opacity" | "threshold", by: number) => void;
    nextHighest: () => void;
    nextColors: () => void;
  };
  besideNext: () => void;
  nextStudy: () => void;
  report: () => void;
  verdict: {
    decide: (decision: "accept" | "modify" | "reject") => void;
    find: (finding: string) => void;
    sign: () => void;
  };
  planes: { toggle: () => void; nextSlab: () => void };
  references: { toggle: () => void };
  layers: { toggle: (name: "own" | "others" | "regions") => void };
  annotations: {
    undo: () => void;
    redo: () => void;
    hideSelected: () => void;
    selectNext: () => void;
    typeNumbers: () => void;
    describe: () => void;
  };
  changed: () => void;
}

const SHAPE_KEYS: Record<Shape, string> = {
  rectangle: "B",
  ellipse: "E",
  polygon: "G",
  freehand: "Shift+K",
  arrow: "Shift+J",
  length: "L",
  bidirectional: "D",
  angle: "Shift+G",
};
const DECISIONS = { accept: "Accept", modify: "Modify", reject: "Reject" };
const FINDINGS = { tumor: "tumor", no_tumor: "no tumor", unsure: "unsure" };
const TOOLS: Record<DragTool, [string, string]> = {
  window: ["Drag changes the window", "W"],
  pan: ["Drag moves the image", "P"],
  zoom: ["Drag zooms", "Z"],
  scroll: ["Drag scrolls the series", "S"],
  crosshair: ["Drag places the crosshair: other viewports go there", "Shift+X"],
};

/** Only a radiologist can do it. */
const readers = (one: Command): Command => ({ ...one, isForReaders: true });

export function commandsOf(doing: Doing): Command[] {
  const { grid, drawingTool, pointer } = doing;
  const command =
    (group: string) =>
    (name: string, title: string, key: string, run: () => void, release?: () => void): Command => ({
      name,
      title,
      group,
      key,
      run,
      ...(release && { release }),
    });
  const look = (change: Parameters<ViewportGrid["look"]>[0]) => () => grid.look(change);
  const zoom = (factor: number) =>
    look((view, viewport) =>
      viewport.picture ? zoomed(view, factor, viewport.picture, viewport.box) : view,
    );
  const pan = (dx: number, dy: number) =>
    look((view, viewport) =>
      viewport.picture ? panned(view, [dx, dy], viewport.picture, viewport.box) : view,
    );
  const shift = (center: number, width: number) => () => {
    const viewport = grid.active;
    const window = viewport.currentWindow();
    if (!window || !viewport.frame) return;
    const step = Math.max(1, (viewport.frame.maximum - viewport.frame.minimum) / 40);
    grid.setWindow(
      limited(
        { center: window.center + center * step, width: window.width + width * step },
        viewport.frame,
      ),
    );
  };
  let moved: string | null = null; // the annotation of which it was said what the arrows do
  const arrow = (dx: number, dy: number, otherwise: () => void) => () => {
    if (!drawingTool.nudge(grid.active, dx, dy)) otherwise();
    else if (drawingTool.selected && drawingTool.selected !== moved) {
      moved = drawingTool.selected;
      tell("The arrows move the chosen annotation. Escape: back to the images.");
    }
  };
  const [ofVerdict, images, view, windowing, ai, annotations, viewports] = [
    "Verdict",
    "Images",
    "View",
    "Window",
    "AI layer",
    "Annotations",
    "Viewports",
  ].map(command) as [
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
  ];
  const scroll = (by: number) => () => grid.scroll(by);
  const series = (by: number) => () => {
    const { stack } = grid.active;
    const next = stack && neighbor(stack, by);
    if (next) grid.openSeries(next);
    else refuse(`There is no ${by > 0 ? "further" : "earlier"} series in this study.`);
  };
  const verdict = (name: string, title: string, key: string, run: () => void) =>
    ofVerdict(name, title, key, () => {
      if (!refuseWhileSigning(title)) run();
    });
  const fixed = (...one: Parameters<typeof verdict>) =>
    readers({ ...verdict(...one), isFixed: true });
  const drawing = (...one: Parameters<typeof annotations>) => readers(annotations(...one));
  return [
    ...(["accept", "modify", "reject"] as const).map((decision) =>
      fixed(
        `decide-${decision}`,
        `${DECISIONS[decision]} the AI result of the image on the screen`,
        KEYS_OF_VERDICTS[decision],
        () => doing.verdict.decide(decision),
      ),
    ),
    ...(["tumor", "no_tumor", "unsure"] as const).map((finding) =>
      fixed(
        `finding-${finding}`,
        `My finding for the study: ${FINDINGS[finding]}`,
        KEYS_OF_VERDICTS[finding],
        () => doing.verdict.find(finding),
      ),
    ),
    fixed("sign-next", "Sign the verdict and open the next study", KEYS_OF_VERDICTS.sign, () =>
      doing.verdict.sign(),
    ),
    readers(
      verdict("next-study", "Read the next study; this one stays as it is", "N", () =>
        doing.nextStudy(),
      ),
    ),
    {
      ...verdict("report", "The report of this study: write it, or read it", "Shift+W", () =>
        doing.report(),
      ),
      titleForOthers: "Read the report of this study",
    },
    images("next-image", "Next image", "J", scroll(1)),
    images("previous-image", "Previous image", "K", scroll(-1)),
    images(
      "previous",
      "Previous image; or move the annotation up",
      "ArrowUp",
      arrow(0, -1, scroll(-1)),
    ),
    images("next", "Next image; or move the annotation down", "ArrowDown", arrow(0, 1, scroll(1))),
    images(
      "left",
      "Previous image; or move the annotation or cross left",
      "ArrowLeft",
      arrow(-1, 0, scroll(-1)),
    ),
    images(
      "right",
      "Next image; or move the annotation or cross right",
      "ArrowRight",
      arrow(1, 0, scroll(1)),
    ),
    images("back-10", "Ten images back", "PageUp", scroll(-10)),
    images("on-10", "Ten images on", "PageDown", scroll(10)),
    images("next-series", "Next series", "Shift+PageDown", series(1)),
    images("previous-series", "Previous series", "Shift+PageUp", series(-1)),
    images("first", "First image", "Home", () => grid.scrollTo(0)),
    images("last", "Last image", "End", () => grid.scrollTo(Number.MAX_SAFE_INTEGER)),
    view("zoom-in", "Zoom in", "+", zoom(1.25)),
    view("zoom-out", "Zoom out", "-", zoom(0.8)),
    view(
      "pan-up",
      "Move the image up; or the annotation by ten",
      "Shift+ArrowUp",
      arrow(0, -10, pan(0, -40)),
    ),
    view(
      "pan-down",
      "Move the image down; or the annotation by ten",
      "Shift+ArrowDown",
      arrow(0, 10, pan(0, 40)),
    ),
    view(
      "pan-left",
      "Move the image left; or the annotation by ten",
      "Shift+ArrowLeft",
      arrow(-10, 0, pan(-40, 0)),
    ),
    view(
      "pan-right",
      "Move the image right; or the annotation by ten",
      "Shift+ArrowRight",
      arrow(10, 0, pan(40, 0)),
    ),
    view(
      "rotate-right",
      "Rotate right",
      ".",
      look((one) => turned(one, 90)),
    ),
    view(
      "rotate-left",
      "Rotate left",
      ",",
      look((one) => turned(one, 270)),
    ),
    view("flip-across", "Flip left and right", "X", look(flippedAcross)),
    view("flip-down", "Flip top and bottom", "Y", look(flippedDown)),
    view("reset", "Reset the view", "0", () => grid.reset()),
    ...Object.entries(TOOLS).map(([tool, [title, key]]) =>
      view(`drag-${tool}`, title, key, () => {
        pointer.tool = tool as DragTool;
        drawingTool.choose(null);
        doing.changed();
      }),
    ),
    windowing("invert", "Invert", "I", () => grid.invert()),
    windowing("wider", "Wider window", "]", shift(0, 1)),
    windowing("narrower", "Narrower window", "[", shift(0, -1)),
    windowing("brighter", "Brighter", "'", shift(-1, 0)),
    windowing("darker", "Darker", ";", shift(1, 0)),
    ...PRESETS.map((preset, n) =>
      windowing(`preset-${n}`, `Window: ${preset.name}`, `Alt+${n + 1}`, () => {
        const { frame } = grid.active;
        if (frame) grid.setWindow(n ? preset.of(frame) : null);
      }),
    ),
    windowing("next-window", "Next window of the file", "Alt+0", () => {
      const { frame, window } = grid.active;
      if (!frame) return;
      if (frame.windows.length < 2) {
        refuse("The file of this image states no further window.");
        return;
      }
      const at = frame.windows.findIndex(
        ({ center, width }) => center === window?.center && width === window.width,
      );
      grid.setWindow(frame.windows[(Math.max(0, at) + 1) % frame.windows.length]!);
    }),
    ai(
      "peek",
      "Show the heatmap while held",
      "H",
      () => doing.heat.peek(true),
      () => doing.heat.peek(false),
    ),
    ai("heatmap", "Heatmap on or off", "Shift+H", () => doing.heat.toggle()),
    ai("more-opaque", "Heatmap more opaque", "Alt+ArrowUp", () => doing.heat.step("opacity", 10)),
    ai("less-opaque", "Heatmap clearer", "Alt+ArrowDown", () => doing.heat.step("opacity", -10)),
    ai("higher", "Higher threshold", "Alt+PageUp", () => doing.heat.step("threshold", 5)),
    ai("lower", "Lower threshold", "Alt+PageDown", () => doing.heat.step("threshold", -5)),
    ai("colors", "Next colors of the heatmap", "Shift+C", () => doing.heat.nextColors()),
    ai("highest-slice", "The slice with the highest probability, then the next", "Shift+U", () =>
      doing.heat.nextHighest(),
    ),
    ai("next-analysis", "Next analysis of this image", "Shift+M", () => doing.heat.next()),
    ai("compare", "Compare two analyses", "Shift+N", () => doing.heat.compare()),
    ai("regions", "Suspected regions on or off", "M", () => doing.layers.toggle("regions")),
    readers(
      ai("adopt", "Copy a suspected region to my annotations", "C", () => doing.heat.adopt()),
    ),
    ...(Object.keys(SHAPE_NAMES) as Shape[]).map((shape) =>
      drawing(
        `draw-${shape}`,
        `Draw: ${SHAPE_NAMES[shape].toLowerCase()}`,
        SHAPE_KEYS[shape],
        () => {
          drawingTool.choose(drawingTool.shape === shape ? null : shape);
          grid.active.element.focus({ preventScroll: true });
        },
      ),
    ),
    drawing("place", "Place a point at the cross", "Space", () => drawingTool.press(grid.active)),
    drawing("finish", "Finish the drawing", "Enter", () =>
      drawingTool.unfinished && drawingTool.unfinished.points.length > 1
        ? drawingTool.finish()
        : drawingTool.press(grid.active),
    ),
    drawing("place-middle", "Draw by numbers: one in the middle", "Shift+Enter", () => {
      if (drawingTool.putInMiddle(grid.active)) doing.annotations.typeNumbers();
      else refuse("Choose a drawing tool first.");
    }),
    annotations("cancel", "Leave the tool, or the annotation", "Escape", () =>
      drawingTool.cancel(),
    ),
    annotations("select-next", "Choose the next annotation", "T", () =>
      doing.annotations.selectNext(),
    ),
    drawing("describe", "Label, note and numbers of the annotation", "Shift+T", () =>
      doing.annotations.describe(),
    ),
    drawing("hide-mark", "Delete the annotation (it can be restored)", "Delete", () =>
      doing.annotations.hideSelected(),
    ),
    drawing("undo", "Undo", "Ctrl+Z", () => doing.annotations.undo()),
    drawing("redo", "Redo", "Ctrl+Shift+Z", () => doing.annotations.redo()),
    annotations("own", "My annotations on or off", "Q", () => doing.layers.toggle("own")),
    annotations("others", "Other readers' annotations on or off", "O", () =>
      doing.layers.toggle("others"),
    ),
    ...[1, 2, 3, 4].map((count) =>
      viewports(
        `panes-${count}`,
        count === 1 ? "One viewport" : `${count} viewports`,
        String(count + 4), // 1, 2 and 3 are the reader's finding
        () => doing.setViewports(count),
      ),
    ),
    viewports("beside", "Another study of the patient beside this one", "Shift+B", () =>
      doing.besideNext(),
    ),
    viewports("next-pane", "Next viewport", "V", () => grid.step(1)),
    viewports("references", "Reference lines on or off", "Shift+E", () =>
      doing.references.toggle(),
    ),
    viewports("planes", "Axial, coronal and sagittal planes of the series", "Shift+O", () =>
      doing.planes.toggle(),
    ),
    viewports("slab", "Slab of the planes: none, maximum, average", "Shift+Y", () =>
      doing.planes.nextSlab(),
    ),
    viewports("link", "Link the viewports", "Shift+L", () => doing.toggleLink()),
    viewports("full-screen", "Full screen", "U", () => doing.toggleFullScreen()),
    viewports("keys", "List and change the keys", "?", () => doing.openKeys()),
  ];
}
