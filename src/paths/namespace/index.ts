/** The namespace as its users see it. */
export { Namespace } from "./namespace.ts";
export type { NamespaceOptions } from "./options.ts";
