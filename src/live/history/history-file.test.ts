import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { eachInFreshFolder } from "../../../test/support/fresh-folder.ts";
import { HistoryFile } from "./history-file.ts";

let folder: string;
eachInFreshFolder("history", (fresh) => (folder = fresh));

it("keeps patterns in the user's folder of state, for nobody else", () => {
  const first = new HistoryFile({ XDG_STATE_HOME: folder });
  const second = new HistoryFile({ XDG_STATE_HOME: folder });
  expect(first.read()).toEqual([]);
  first.add("one");
  second.add("two");
  first.add("one");
  first.add("");
  expect(second.read()).toEqual(["two", "one"]);
  const path = join(folder, "everwarp", "live-history");
  expect(readFileSync(path, "utf8")).toBe("two\none\n");
  expect(statSync(path).mode & 0o777).toBe(0o600);
});

it("lies below HOME where XDG_STATE_HOME is not absolute, and nowhere without HOME", () => {
  new HistoryFile({ XDG_STATE_HOME: "relative", HOME: folder }).add("x");
  expect(readFileSync(join(folder, ".local/state/everwarp/live-history"), "utf8")).toBe("x\n");
  const nowhere = new HistoryFile({});
  nowhere.add("x");
  expect(nowhere.read()).toEqual([]);
});

it("is empty where something else has its name, and says so when it is to be written", () => {
  mkdirSync(join(folder, "everwarp", "live-history"), { recursive: true });
  const history = new HistoryFile({ XDG_STATE_HOME: folder });
  expect(history.read()).toEqual([]);
  expect(() => history.add("x")).toThrow();
  writeFileSync(join(folder, "file"), "");
  expect(() => new HistoryFile({ XDG_STATE_HOME: join(folder, "file") }).add("x")).toThrow();
});
