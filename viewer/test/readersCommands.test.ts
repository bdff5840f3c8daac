import { describe, expect, it, vi } from "vitest";
import type { Command } from "../src/keys";

vi.stubGlobal("document", { body: { dataset: {} } });
const { commandsOf } = await import("../src/commands");
const { withoutReadersCommands } = await import("../src/keys");

const unused = new Proxy({}, { get: () => ({}) });
const all = commandsOf(unused as Parameters<typeof commandsOf>[0]);
const names = (commands: Command[]) => commands.map((one) => one.name);

describe("who does not read studies", () => {
  it("has neither the keys of a verdict nor those that draw", () => {
    const left = withoutReadersCommands(all);
    expect(left.filter((one) => one.isFixed)).toEqual([]);
    const gone = names(all).filter((name) => !names(left).includes(name));
    expect(gone).toEqual(
      expect.arrayContaining(["decide-accept", "finding-tumor", "sign-next", "next-study"]),
    );
    expect(gone).toEqual(expect.arrayContaining(["draw-length", "place", "adopt", "hide-mark"]));
    expect(left.find((one) => /\b(accept|sign|draw|write)\b/i.test(one.title))).toBeUndefined();
  });

  it("has all the others", () => {
    const left = names(withoutReadersCommands(all));
    expect(left).toEqual(
      expect.arrayContaining(["next", "zoom-in", "peek", "select-next", "cancel", "report"]),
    );
  });
});
