// Every version of an annotation, the newest first, each to be had back.

import { addressOf, Refused, readAll, send } from "../api";
import { find } from "../dom";
import { pressedButton } from "../refusing";
import { button, make } from "../signal";
import { timeOf } from "../times";
import type { Annotation, AnnotationVersion } from "../types";
import type { AnnotationsSurroundings } from "./annotationsSurroundings";

export class AnnotationHistory {
  private readonly place = find("[data-history]");
  private open = { id: "", version: 0 };

  constructor(private readonly around: AnnotationsSurroundings) {}

  /** Closed with its annotation, and read anew where the annotation has a newer version. */
  show(): void {
    const { id, version } = this.open;
    if (!id) return;
    if (id !== this.around.drawingTool.selected) this.close();
    else if (this.versionOf(id) > version) void this.read(id);
  }

  async read(id: string, withFocus = false): Promise<void> {
    this.open = { id, version: this.versionOf(id) };
    const at = withFocus ? pressedButton() : null;
    try {
      const versions = await readAll<AnnotationVersion>(addressOf(`annotations/${id}/history/`));
      if (this.open.id !== id) return;
      this.place.replaceChildren(
        make("h3", { class: "vw-h", tabindex: "-1" }, "History"),
        make("ol", { class: "vw-list" }, ...versions.map((one, n) => this.row(id, one, n === 0))),
        button("Close the history", () => this.close()),
      );
      this.place.hidden = false;
      if (withFocus) this.place.querySelector("h3")!.focus();
    } catch (error) {
      this.around.fault(error, at);
    }
  }

  private versionOf(id: string): number {
    const { store } = this.around;
    const annotation = store.known(id) ?? store.others.find((one) => one.id === id);
    return annotation?.version ?? 0;
  }

  private row(id: string, version: AnnotationVersion, isNewest: boolean): HTMLElement {
    const how = version.restored_from ? `restored from ${version.restored_from}` : version.how;
    const label = version.label ? `, ${version.label}` : "";
    const text = `${version.version}: ${how}, ${timeOf(version.made_at)}${label}`;
    const restore = button("Restore", () => void this.restore(id, version.version), {
      "aria-label": `Restore version ${version.version}`,
    });
    const { store, drawingTool } = this.around;
    const mayRestore = !isNewest && drawingTool.mayDraw && store.known(id) !== null;
    return make("li", {}, make("span", {}, text), ...(mayRestore ? [restore] : []));
  }

  private async restore(id: string, version: number): Promise<void> {
    const { store, touched, settled, fault } = this.around;
    const at = pressedButton();
    try {
      await settled(); // else the change on its way would make the restore a conflict
      const known = store.known(id);
      if (!known) return;
      const body = { version: known.version, restore: version };
      store.restored(await send<Annotation>(addressOf(`annotations/${id}/restore/`), body));
      touched();
      await this.read(id, true);
    } catch (error) {
      if (error instanceof Refused && error.status === 409) {
        const current = (error.body.current ?? null) as Annotation | null;
        if (current) store.restored(current);
        touched();
      }
      fault(error, at);
    }
  }

  private close(): void {
    this.open = { id: "", version: 0 };
    this.place.hidden = true;
    this.place.replaceChildren();
  }
}
