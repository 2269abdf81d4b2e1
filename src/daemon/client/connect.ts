/** The library's way to a daemon. */
import { resolve } from "node:path";
import {
  currentDirectory,
  listOf,
  type OptionChecks,
  oneOf,
  pathText,
  readOptions,
} from "../../base/index.ts";
import { TREE_OPTIONS, type TreeOptions } from "../../search/index.ts";
import { runtimeFolder, sentVariables } from "../protocol/index.ts";
import { TreeEngine } from "../tree-engine/index.ts";
import { SocketAsking } from "./socket-asking.ts";

/** What `connect` searches, and through which daemon. */
export interface ConnectOptions extends TreeOptions {
  /** Files and folders. Default: the working directory. */
  readonly paths?: readonly string[];
  /**
   * `running`: the daemon that runs and holds the tree. `auto`: where none runs, one is started, and the tree is named
   * to it; it ends after 30 minutes without a search. Default: `running`.
   */
  readonly daemon?: "running" | "auto";
}

const OPTIONS: OptionChecks<ConnectOptions> = {
  ...TREE_OPTIONS,
  paths: listOf(pathText),
  daemon: oneOf("running", "auto"),
};

/**
 * Connects to this user's daemon (`everwarp serve`), and has it load a tree: what `Corpus.list(paths, options)` would
 * list. The engine searches the tree as it is at each search, whatever changed since.
 *
 * A search whose daemon dies is asked once more, unless hits were given on; so an answer is whole, or an error.
 * @throws EW_DAEMON_NOT_RUNNING, EW_DAEMON_TREE for paths that nobody named to the daemon or that do not exist,
 * EW_DAEMON_VERSION, EW_DAEMON_DIED, EW_QUEUE_FULL, EW_BAD_ARGUMENT, EW_BAD_FLAG_VALUE for a glob or a type that does
 * not parse
 */
export async function connect(options: ConnectOptions = {}): Promise<TreeEngine> {
  const {
    paths = [],
    daemon = "running",
    cwd,
    ...tree
  } = readOptions("the options of connect", options, OPTIONS);
  return TreeEngine.open(
    new SocketAsking({
      at: runtimeFolder(process.env),
      paths,
      options: tree,
      cwd: resolve(currentDirectory() ?? "/", cwd ?? ""),
      env: sentVariables(process.env),
      isAuto: daemon === "auto",
    }),
  );
}
