// Everything the viewer can do, by name. Keys, buttons (data-command) and tests call the same.

import { tell } from "./dom";
import type { MarkPencil } from "./drawing/pencil";
import { SHAPE_NAMES } from "./geometry";
import type { Command } from "./keys";
import type { DragTool, Pointer } from "./pointer";
import type { Stage } from "./stage";
import type { Shape } from "./types";
import { flippedAcross, flippedDown, panned, turned, zoomed } from "./view";
import { limited, PRESETS } from "./window";

export interface Doing {
  stage: Stage;
  pointer: Pointer;
  pencil: MarkPencil;
  setPanes: (count: number) => void;
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
    nextColors: () => void;
  };
  besideNext: () => void;
  layers: { toggle: (name: "own" | "others" | "regions") => void };
  marks: {
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
  freehand: "K",
  arrow: "J",
  length: "L",
  bidirectional: "D",
};
const TOOLS: Record<DragTool, [string, string]> = {
  window: ["Drag changes the window", "W"],
  pan: ["Drag moves the image", "P"],
  zoom: ["Drag zooms", "Z"],
  scroll: ["Drag scrolls the series", "S"],
};

export function commandsOf(doing: Doing): Command[] {
  const { stage, pencil, pointer } = doing;
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
  const look = (change: Parameters<Stage["look"]>[0]) => () => stage.look(change);
  const zoom = (factor: number) =>
    look((view, pane) => (pane.picture ? zoomed(view, factor, pane.picture, pane.box) : view));
  const pan = (dx: number, dy: number) =>
    look((view, pane) => (pane.picture ? panned(view, [dx, dy], pane.picture, pane.box) : view));
  const shift = (center: number, width: number) => () => {
    const pane = stage.active;
    const window = pane.currentWindow();
    if (!window || !pane.frame) return;
    const step = Math.max(1, (pane.frame.maximum - pane.frame.minimum) / 40);
    stage.setWindow(
      limited(
        { center: window.center + center * step, width: window.width + width * step },
        pane.frame,
      ),
    );
  };
  const arrow = (dx: number, dy: number, otherwise: () => void) => () => {
    if (!pencil.nudge(stage.active, dx, dy)) otherwise();
  };
  const [images, view, windowing, ai, marks, panes] = [
    "Images",
    "View",
    "Window",
    "AI layer",
    "Annotations",
    "Panes",
  ].map(command) as [
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
    ReturnType<typeof command>,
  ];
  const scroll = (by: number) => () => stage.scroll(by);
  return [
    images("previous", "Previous image; or move the mark up", "ArrowUp", arrow(0, -1, scroll(-1))),
    images("next", "Next image; or move the mark down", "ArrowDown", arrow(0, 1, scroll(1))),
    images("left", "Move the mark or cross left", "ArrowLeft", arrow(-1, 0, scroll(-1))),
    images("right", "Move the mark or cross right", "ArrowRight", arrow(1, 0, scroll(1))),
    images("back-10", "Ten images back", "PageUp", scroll(-10)),
    images("on-10", "Ten images on", "PageDown", scroll(10)),
    images("first", "First image", "Home", () => stage.scrollTo(0)),
    images("last", "Last image", "End", () => stage.scrollTo(Number.MAX_SAFE_INTEGER)),
    view("zoom-in", "Zoom in", "+", zoom(1.25)),
    view("zoom-out", "Zoom out", "-", zoom(0.8)),
    view(
      "pan-up",
      "Move the image up; or the mark by ten",
      "Shift+ArrowUp",
      arrow(0, -10, pan(0, -40)),
    ),
    view(
      "pan-down",
      "Move the image down; or the mark by ten",
      "Shift+ArrowDown",
      arrow(0, 10, pan(0, 40)),
    ),
    view(
      "pan-left",
      "Move the image left; or the mark by ten",
      "Shift+ArrowLeft",
      arrow(-10, 0, pan(-40, 0)),
    ),
    view(
      "pan-right",
      "Move the image right; or the mark by ten",
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
    view("reset", "Reset the view", "0", () => stage.reset()),
    ...Object.entries(TOOLS).map(([tool, [title, key]]) =>
      view(`drag-${tool}`, title, key, () => {
        pointer.tool = tool as DragTool;
        pencil.choose(null);
        doing.changed();
      }),
    ),
    windowing("invert", "Invert", "I", () => stage.invert()),
    windowing("wider", "Wider window", "]", shift(0, 1)),
    windowing("narrower", "Narrower window", "[", shift(0, -1)),
    windowing("brighter", "Brighter", "'", shift(-1, 0)),
    windowing("darker", "Darker", ";", shift(1, 0)),
    ...PRESETS.map((preset, n) =>
      windowing(`preset-${n}`, `Window: ${preset.name}`, `Alt+${n + 1}`, () => {
        const { frame } = stage.active;
        if (frame) stage.setWindow(n ? preset.of(frame) : null);
      }),
    ),
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
    ai("next-analysis", "Next analysis of this image", "N", () => doing.heat.next()),
    ai("compare", "Compare two analyses", "Shift+N", () => doing.heat.compare()),
    ai("regions", "Suspected regions on or off", "M", () => doing.layers.toggle("regions")),
    ai("adopt", "Turn a suspected region into my annotation", "C", () => doing.heat.adopt()),
    ...(Object.keys(SHAPE_NAMES) as Shape[]).map((shape) =>
      marks(`draw-${shape}`, `Draw: ${SHAPE_NAMES[shape].toLowerCase()}`, SHAPE_KEYS[shape], () => {
        pencil.choose(pencil.shape === shape ? null : shape);
        stage.active.element.focus({ preventScroll: true });
      }),
    ),
    marks("place", "Place a point at the cross", "Space", () => pencil.press(stage.active)),
    marks("finish", "Finish the drawing", "Enter", () =>
      pencil.draft && pencil.draft.points.length > 1 ? pencil.finish() : pencil.press(stage.active),
    ),
    marks("place-middle", "Draw by numbers: one in the middle", "Shift+Enter", () => {
      if (pencil.putInMiddle(stage.active)) doing.marks.typeNumbers();
      else tell("Choose a drawing tool first.");
    }),
    marks("cancel", "Leave the tool, or the mark", "Escape", () => pencil.cancel()),
    marks("select-next", "Choose the next mark", "T", () => doing.marks.selectNext()),
    marks("describe", "Label, note and numbers of the mark", "Shift+T", () =>
      doing.marks.describe(),
    ),
    marks("hide-mark", "Delete the mark (it can be restored)", "Delete", () =>
      doing.marks.hideSelected(),
    ),
    marks("undo", "Undo", "Ctrl+Z", () => doing.marks.undo()),
    marks("redo", "Redo", "Ctrl+Shift+Z", () => doing.marks.redo()),
    marks("own", "My annotations on or off", "Q", () => doing.layers.toggle("own")),
    marks("others", "Other readers' annotations on or off", "O", () =>
      doing.layers.toggle("others"),
    ),
    ...[1, 2, 3, 4].map((count) =>
      panes(`panes-${count}`, count === 1 ? "One pane" : `${count} panes`, String(count), () =>
        doing.setPanes(count),
      ),
    ),
    panes("beside", "Another study of the patient beside this one", "Shift+B", () =>
      doing.besideNext(),
    ),
    panes("next-pane", "Next pane", "V", () => stage.step(1)),
    panes("link", "Link the panes", "Shift+L", () => doing.toggleLink()),
    panes("full-screen", "Full screen", "U", () => doing.toggleFullScreen()),
    panes("keys", "List and change the keys", "?", () => doing.openKeys()),
  ];
}
