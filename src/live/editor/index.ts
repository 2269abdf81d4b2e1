/** Editors: how each is told which place of a file to open. */
export { editorArguments, editorOf, openInEditor, type Place } from "./editor.ts";
