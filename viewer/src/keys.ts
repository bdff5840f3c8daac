// Which key gives which command. Defaults, the reader's own choices over them, and what collides.

export interface Command {
  name: string;
  title: string;
  group: string;
  key: string; // the default
  run: () => void;
  /** For a key that is held: what happens when it is let go. */
  release?: () => void;
  /** Its key is the same for everybody, and no other command can have it. */
  isFixed?: boolean;
  /** Only a radiologist can do it: others have neither the key nor its line in the list of keys. */
  isForReaders?: boolean;
  /** What it is to somebody who does not read studies, where that is less. */
  titleForOthers?: string;
}

/** What is left for who does not read studies. */
export function withoutReadersCommands(commands: Command[]): Command[] {
  return commands
    .filter((one) => !one.isForReaders)
    .map((one) => ({ ...one, title: one.titleForOthers ?? one.title }));
}

export type Choices = Record<string, string>;

/** What is signed by them is the record's: they are the same for everybody. */
export const KEYS_OF_VERDICTS = {
  accept: "A",
  modify: "F",
  reject: "R",
  tumor: "1",
  no_tumor: "2",
  unsure: "3",
  sign: "Ctrl+Enter",
};
const OF_VERDICTS = new Set(Object.values(KEYS_OF_VERDICTS));
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

/**
 * The key of each command by its name; empty for none. What a reader chose goes before what is delivered: a
 * command whose default they gave to another one, also before that default came, has none.
 */
export function keysOf(commands: Command[], choices: Choices): Map<string, string> {
  const own = new Map<string, string>(); // by key, the command that was given it
  for (const { name, isFixed } of commands) {
    const key = isFixed ? undefined : choices[name];
    if (key && !reserved(key) && !own.has(key)) own.set(key, name);
  }
  const keyOf = ({ name, key, isFixed }: Command) => {
    if (isFixed) return key;
    const chosen = choices[name] ?? key;
    const isOthers = own.has(chosen) && own.get(chosen) !== name;
    return isOthers || reserved(chosen) ? "" : chosen;
  };
  return new Map(commands.map((command) => [command.name, keyOf(command)]));
}

export function bindings(commands: Command[], choices: Choices): Map<string, Command> {
  const keys = keysOf(commands, choices);
  return new Map(
    commands.flatMap((command) => {
      const key = keys.get(command.name);
      return key ? [[key, command] as const] : [];
    }),
  );
}

/** The command that has this key already, if it is another one. */
export function takenBy(
  commands: Command[],
  choices: Choices,
  key: string,
  by: string,
): Command | undefined {
  const keys = keysOf(commands, choices);
  return commands.find((one) => one.name !== by && keys.get(one.name) === key);
}

function isOfVerdict({ form }: HTMLInputElement): boolean {
  return Boolean(form?.matches("[data-verdict-form], [data-commit-form]"));
}

/** Keys that must go on working in fields, and with a screen reader's buttons. */
export function isForField(event: KeyboardEvent): boolean {
  const target = event.target as Element | null;
  if (!target?.closest) return false;
  if (target.closest("dialog[open]")) return true;
  const field = target.closest<HTMLInputElement>(
    "textarea, select, input:not([type=checkbox], [type=range])",
  );
  // Signs, from a comment on the verdict as well, and from no field of anything else.
  if (event.ctrlKey && event.key === "Enter") return Boolean(field) && !isOfVerdict(field!);
  if (field) return true;
  const isMove = /^(Arrow|Home|End|Page)/.test(event.key);
  if (target.closest("input[type=checkbox]")) return event.key === " ";
  if (target.closest("input")) return isMove || event.key === " ";
  // Everywhere else the arrows go through the images: the page itself never scrolls.
  if (target.closest("button, a, summary")) return event.key === "Enter" || event.key === " ";
  return false;
}
