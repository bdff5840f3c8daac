// Key images: the reader's stars. The report lists them.

import { addressOf, OutOfReach, Refused, send } from "../api";
import { all, tell } from "../dom";
import { tellReport } from "../framing";
import { pressedButton, refuse } from "../refusing";
import { make } from "../signal";
import { dateOf } from "../studies";
import type { ViewerImage } from "../types";
import type { Viewport } from "../viewport";
import type { ViewportGrid } from "../viewportGrid";
import { loading } from "./still";

export class KeyImages {
  private readonly marks = new WeakMap<Viewport, HTMLElement>();
  private readonly sending = new Set<string>();

  constructor(
    private readonly grid: ViewportGrid,
    private readonly study: string,
    private readonly mayStar: boolean,
    private readonly fault: (error: unknown) => void,
  ) {}

  attach(viewport: Viewport): void {
    const mark = make("p", { class: "vw-star-mark", hidden: true }, "★ Key image");
    viewport.element.append(mark);
    this.marks.set(viewport, mark);
    viewport.drawn.on(() => {
      mark.hidden = !viewport.onScreen?.key_image;
    });
  }

  async toggle(): Promise<void> {
    const { onScreen: image, awaited, stack } = this.grid.active;
    const at = pressedButton();
    const other = stack && stack.study.info.id !== this.study ? stack.study.info.study_date : "";
    const why = this.mayStar ? whyNot(image, awaited, other) : "Radiologists star key images.";
    if (why) refuse(why);
    if (why || !image || this.sending.has(image.id)) return;
    const wanted = !image.key_image;
    this.sending.add(image.id);
    try {
      await send(addressOf(`images/${image.id}/${wanted ? "star" : "unstar"}/`), {});
      image.key_image = wanted;
      tellReport("key-image", { image: image.id, on: wanted });
      tell(
        wanted
          ? `Image ${image.number} is a key image: your report lists it.`
          : `Image ${image.number} is no key image any more.`,
      );
    } catch (error) {
      if (error instanceof Refused || error instanceof OutOfReach) refuse(error.message, at);
      else this.fault(error);
    } finally {
      this.sending.delete(image.id);
      this.grid.redraw();
    }
  }

  /** Stars in the strip of images. */
  show(images: ViewerImage[]): void {
    const starred = new Set(images.filter((one) => one.key_image).map((one) => one.id));
    for (const thumb of all("[data-thumb]")) {
      thumb.classList.toggle("vw-starred", starred.has(thumb.dataset.thumb!));
    }
  }
}

/**
 * As an assessment: of the image that was asked for, once it is on the screen, or of none. `other` is
 * the date of another study that it is of: the report of this one lists its own key images.
 */
export function whyNot(image: ViewerImage | null, awaited: number | null, other: string): string {
  if (image && other) return `This image is of the study of ${dateOf(other)}: star it there.`;
  if (awaited !== null) return loading(awaited);
  return image ? "" : "There is no image on the screen to star.";
}
