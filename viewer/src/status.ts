// What the reader must know of the connection: saved and when, signed out, no WebGL.

import type { Saving } from "./annotations/saving";
import type { AnnotationStore } from "./annotations/store";
import { button, make } from "./signal";
import { shortTimeOf } from "./times";

export class Status {
  private readonly shown = new Map<string, HTMLElement>();

  constructor(
    private readonly saved: HTMLElement,
    private readonly notices: HTMLElement,
    private readonly signIn: string,
  ) {}

  showSaving(saving: Saving, store: AnnotationStore): void {
    const count = store.unsaved;
    const [changes, are, they] =
      count === 1 ? ["1 change", "is", "it"] : [`${count} changes`, "are", "they"];
    const kept = saving.isKept
      ? `${changes} ${are} kept in this browser and will be sent`
      : `${changes} will be sent. This browser keeps nothing: leave the page open until ${they} ${are}`;
    const texts: Record<Saving["state"], string> = {
      saved: saving.savedAt ? `Saved ${shortTimeOf(saving.savedAt)}` : "",
      waiting: "Saving…",
      saving: "Saving…",
      offline: `No connection: ${kept}`,
      busy: `Not sent yet: ${kept}`,
      "signed-out": `Signed out: ${kept}`,
      attention: "Not saved: see Annotations",
    };
    const text = texts[saving.state];
    if (this.saved.textContent !== text) this.saved.textContent = text;
    this.saved.dataset.state = saving.state;
    if (saving.state === "signed-out") this.askToSignIn(() => saving.soon(0));
    if (saving.state === "saved") this.clear("signed-out");
  }

  askToSignIn(again: () => void): void {
    this.notice(
      "signed-out",
      "You were signed out. Sign in again in another tab; nothing that you drew is lost.",
      make(
        "a",
        { class: "btn btn-primary btn-sm", href: this.signIn, target: "_blank", rel: "noopener" },
        "Sign in",
      ),
      button("I have signed in", () => {
        this.clear("signed-out");
        again();
      }),
    );
  }

  notice(name: string, text: string, ...actions: Node[]): void {
    if (this.shown.has(name)) return;
    const close = button("Close", () => this.clear(name), { "aria-label": `Close: ${text}` });
    const box = make(
      "div",
      { class: "vw-notice", role: "alert" },
      make("p", {}, text),
      ...actions,
      close,
    );
    this.shown.set(name, box);
    this.notices.append(box);
  }

  clear(name: string): void {
    this.shown.get(name)?.remove();
    this.shown.delete(name);
  }
}
