/** Files: atomic writes, opening without waiting, checks before use; folders for caches. */
export { atExit } from "./at-exit.ts";
export {
  type FileSink,
  type WriteOptions,
  unwritable,
  writeAtomically,
  writeBytesAtomically,
  writeBytesAtomicallySync,
} from "./atomic-write.ts";
export { type EnvironmentVariables, userCacheFolder } from "./cache-home.ts";
export {
  type Shape,
  fieldOf,
  isAmount,
  isBoolean,
  isCount,
  isListOf,
  isMapOf,
  isObject,
  isOneOf,
  isOptional,
  isRecord,
  isText,
  parseJson,
} from "./json-shape.ts";
export { PRIVATE_FOLDER_MODE, makeFolder, makeFolderSync } from "./make-folder.ts";
export { TOKEN_PATTERN, isGone, processToken } from "./process-token.ts";
export {
  openRegularFile,
  readRegularFile,
  readRegularFileSync,
  readRegularText,
  readRegularTextSync,
} from "./read-regular.ts";
export { removeLeftBehind } from "./temporary-file.ts";
export { type SealedReader, allocateSection, readSealedFile, saveSealedFile } from "./sealed-file.ts";
export { type About, type FileKind, type NamedFile, type SectionPlace, corrupted } from "./sealed-format.ts";
