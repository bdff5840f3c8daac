// The strip of images, and the patient's other studies to open beside this one.

import { refuse } from "../refusing";
import { make } from "../signal";
import { dateOf, isUnprepared, type OpenStudy, type Stack } from "../studies";
import type { ViewerImage, ViewerStudy } from "../types";
import { factsOf, headOf, middleOf, withoutImages } from "./seriesPicker";

const A_REST = 60; // milliseconds without another image: the strip need not follow each of them

export interface ImageChoices {
  open: (stack: Stack, index: number) => void;
  openSeries: (stack: Stack) => void;
  beside: (address: string) => void;
}

export class ImagesPanel {
  private revealing = 0;
  private unprepared: { image: ViewerImage; picture: HTMLImageElement }[] = []; // with a placeholder
  private readonly heads = new Map<Stack, HTMLElement>();
  private readonly lists = new Map<Stack, HTMLElement>();
  private readonly buttons = new Map<string, HTMLButtonElement>();

  constructor(
    private readonly picker: HTMLElement,
    private readonly strip: HTMLElement,
    private readonly others: HTMLElement,
    private readonly choices: ImageChoices,
  ) {}

  show(studies: OpenStudy[]): void {
    this.buttons.clear();
    this.unprepared = [];
    this.lists.clear();
    this.strip.replaceChildren(
      ...studies.flatMap((study) => this.sectionOf(study, studies.length > 1)),
    );
    this.listSeries(studies);
    this.list(studies[0]!.info, new Set(studies.map((study) => study.info.id)));
  }

  private sectionOf(study: OpenStudy, withDate: boolean): HTMLElement[] {
    return study.stacks.map((stack) => {
      const title = titleOf(stack, withDate);
      const rows = stack.images.map((image, n) => {
        const thumbnail = make("img", {
          src: image.thumbnail_url,
          alt: "",
          loading: "lazy",
          width: "72",
          height: "72",
        });
        this.watch(image, thumbnail);
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
      const list = make("ul", { class: "vw-thumbs" }, ...rows);
      this.lists.set(stack, list);
      const section = make(
        "section",
        { class: "vw-strip" },
        make("h2", { class: "vw-h" }, title, make("small", { class: "vw-facts" }, factsOf(stack))),
        list,
      );
      section.dataset.study = String(study.color);
      return section;
    });
  }

  private watch(image: ViewerImage, picture: HTMLImageElement): void {
    if (isUnprepared(image)) this.unprepared.push({ image, picture });
  }

  /** Pictures in place of the placeholders of images that are prepared by now. */
  showPrepared(): void {
    const waiting = this.unprepared;
    this.unprepared = [];
    for (const { image, picture } of waiting) {
      // Another address: it is not kept.
      if (!isUnprepared(image)) picture.src = `${image.thumbnail_url}#${image.decoding}`;
      this.watch(image, picture);
    }
    for (const [stack, head] of this.heads)
      head.querySelector(".ns-sub")!.textContent = factsOf(stack);
  }

  /** All series of the open studies, those without an image last of each. */
  private listSeries(studies: OpenStudy[]): void {
    this.heads.clear();
    const rows = studies.flatMap((study) => {
      const heads = study.stacks.map((stack) => {
        const open = () => this.choices.openSeries(stack);
        const head = headOf(stack, titleOf(stack, studies.length > 1), open);
        head.dataset.study = String(study.color);
        this.heads.set(stack, head);
        this.watch(middleOf(stack), head.querySelector("img")!);
        return head;
      });
      const none = study.info.series.filter(({ images }) => images.length === 0);
      return [...heads, ...none.map(withoutImages)];
    });
    this.picker.replaceChildren(...rows.map((row) => make("li", {}, row)));
    this.picker.hidden = rows.length < 2;
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

  /** Of the series on the screen every image has its button; of the others the head stands. */
  showCurrent(imageId: string | undefined, onScreen: Set<Stack | null>): void {
    for (const [stack, head] of this.heads)
      head.setAttribute("aria-current", String(onScreen.has(stack)));
    for (const [stack, list] of this.lists) {
      const isShown = this.lists.size === 1 || onScreen.has(stack);
      if (list.hidden === isShown) list.hidden = !isShown;
    }
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

function titleOf(stack: Stack, withDate: boolean): string {
  const date = withDate ? dateOf(stack.study.info.study_date) : "";
  return [date, stack.name].filter(Boolean).join(" · ");
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
