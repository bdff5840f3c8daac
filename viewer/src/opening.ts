// Opening: the study of the page, its marks, the image that the address asks for, priors beside it.

import { addressOf, read } from "./api";
import type { MarkPencil } from "./drawing/pencil";
import type { Book } from "./marks/book";
import type { Saving } from "./marks/saving";
import type { ImagesPanel } from "./panels/images";
import type { Stage } from "./stage";
import type { Status } from "./status";
import { dateOf, type OpenStudy, openStudy } from "./studies";
import type { ImageInfo } from "./types";

export interface OpeningSurroundings {
  stage: Stage;
  book: Book;
  saving: Saving;
  pencil: MarkPencil;
  status: Status;
  images: ImagesPanel;
  setPanes: (count: number) => void;
  useLabels: (labels: string[]) => void;
  fault: (error: unknown) => void;
}

export class Opening {
  readonly studies: OpenStudy[] = [];
  private readonly byFrame = new Map<string, ImageInfo>(); // by the address of the frame

  /** The image that a frame shows. */
  imageOf(frameAddress: string): ImageInfo | undefined {
    return this.byFrame.get(frameAddress);
  }

  private know(study: OpenStudy): void {
    this.studies.push(study);
    for (const stack of study.stacks)
      for (const image of stack.images) this.byFrame.set(image.frame_url, image);
  }

  first(study: OpenStudy, asked: URLSearchParams, around: OpeningSurroundings): void {
    this.know(study);
    around.stage.setCount(1);
    around.images.show(this.studies);
    if (!study.stacks.length) {
      around.status.notice("empty", "This study has no images.");
      return;
    }
    this.showImage(asked.get("image") ?? "", around.stage);
    void this.openMarks(asked.get("annotation"), around);
  }

  showImage(id: string, stage: Stage): void {
    const stacks = this.studies.flatMap((study) => study.stacks);
    const stack = stacks.find((one) => one.images.some((image) => image.id === id)) ?? stacks[0]!;
    const at = Math.max(
      0,
      stack.images.findIndex((image) => image.id === id),
    );
    if (stage.active.stack === stack) stage.scrollTo(at);
    else stage.open(stack, at);
  }

  private async openMarks(wanted: string | null, around: OpeningSurroundings): Promise<void> {
    const { book, pencil, saving } = around;
    try {
      await saving.open();
      const mark = wanted && (book.known(wanted) ?? book.others.find((one) => one.id === wanted));
      if (mark) {
        this.showImage(mark.image, around.stage);
        pencil.select(mark.id);
      }
      if (!pencil.mayDraw) return;
      const { labels } = await read<{ labels: string[] }>(addressOf("annotation-labels/"));
      around.useLabels(labels);
    } catch (error) {
      around.fault(error);
      around.status.notice(
        "marks",
        "The annotations of this study could not be loaded. Reload the page to try again.",
      );
    }
  }

  async beside(address: string, around: OpeningSurroundings): Promise<void> {
    const { stage, status } = around;
    try {
      const study = await openStudy(address, this.studies.length % 4);
      this.know(study);
      around.images.show(this.studies);
      around.saving.read(study.info.id).catch(around.fault);
      const stack = study.stacks[0];
      if (!stack) {
        const date = dateOf(study.info.study_date);
        status.notice("empty-prior", `The study of ${date} has no images.`);
        return;
      }
      around.setPanes(Math.max(2, stage.panes.length));
      // Beside: the first pane that shows the study which is being read a second time, else a new one.
      const again = () =>
        stage.panes.find((one, n) => n > 0 && one.stack?.study === this.studies[0]);
      if (!again() && stage.panes.length < 4) around.setPanes(stage.panes.length + 1);
      const pane = again() ?? stage.panes.at(-1)!;
      stage.open(stack, Math.min(stage.panes[0]!.index, stack.images.length - 1), pane);
    } catch (error) {
      around.fault(error);
    }
  }
}
