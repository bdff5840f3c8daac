// The strip of images, and the patient's other studies to open beside this one.

import { refuse } from "../refusing";
import { make } from "../signal";
import { dateOf, isUnprepared, type OpenStudy, type Stack } from "../studies";
import type { ViewerImage, ViewerStudy } from "../types";

const A_REST = 60; // milliseconds without another image: the strip need not follow each of them

export interface ImageChoices {
  open: (stack: Stack, index: number) => void;
  beside: (address: string) => void;
}

export class ImagesPanel {
  private revealing = 0;
  private readonly unprepared = new Map<ViewerImage, HTMLImageElement>(); // with a placeholder
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly strip: HTMLElement,
    private readonly others: HTMLElement,
    private readonly choices: ImageChoices,
  ) {}

  show(studies: OpenStudy[]): void {
    this.buttons.clear();
    this.unprepared.clear();
    this.strip.replaceChildren(
      ...studies.flatMap((study) => this.sectionOf(study, studies.length > 1)),
    );
    this.list(studies[0]!.info, new Set(studies.map((study) => study.info.id)));
  }

  private sectionOf(study: OpenStudy, withDate: boolean): HTMLElement[] {
    return study.stacks.map((stack) => {
      const title = [withDate ? dateOf(study.info.study_date) : "", stack.name]
        .filter(Boolean)
        .join(" · ");
      const rows = stack.images.map((image, n) => {
        const thumbnail = make("img", {
          src: image.thumbnail_url,
          alt: "",
          loading: "lazy",
          width: "72",
          height: "72",
        });
        if (isUnprepared(image)) this.unprepared.set(image, thumbnail);
        const open = make(
          "button",
          {
            type: "button",
            class: "vw-thumb",
            "aria-label": `Image ${image.number} of ${title}`,
            "data-thumb": image.id,
          },
          thumbnail,
          make("span", { "aria-hidden": "true" }, String(image.number)),
        );
        open.addEventListener("click", () => this.choices.open(stack, n));
        this.buttons.set(image.id, open);
        return make("li", {}, open);
      });
      const section = make(
        "section",
        { class: "vw-strip" },
        make("h2", { class: "vw-h" }, title),
        make("ul", { class: "vw-thumbs" }, ...rows),
      );
      section.dataset.study = String(study.color);
      return section;
    });
  }

  /** Thumbnails in place of the placeholders of images that are prepared by now. */
  showPrepared(): void {
    for (const [image, thumbnail] of this.unprepared) {
      if (isUnprepared(image)) continue;
      this.unprepared.delete(image);
      thumbnail.src = `${image.thumbnail_url}#${image.decoding}`; // another address: it is not kept
    }
  }

  private list(info: ViewerStudy, open: Set<string>): void {
    const rows = info.other_studies.map((study) => {
      const count = `${study.image_count} image${study.image_count === 1 ? "" : "s"}`;
      const isOpen = open.has(study.id);
      const date = dateOf(study.study_date);
      const beside = make(
        "button",
        {
          type: "button",
          class: "vw-prior",
          "aria-label": `Open the study of ${date} beside this one`,
        },
        make("strong", {}, date),
        make("span", {}, study.description || "MRI study"),
        make("span", { class: "ns-sub" }, `${count} · ${isOpen ? "open" : "open beside"}`),
      );
      beside.addEventListener("click", () => this.choices.beside(study.url));
      beside.disabled = isOpen;
      return make("li", {}, beside);
    });
    this.others.querySelector("[data-others-list]")!.replaceChildren(...rows);
    this.others.hidden = rows.length === 0;
  }

  /** The newest one that is not open yet. */
  besideNext(): void {
    const next = this.others.querySelector<HTMLButtonElement>("button:enabled");
    if (next) next.click();
    else refuse("There is no other study of this patient to open.");
  }

  showCurrent(imageId: string | undefined): void {
    for (const [id, one] of this.buttons) {
      const isCurrent = id === imageId;
      if (isCurrent === (one.getAttribute("aria-current") === "true")) continue;
      one.setAttribute("aria-current", String(isCurrent));
      if (!isCurrent) continue;
      clearTimeout(this.revealing);
      this.revealing = window.setTimeout(() => reveal(one), A_REST);
    }
  }
}

/** Scrolls the strip, and never the page. */
function reveal(one: HTMLElement): void {
  for (const box of [one.closest(".vw-thumbs"), one.closest(".vw-strips")]) {
    if (!box) continue;
    const [inner, outer] = [one.getBoundingClientRect(), box.getBoundingClientRect()];
    const down = Math.max(0, inner.bottom - outer.bottom) - Math.max(0, outer.top - inner.top);
    const right = Math.max(0, inner.right - outer.right) - Math.max(0, outer.left - inner.left);
    box.scrollBy(right, down);
  }
}
