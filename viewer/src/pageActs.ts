// What keys and buttons do with the page around the images.

import { find, tell } from "./dom";
import { isFramed } from "./framing";

export function openReport(): void {
  const one = document.querySelector<HTMLElement>("[data-report-open]");
  if (one) one.click();
  else tell("There is no report to write or to read here now.");
}

export function nextStudy(): void {
  if (isFramed) tell("The report of this study is being written beside. Sign or leave it first.");
  else find<HTMLFormElement>("[data-next-form]")?.requestSubmit();
}

export async function toggleFullScreen(): Promise<void> {
  if (document.fullscreenElement) await document.exitFullscreen();
  else
    await document.documentElement
      .requestFullscreen()
      .catch(() => tell("This browser does not allow full screen."));
}
