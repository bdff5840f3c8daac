// Saves by itself: a moment after the last change, again and again while the server is away. What is
// not saved yet is kept in the browser's storage, and is sent when it can be.

import { addressOf, OutOfReach, Refused, readAll, SignedOut, send } from "../api";
import { newId } from "../dom";
import { Signal } from "../signal";
import type { Annotation } from "../types";
import type { LocalDrafts } from "./localDrafts";
import type { AnnotationStore, Result } from "./store";

const PASSING = new Set([408, 429]); // too slow, too many: the same will be taken later

export type SavingState =
  | "saved"
  | "waiting"
  | "saving"
  | "offline"
  | "busy" // the server is there, and will take it later
  | "signed-out"
  | "attention";

const PAUSE = 500; // milliseconds after the last change
const AGAIN = 5000;
const LOOK_AGAIN = 120_000; // at what other readers drew meanwhile; each look is in the audit trail
const LOOKED_JUST_NOW = 15_000;

export class Saving {
  readonly changed = new Signal();
  state: SavingState = "saved";
  savedAt: Date | null = null;
  private timer = 0;
  private busy = false;
  private readonly done: (() => void)[] = []; // who waits for the request on its way
  private readonly lookedAt = new Map<string, number>(); // by study

  constructor(
    private readonly store: AnnotationStore,
    private readonly studyId: string,
    private readonly localDrafts: LocalDrafts,
  ) {
    window.addEventListener("online", () => this.soon(0));
    window.addEventListener("focus", () => this.lookAgain(LOOKED_JUST_NOW));
    window.setInterval(() => this.lookAgain(LOOK_AGAIN), LOOKED_JUST_NOW);
    document.addEventListener("visibilitychange", () => {
      if (document.hidden && this.store.unsaved) void this.save(true);
    });
    window.addEventListener("beforeunload", (event) => {
      if (this.store.unsaved && !this.isKept) event.preventDefault(); // the browser asks first
    });
  }

  /** Whether what is not sent yet outlives the page. */
  get isKept(): boolean {
    return !this.localDrafts.isBroken;
  }

  async open(): Promise<void> {
    for (const kept of this.localDrafts.recall()) this.store.recall(kept, newId);
    this.remember();
    if (this.store.unsaved) this.state = "waiting";
    try {
      await this.read(this.studyId);
    } finally {
      if (this.store.unsaved) this.soon(0);
    }
  }

  /** The annotations of a study, this one or another that is opened beside it. */
  async read(studyId: string): Promise<void> {
    const address = addressOf(`studies/${studyId}/annotations/?hidden=any`);
    this.lookedAt.set(studyId, Date.now());
    const annotations = await readAll<Annotation>(address);
    this.store.learn(annotations, studyId);
    if (studyId === this.studyId)
      this.savedAt ??= newest(annotations.filter((annotation) => annotation.own));
    this.changed.emit();
  }

  /** Another reader may have drawn, or this one in another window. */
  private lookAgain(after: number): void {
    if (document.hidden || this.busy) return;
    for (const [study, at] of this.lookedAt) {
      if (Date.now() - at < after) continue;
      this.read(study).catch((error) => console.info(error)); // saving tells when the server is away
    }
  }

  private get isHeldUp(): boolean {
    return ["offline", "busy", "signed-out"].includes(this.state);
  }

  /** Something changed. */
  touch(): void {
    this.remember();
    if (this.store.unsaved) {
      if (!this.isHeldUp) this.state = "waiting";
      this.soon(PAUSE);
    }
    this.changed.emit();
  }

  soon(milliseconds: number): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.save(), milliseconds);
  }

  /** Send at once what waits; done when the server has it, or cannot be reached now. */
  async settled(): Promise<void> {
    while (this.busy || this.store.unsaved) {
      if (this.busy) await new Promise<void>((resolve) => this.done.push(resolve));
      else {
        clearTimeout(this.timer);
        await this.save();
      }
      if (this.isHeldUp || this.state === "attention") return;
    }
  }

  private async save(keepalive = false): Promise<void> {
    if (this.busy) return; // it looks again when it is done
    try {
      await this.sendWhatWaits(keepalive);
    } finally {
      for (const resolve of this.done.splice(0)) resolve();
    }
  }

  private async sendWhatWaits(keepalive: boolean): Promise<void> {
    const operations = this.store.operations();
    if (!operations.length) {
      this.finish();
      return;
    }
    this.busy = true;
    if (!this.isHeldUp) this.become("saving"); // a try every few seconds is not announced each time
    try {
      const { results } = await send<{ results: Result[] }>(
        addressOf("annotations/batch/"),
        { operations },
        { keepalive },
      );
      this.store.applyResults(results, operations);
      this.savedAt = new Date();
      this.remember();
      this.busy = false;
      this.soon(0);
    } catch (error) {
      this.busy = false;
      this.remember();
      if (error instanceof Refused && error.status < 500 && !PASSING.has(error.status)) {
        // The whole batch, not one of its operations: nothing that trying again would mend.
        const problem = { detail: error.message };
        const results = operations.map(({ id }) => ({
          id,
          status: error.status,
          annotation: null,
          problem,
        }));
        this.store.applyResults(results, operations);
        this.finish();
        return;
      }
      if (error instanceof SignedOut) this.become("signed-out");
      else if (error instanceof OutOfReach) this.become("offline");
      else {
        console.info(error);
        this.become("busy");
      }
      this.soon(AGAIN);
    }
  }

  private finish(): void {
    this.remember();
    this.become(this.store.conflicts().length || this.store.unsaved ? "attention" : "saved");
  }

  private become(state: SavingState): void {
    this.state = state;
    this.changed.emit();
  }

  private remember(): void {
    this.localDrafts.keep(this.store.keep());
  }
}

/** When the reader's last change reached the server, also in an earlier visit. */
function newest(annotations: Annotation[]): Date | null {
  const times = annotations.map((annotation) => Date.parse(annotation.changed_at));
  return times.length ? new Date(Math.max(...times)) : null;
}
