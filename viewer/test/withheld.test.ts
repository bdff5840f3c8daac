import { describe, expect, it } from "vitest";
import { actsOnDisclosed, WITHHELD } from "../src/withheld";

function pressed(group: string, why: string): string[] {
  const told: string[] = [];
  const command = {
    name: "peek",
    title: "",
    group,
    key: "H",
    run: () => void told.push("done"),
    release: () => void told.push("let go"),
  };
  const refuse = (text: string) => void told.push(text);
  const one = actsOnDisclosed(command, { whyWithheld: () => why, refuse });
  one.run();
  one.release!();
  return told;
}

describe("while the AI results are withheld", () => {
  it("does nothing of the AI layer, and lets go of nothing that was refused", () => {
    expect(pressed("AI layer", WITHHELD)).toEqual([WITHHELD]);
  });

  it("does all the rest", () => {
    expect(pressed("Images", WITHHELD)).toEqual(["done", "let go"]);
  });

  it("does the AI layer's once they are shown", () => {
    expect(pressed("AI layer", "")).toEqual(["done", "let go"]);
  });
});
