/** What `everwarp cache` does and says. */
export { type ModelFolder, chosenDirectory, modelFolders } from "./folders.ts";
export { readFolder, statsOf } from "./look.ts";
export { type PreloadAnswer, preload } from "./preload.ts";
export { listText, millisecondsText, sizeText, statsText, verdictText, verifyText } from "./text.ts";
export { type ImportAnswer, exportPrograms, importPrograms } from "./transfer.ts";
