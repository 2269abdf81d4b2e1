/** Opens the user's editor at a place. */
import { spawnSync } from "node:child_process";
import { basename } from "node:path";
import { EverwarpError } from "../../base/index.ts";

/** A place in a file. Lines and columns count from 1. */
export interface Place {
  readonly path: Buffer;
  readonly line: number;
  /** In bytes. */
  readonly column: number;
  /** In characters. */
  readonly character: number;
}

/** How a family of editors is told a place: what stands before the file, or with it. */
type Form = (file: string, place: Place) => readonly string[];

const plusLine: Form = (file, { line }) => [`+${line}`, file];
const plusLineColon: Form = (file, { line, character }) => [`+${line}:${character}`, file];
const fileLineColon: Form = (file, { line, character }) => [`${file}:${line}:${character}`];
const goto: Form = (file, place) => ["--goto", ...fileLineColon(file, place)];

const FORMS: Readonly<Record<string, Form>> = {
  vim: (file, { line, column }) => [`+call cursor(${line},${column})`, file],
  nano: (file, { line, character }) => [`+${line},${character}`, file],
  emacs: plusLineColon,
  kak: plusLineColon,
  micro: plusLineColon,
  code: goto,
  hx: fileLineColon,
  subl: fileLineColon,
};

/** Names of programs, by the family whose arguments they take. */
const FAMILIES: Readonly<Record<string, string>> = {
  nvim: "vim",
  gvim: "vim",
  vimx: "vim",
  emacsclient: "emacs",
  "code-insiders": "code",
  codium: "code",
  cursor: "code",
  helix: "hx",
  zed: "subl",
};

/** The user's editor: VISUAL, else EDITOR, as a shell would run it. @throws EW_BAD_ARGUMENT where neither is set */
export function editorOf(env: Readonly<Record<string, string | undefined>>): string {
  const command = [env["VISUAL"], env["EDITOR"]].find((each) => each !== undefined && each.trim() !== "");
  if (command !== undefined) return command;
  throw new EverwarpError("EW_BAD_ARGUMENT", "--open needs an editor, and neither VISUAL nor EDITOR is set", {
    remedy: "Set EDITOR, for example EDITOR=vim.",
  });
}

/** The arguments for an editor. An editor that is not known gets `+LINE FILE`, which most take. */
export function editorArguments(command: string, place: Place): readonly string[] {
  const [program = ""] = command.trim().split(/\s+/);
  const name = basename(program);
  const text = place.path.toString();
  // A file must not look like an option.
  const file = text.startsWith("-") || text.startsWith("+") ? `./${text}` : text;
  return (FORMS[FAMILIES[name] ?? name] ?? plusLine)(file, place);
}

/** Runs the editor until it ends. The shell splits the command, as git and others do. @returns its exit code */
export function openInEditor(command: string, place: Place): number {
  if (!Buffer.from(place.path.toString()).equals(place.path))
    throw new EverwarpError("EW_BAD_ARGUMENT", `the name of ${place.path.toString()} is not UTF-8`, {
      remedy: "Rename the file, or open it by hand.",
    });
  const words = ["-c", `${command} "$@"`, command, ...editorArguments(command, place)];
  const { status, signal, error } = spawnSync("/bin/sh", words, { stdio: "inherit" });
  if (error !== undefined) throw error;
  return signal === null ? (status ?? 2) : 2;
}
