// The list of keys under "?", where each can be changed. Choices go to the server with the person.

import {
  bindings,
  type Choices,
  type Command,
  keysOf,
  reserved,
  shownKey,
  strokeOf,
  takenBy,
} from "./keys";
import { button, make } from "./signal";

export class KeysDialog {
  private waiting: { command: Command; button: HTMLButtonElement } | null = null;
  private bound = new Map<string, Command>();

  constructor(
    private readonly dialog: HTMLDialogElement,
    private readonly commands: Command[],
    private choices: Choices,
    private readonly save: (choices: Choices) => Promise<void>,
  ) {
    this.bound = bindings(commands, choices);
    dialog.addEventListener("keydown", (event) => this.listen(event), { capture: true });
    dialog.querySelector("[data-close]")!.addEventListener("click", () => dialog.close());
    dialog.querySelector("[data-defaults]")!.addEventListener("click", () => void this.keep({}));
    dialog.addEventListener("close", () => this.stopWaiting());
  }

  commandOf(event: KeyboardEvent): Command | undefined {
    return this.bound.get(strokeOf(event));
  }

  open(): void {
    this.fill();
    this.dialog.showModal();
  }

  private fill(): void {
    const list = this.dialog.querySelector("[data-keys]")!;
    const groups = [...new Set(this.commands.map((one) => one.group))];
    list.replaceChildren(
      ...groups.map((group) => {
        const rows = this.commands.filter((one) => one.group === group).map((one) => this.row(one));
        return make("section", {}, make("h3", {}, group), make("dl", {}, ...rows));
      }),
    );
  }

  private keyOf({ name }: Command): string {
    return shownKey(keysOf(this.commands, this.choices).get(name)!) || "none";
  }

  private row(command: Command): HTMLElement {
    const key = this.keyOf(command);
    if (command.isFixed) {
      return make("div", {}, make("dt", {}, command.title), make("dd", {}, make("kbd", {}, key)));
    }
    const change = button(key, () => this.wait(command, change), {
      "aria-label": `${command.title}: ${key}. Change the key`,
      "data-command-key": command.name,
    });
    return make("div", {}, make("dt", {}, command.title), make("dd", {}, change));
  }

  private wait(command: Command, change: HTMLButtonElement): void {
    this.stopWaiting();
    this.waiting = { command, button: change };
    change.textContent = "Press a key…";
    this.say("Press the new key. Backspace for none, Escape to leave it.");
  }

  private stopWaiting(): void {
    if (!this.waiting) return;
    this.waiting.button.textContent = this.keyOf(this.waiting.command);
    this.waiting = null;
  }

  private listen(event: KeyboardEvent): void {
    if (!this.waiting) return;
    const key = strokeOf(event);
    if (!key) return;
    event.preventDefault();
    event.stopPropagation();
    const { command } = this.waiting;
    if (key === "Escape") {
      this.stopWaiting();
      this.say("");
      return;
    }
    const next = key === "Backspace" ? "" : key;
    if (reserved(next)) {
      this.say(reserved(next));
      return;
    }
    const other = next && takenBy(this.commands, this.choices, next, command.name);
    if (other) {
      this.say(`${shownKey(next)} is the key of “${other.title}”. Press another one.`);
      return;
    }
    void this.keep({ ...this.choices, [command.name]: next }, command.name);
  }

  private async keep(choices: Choices, name = ""): Promise<void> {
    this.waiting = null;
    this.choices = choices;
    this.bound = bindings(this.commands, choices);
    this.fill();
    if (name) this.dialog.querySelector<HTMLElement>(`[data-command-key="${name}"]`)?.focus();
    try {
      await this.save(choices);
      this.say("Saved.");
    } catch {
      this.say(
        "The keys hold for now, but could not be saved. Check the network, then change one again.",
      );
    }
  }

  private say(text: string): void {
    this.dialog.querySelector("[data-keys-message]")!.textContent = text;
  }
}
