// Which key gives which command. Defaults, the reader's own choices over them, and what collides.

export interface Command {
  name: string;
  title: string;
  group: string;
  key: string; // the default
  run: () => void;
  /** For a key that is held: what happens when it is let go. */
  release?: () => void;
}

export type Choices = Record<string, string>;

/** The verdict panel's: accept, modify, reject. No command may take them. */
const OF_VERDICTS = new Set(["A", "F", "R"]);
const OF_THE_PAGE = new Set(["Tab", "Shift+Tab"]); // who cannot use a mouse goes on with these
const ARROWS = { ArrowUp: "↑", ArrowDown: "↓", ArrowLeft: "←", ArrowRight: "→" };

const NAMES: Record<string, string> = { " ": "Space", Esc: "Escape" };
const MODIFIERS = new Set(["Control", "Shift", "Alt", "Meta", "AltGraph", "CapsLock"]);

interface Stroke {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

/** "Ctrl+Shift+Z", "h" for the letter, "?" for the sign whatever it takes to type it. */
export function strokeOf(event: Stroke): string {
  if (MODIFIERS.has(event.key)) return "";
  const name = NAMES[event.key] ?? event.key;
  const isLetter = /^\p{L}$/u.test(name);
  const isSign = name.length === 1 && !isLetter;
  const parts: string[] = [];
  if (event.ctrlKey || event.metaKey) parts.push("Ctrl");
  if (event.altKey) parts.push("Alt");
  if (event.shiftKey && !isSign) parts.push("Shift");
  parts.push(isLetter ? name.toUpperCase() : name);
  return parts.join("+");
}

/** Why no command can have this key; empty where one can. */
export function reserved(key: string): string {
  if (OF_VERDICTS.has(key)) return `${key} is kept for verdicts. Press another one.`;
  if (OF_THE_PAGE.has(key)) return `${key} goes through the page. Press another one.`;
  return "";
}

/** As it is printed on the key. */
export function shownKey(key: string): string {
  return key.replace(/Arrow(Up|Down|Left|Right)$/, (name) => ARROWS[name as keyof typeof ARROWS]);
}

export function bindings(commands: Command[], choices: Choices): Map<string, Command> {
  const found = new Map<string, Command>();
  for (const command of commands) {
    const key = keyOf(command, choices);
    if (key && !reserved(key)) found.set(key, command);
  }
  return found;
}

export function keyOf(command: Command, choices: Choices): string {
  return choices[command.name] ?? command.key;
}

/** The command that has this key already, if it is another one. */
export function takenBy(
  commands: Command[],
  choices: Choices,
  key: string,
  by: string,
): Command | undefined {
  return commands.find((one) => one.name !== by && keyOf(one, choices) === key);
}

/** Keys that must go on working in fields, and with a screen reader's buttons. */
export function isForField(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  if (!target?.closest) return false;
  if (target.closest("dialog[open]")) return true;
  if (target.closest("textarea, select, input:not([type=checkbox], [type=range])")) return true;
  const isMove = /^(Arrow|Home|End|Page)/.test(event.key);
  if (target.closest("input")) return isMove || event.key === " ";
  if (target.closest("button, a, summary")) return event.key === "Enter" || event.key === " ";
  // Outside of the viewports arrows and Home scroll the page, as everywhere.
  return isMove && !target.closest(".vw-grid") && target !== document.body;
}
