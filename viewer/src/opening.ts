// Opening: the study of the page, its annotations, the image that the address asks for, priors beside.

import type { Saving } from "./annotations/saving";
import type { AnnotationStore } from "./annotations/store";
import { addressOf, read } from "./api";
import { page } from "./dom";
import type { DrawingTool } from "./drawing/tool";
import { isFramed } from "./framing";
import type { ImagesPanel } from "./panels/images";
import { pressedButton } from "./refusing";
import type { Status } from "./status";
import { dateOf, type OpenStudy, openStudy } from "./studies";
import { hang } from "./tools/hanging";
import type { ViewerImage } from "./types";
import type { ViewportGrid } from "./viewportGrid";

export interface OpeningSurroundings {
  grid: ViewportGrid;
  store: AnnotationStore;
  saving: Saving;
  drawingTool: DrawingTool;
  status: Status;
  images: ImagesPanel;
  setViewports: (count: number) => void;
  useLabels: (labels: string[]) => void;
  fault: (error: unknown, at?: HTMLElement | null) => void;
}

export class Opening {
  readonly studies: OpenStudy[] = [];
  private readonly byFrame = new Map<string, ViewerImage>(); // by the address of the frame

  /** The image that a frame shows. */
  imageOf(frameAddress: string): ViewerImage | undefined {
    return this.byFrame.get(frameAddress);
  }

  private know(study: OpenStudy): void {
    this.studies.push(study);
    for (const stack of study.stacks)
      for (const image of stack.images) this.byFrame.set(image.frame_url, image);
  }

  first(study: OpenStudy, query: URLSearchParams, around: OpeningSurroundings): void {
    this.know(study);
    around.grid.setCount(1);
    around.images.show(this.studies);
    if (!study.stacks.length) {
      around.status.notice("empty", "This study has no images.");
      return;
    }
    this.showImage(page.firstImage ?? "", around.grid);
    // Beside a report the keys are the report's: what is typed there is not to land on an image.
    if (!isFramed) around.grid.active.element.focus({ preventScroll: true });
    void this.openAnnotations(query.get("annotation"), around);
    const { grid, setViewports } = around;
    const beside = study.info.other_studies.find((one) => one.id === query.get("beside"));
    if (beside) {
      void this.beside(beside.url, around);
      return;
    }
    const openOther = (address: string) => this.openOther(address, around);
    hang(study, { grid, setViewports, openOther }).catch(around.fault);
  }

  showImage(id: string, grid: ViewportGrid): void {
    const stacks = this.studies.flatMap((study) => study.stacks);
    const stack = stacks.find((one) => one.images.some((image) => image.id === id)) ?? stacks[0]!;
    const at = Math.max(
      0,
      stack.images.findIndex((image) => image.id === id),
    );
    if (grid.active.stack === stack) grid.scrollTo(at);
    else grid.open(stack, at);
  }

  private async openAnnotations(wanted: string | null, around: OpeningSurroundings): Promise<void> {
    const { store, drawingTool, saving } = around;
    try {
      await saving.open();
      const annotation =
        wanted && (store.known(wanted) ?? store.others.find((one) => one.id === wanted));
      if (annotation) {
        this.showImage(annotation.image, around.grid);
        drawingTool.select(annotation.id);
      }
      if (!drawingTool.mayDraw) return;
      const { labels } = await read<{ labels: string[] }>(addressOf("annotation-labels/"));
      around.useLabels(labels);
    } catch (error) {
      around.fault(error);
      around.status.notice(
        "annotations",
        "The annotations of this study could not be loaded. Reload the page to try again.",
      );
    }
  }

  private async openOther(address: string, around: OpeningSurroundings): Promise<OpenStudy> {
    const study = await openStudy(address, this.studies.length % 4);
    this.know(study);
    around.images.show(this.studies);
    around.saving.read(study.info.id).catch(around.fault);
    return study;
  }

  async beside(address: string, around: OpeningSurroundings): Promise<void> {
    const { grid, status } = around;
    const at = pressedButton();
    try {
      const study = await this.openOther(address, around);
      const stack = study.stacks[0];
      if (!stack) {
        const date = dateOf(study.info.study_date);
        status.notice("empty-prior", `The study of ${date} has no images.`);
        return;
      }
      around.setViewports(Math.max(2, grid.viewports.length));
      // Beside: the first viewport that shows the study being read a second time, else a new one.
      const again = () =>
        grid.viewports.find((one, n) => n > 0 && one.stack?.study === this.studies[0]);
      if (!again() && grid.viewports.length < 4) around.setViewports(grid.viewports.length + 1);
      const viewport = again() ?? grid.viewports.at(-1)!;
      grid.open(stack, grid.placeIn(stack), viewport);
    } catch (error) {
      around.fault(error, at);
    }
  }
}
