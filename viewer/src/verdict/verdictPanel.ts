// The verdict beside the images. The form is the server's: it saves itself (static/js/reading) and is
// drawn anew after each act; here is what the reader presses in it.

import { find } from "../dom";
import { isFramed } from "../framing";
import { OF_A_PLANE } from "../planes/imagesOnly";
import { refuse, takeBack } from "../refusing";
import type { ViewportGrid } from "../viewportGrid";
import { COMMIT_FIRST } from "../withheld";
import { ImageVerdict, type OnScreen } from "./imageVerdict";
import { type Decision, type Line, linesOf } from "./lines";
import { Overview } from "./overview";
import { ShownImages } from "./shownImages";
import { forgetWhatWasPressed, takeBackWhatWasPressed, tellWhatWasPressed } from "./signing";

const NOT_DRAWN = "Nothing was done: this study is not on the screen yet.";

export interface VerdictSurroundings {
  /** The study that the verdict is on: others may stand beside it. */
  study: string;
  grid: ViewportGrid;
  openImage: (id: string) => void;
  /** Whether the images go by themselves: what passes by was not looked at. */
  isMoving: () => boolean;
  /** Stops them; whether they moved. */
  settle: () => boolean;
  /** The form was drawn anew, by the answer of the server. */
  redrawn: () => void;
}

export class VerdictPanel {
  private lines = new Map<string, Line>();
  private named = ""; // the image that the controls are about
  private section: Element | null = null;
  private form: HTMLElement | null = null;
  private readonly seen: ShownImages;
  private readonly image: ImageVerdict;
  private readonly overview: Overview;

  constructor(private readonly around: VerdictSurroundings) {
    const { study, grid } = around;
    this.seen = new ShownImages(study);
    this.image = new ImageVerdict(
      () => this.onScreen(),
      (id) => this.lines.get(id),
      () => this.toImage(),
    );
    this.overview = new Overview({
      lines: () => [...this.lines.values()],
      isSeen: (id) => this.seen.has(id),
      open: around.openImage,
      changed: () => this.show(),
      settle: around.settle,
      toImage: () => this.toImage(),
    });
    this.meet();
    document.addEventListener("htmx:afterSettle", () => this.meet());
    document.addEventListener("click", (event) => this.press(event));
    document.addEventListener("input", (event) => {
      const field = event.target as HTMLInputElement;
      if (field.matches?.("[data-reason-words]")) {
        this.image.write(field.value);
        this.overview.show(this.onScreen().image?.id);
      }
    });
    document.addEventListener("focusin", (event) => {
      if ((event.target as Element).matches?.("[data-reason-words]")) around.settle();
    });
    // Whatever changes what is drawn: the controls never name another image than that on the screen.
    new MutationObserver(() => this.show()).observe(find("[data-viewport-grid]"), {
      attributes: true,
      attributeFilter: ["data-shown", "data-state", "class"],
      subtree: true,
    });
    grid.changed.on(() => this.show());
    document.addEventListener("contradictions-dismissed", () => this.toImage());
    document.addEventListener("submit", (event) => this.goToReason(event), { capture: true });
    document.addEventListener("not-signed", (event) => {
      event.preventDefault(); // said here (static/js/reading/read_before_signing.js)
      refuse((event as CustomEvent<{ value: string }>).detail.value);
    });
    tellWhatWasPressed();
  }

  /** The analysis whose result the controls show now, "" where none. */
  get namedAnalysis(): string {
    const { image, foreign } = this.onScreen();
    return (!foreign && image && this.lines.get(image.id)?.analysis) || "";
  }

  private meet(): void {
    const section = document.querySelector("[data-verdict]");
    if (section === this.section) return;
    const isFirst = this.section === null;
    this.section = section;
    this.form = document.querySelector<HTMLElement>("[data-verdict-form]");
    this.lines = linesOf(this.form);
    this.overview.build();
    this.show();
    if (isFirst) return;
    forgetWhatWasPressed();
    if (section?.querySelector("[data-contradictions]")) takeBackWhatWasPressed();
    // "This is the next study" is of the study that is to be read: not of the one that is signed now.
    if (!section?.querySelector("[data-verdict-form], [data-commit-form]")) {
      document.querySelector("[data-told]")?.replaceChildren();
    }
    this.around.redrawn();
    // What contradicts itself asks for a sentence: the only thing that is left to do.
    if (!document.hasFocus()) return; // beside a report: somebody may be writing that
    section?.querySelector<HTMLElement>("[data-contradiction-note]")?.focus();
    // What was pressed is not there any more: the next key is the image's.
    if (document.activeElement === document.body) this.toImage();
  }

  private onScreen(): OnScreen {
    const { active } = this.around.grid;
    const { stack, onScreen } = active ?? {};
    if (!stack || !onScreen) return { image: null, place: "", foreign: "", awaited: null };
    if (stack.original) return { image: null, place: "", foreign: OF_A_PLANE, awaited: null };
    const { id, number } = onScreen;
    const foreign =
      stack.study.info.id === this.around.study
        ? ""
        : "This image is of another study. Go to a viewport of the study that you read.";
    return {
      image: { id, number },
      place: `Image ${number} of ${stack.images.length}`,
      foreign,
      awaited: active!.awaited,
    };
  }

  private show(): void {
    const { grid, study } = this.around;
    this.leaveImageBefore();
    if (this.isDrawn) takeBack(NOT_DRAWN);
    for (const { onScreen, stack } of this.around.isMoving() ? [] : grid.viewports) {
      if (!onScreen || stack?.study.info.id !== study || stack.original) continue;
      if (!this.seen.add(onScreen.id)) continue;
      const detail = { image: onScreen.id }; // static/js/reading/shown_images.js
      document.dispatchEvent(new CustomEvent("image-on-screen", { detail }));
    }
    this.image.show();
    const { image, foreign } = this.onScreen();
    this.overview.show(image?.id);
    const critical = document.querySelector<HTMLAnchorElement>("[data-critical]");
    if (critical) critical.search = `?back=viewer${image && !foreign ? `&image=${image.id}` : ""}`;
  }

  /** What has the focus was about the image before: its next key is none of this one's. */
  private leaveImageBefore(): void {
    const id = this.onScreen().image?.id;
    if (!id || id === this.named) return;
    const isFirst = this.named === "";
    this.named = id;
    if (!isFirst && document.activeElement?.closest(".vw-image-verdict, [data-reason-box]"))
      this.toImage();
  }

  // --- What somebody presses ------------------------------------------------------------------------

  decide(decision: Decision): void {
    if (!this.form) {
      const mustCommit = document.querySelector("[data-commit-form]");
      refuse(mustCommit ? COMMIT_FIRST : "There is no verdict to write here now.");
      return;
    }
    const why = this.image.decide(decision);
    if (why) refuse(why);
    else this.overview.forget(this.namedAnalysis);
    this.overview.show(this.onScreen().image?.id);
  }

  find(finding: string): void {
    if (this.isNotDrawn()) return;
    const field = document.querySelector<HTMLInputElement>("[data-finding]");
    if (!field) {
      refuse("There is no verdict to write here now.");
      return;
    }
    field.value = finding;
    for (const one of document.querySelectorAll<HTMLElement>("[data-finding-choice]")) {
      one.setAttribute("aria-pressed", String(one.dataset.findingChoice === finding));
    }
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }

  /** As the button that signs and goes on: what is refused is said there. */
  sign(): void {
    if (this.isNotDrawn()) return;
    // Beside a report there is no next study before that is signed.
    const name = isFramed ? "[data-sign-here]" : "[data-sign-next]";
    const one = document.querySelector<HTMLButtonElement>(name);
    if (one) one.click();
    else refuse("There is no verdict to sign here now.");
  }

  /** A reason is missing of an image that is not on the screen: that one is shown, and then it is said. */
  private goToReason(event: SubmitEvent): void {
    if (event.target !== this.form) return;
    const lacking = [...this.lines.values()].filter((line) => line.lacksReason);
    const shown = this.onScreen().image?.id;
    const line = lacking.find((one) => one.image === shown) ?? lacking[0];
    if (!line || (lacking.length === 1 && line.image === shown)) return; // the server says it there
    event.preventDefault();
    event.stopImmediatePropagation();
    this.around.settle();
    if (line.image !== shown) this.around.openImage(line.image);
    const what = line.reason ? "say in words" : "choose";
    refuse(`Not signed: ${what} why you ${line.decision} the AI result of image ${line.number}.`);
  }

  private press(event: MouseEvent): void {
    const one = (event.target as Element).closest?.<HTMLElement>("[data-reason-choice]");
    if (!one || this.around.settle()) return;
    if (this.image.notYet) {
      refuse(this.image.notYet);
      return;
    }
    this.image.give(one.dataset.reasonChoice!);
    this.overview.show(this.onScreen().image?.id);
    if (this.lacksWords()) document.querySelector<HTMLElement>("[data-reason-words]")?.focus();
    else this.toImage();
  }

  /** A key that came before the study was on the screen was meant for the one before. */
  private isNotDrawn(): boolean {
    if (this.isDrawn) return false;
    refuse(NOT_DRAWN);
    return true;
  }

  private get isDrawn(): boolean {
    return this.around.grid.viewports.some(
      ({ element, stack }) => !stack || element.dataset.shown || element.dataset.state === "failed",
    );
  }

  private toImage(): void {
    this.around.grid.active.element.focus({ preventScroll: true });
  }

  private lacksWords(): boolean {
    const { image } = this.onScreen();
    const line = image && this.lines.get(image.id);
    return Boolean(line?.reason && line.lacksReason);
  }
}
