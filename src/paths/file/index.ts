/** A namespace as one file. */
export { loadNamespaceFile, saveNamespaceFile } from "./namespace-file.ts";
