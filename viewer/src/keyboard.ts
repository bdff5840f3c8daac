// Key strokes to commands. A command that is held (peeking) ends when its key is let go.

import { type Command, isForField } from "./keys";

export class Keyboard {
  private held: Command | null = null;

  constructor(private readonly commandOf: (event: KeyboardEvent) => Command | undefined) {
    window.addEventListener("keydown", (event) => this.press(event));
    window.addEventListener("keyup", () => this.letGo());
    window.addEventListener("blur", () => this.letGo());
  }

  private press(event: KeyboardEvent): void {
    if (event.defaultPrevented || isForField(event)) return;
    const command = this.commandOf(event);
    if (!command) return;
    event.preventDefault();
    if (event.repeat && command.isFixed) return; // a key that is held judges once
    if (command.release) {
      if (event.repeat || this.held) return;
      this.held = command;
    }
    command.run();
  }

  private letGo(): void {
    this.held?.release?.();
    this.held = null;
  }
}
