// The buttons: which is pressed, what the chosen tool asks for, and each one's key.

import type { AnnotationStore } from "../annotations/store";
import { all, find } from "../dom";
import type { DrawingTool } from "../drawing/tool";
import { type Choices, type Command, keysOf, shownKey } from "../keys";
import { turnedBy } from "../orientation";
import type { Pointer } from "../pointer";
import type { ViewportGrid } from "../viewportGrid";

export class ToolsPanel {
  constructor(
    private readonly grid: ViewportGrid,
    private readonly pointer: Pointer,
    private readonly drawingTool: DrawingTool,
    private readonly store: AnnotationStore,
  ) {}

  show(): void {
    const { shape, unfinished } = this.drawingTool;
    const count = String(this.grid.viewports.length);
    for (const one of all("[data-shape]")) press(one, one.dataset.shape === shape);
    for (const one of all("[data-tool]")) {
      press(one, !shape && one.dataset.tool === this.pointer.tool);
    }
    for (const one of all("[data-toolbar] [data-viewports]"))
      press(one, one.dataset.viewports === count);
    for (const [name, on] of Object.entries(turnedBy(this.grid.active.view))) {
      for (const one of all(`[data-command="${name}"]`)) press(one, on);
    }
    for (const one of all("[data-linked]")) {
      press(one, Object.values(this.grid.links).some(Boolean));
    }
    for (const one of all("[data-place-middle]")) one.hidden = !shape;
    for (const one of all("[data-hint]")) {
      const hint = hintOf(shape, Boolean(unfinished));
      if (one.textContent !== hint) one.textContent = hint;
    }
    for (const one of all<HTMLButtonElement>("[data-undo]")) one.disabled = !this.store.canUndo;
    for (const one of all<HTMLButtonElement>("[data-redo]")) one.disabled = !this.store.canRedo;
  }

  nameKeys(commands: Command[], choices: Choices): void {
    const keys = new Map(
      [...keysOf(commands, choices)].map(([name, key]) => [name, shownKey(key)]),
    );
    const titles = new Map(commands.map((one) => [one.name, one.title]));
    for (const one of all("[data-command]")) {
      const key = keys.get(one.dataset.command!);
      const name = titles.get(one.dataset.command!);
      const own = one.querySelector("[data-key]");
      if (own) own.textContent = key ?? "";
      else if (name && one.closest("[data-toolbar]"))
        one.dataset.tip = key ? `${name} (${key})` : name;
      else one.title = key ? `Key: ${key}` : "";
    }
    for (const one of all("[data-key-of]")) one.textContent = keys.get(one.dataset.keyOf!) ?? "";
    find("[data-peek-key]").textContent = keys.get("peek") || "no key";
  }
}

function press(one: HTMLElement, on: boolean): void {
  one.setAttribute("aria-pressed", String(on));
}

function hintOf(shape: string | null, hasBegun: boolean): string {
  if (!shape) return "Choose a tool to draw, or an annotation to change it.";
  if (shape === "polygon") {
    return "Click each corner. A double-click, the first corner again or Enter closes it.";
  }
  if (shape === "angle")
    return "Click an end of one side, the vertex, and the end of the other side.";
  if (shape === "freehand")
    return "Drag along the outline, or click points; a double-click or Enter ends it.";
  if (hasBegun) return "Click where it ends. Keys: arrows, then Space.";
  return "Drag, or click where it begins and where it ends. Keys: arrows move a cross, Space places a point.";
}
