// While analyses of the study are under way, what they say comes into the open viewer by itself.

import { OutOfReach, read, request, SignedOut } from "./api";
import { isUnprepared, learnResults, type OpenStudy } from "./studies";
import type { ViewerStudy } from "./types";

const EVERY = 10_000; // milliseconds

/** Whether an image is still being prepared, or a result is to come that this person will see. */
export function isUnderWay({ info, stacks }: OpenStudy): boolean {
  const images = stacks.flatMap((stack) => stack.images);
  if (images.some(isUnprepared)) return true;
  const waits = (status: string) => status === "queued" || status === "running";
  return info.ai_visible && images.some((one) => one.analyses.some(({ status }) => waits(status)));
}

export interface Stamp {
  address: string;
  seen: string;
}

/** The stamp that the results have now, where it is another one: asking for it reads nothing of them. */
async function newStamp({ address, seen }: Stamp): Promise<string | null> {
  const response = await request(`${address}?seen=${encodeURIComponent(seen)}`);
  if (response.redirected) throw new SignedOut("You were signed out.");
  return response.status === 204 ? null : response.text();
}

export function followAnalyses(
  study: OpenStudy,
  stamp: Stamp,
  arrived: () => void,
  fault: (error: unknown) => void,
): void {
  const look = async () => {
    if (!isUnderWay(study)) return; // not yet, or not any more
    if (document.hidden) return;
    const seen = await newStamp(stamp);
    if (!seen) return;
    const info: ViewerStudy = await read(study.address);
    stamp.seen = seen;
    if (learnResults(study, info)) arrived();
  };
  window.setInterval(() => {
    look().catch((error) => {
      if (!(error instanceof OutOfReach)) fault(error); // the next look may succeed
    });
  }, EVERY);
}
