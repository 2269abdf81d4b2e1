/** The namespace as its users see it. */
export { Namespace } from "./namespace.ts";
export type {
  NamespaceOptions,
  NamespaceInfo,
  ChangeOptions,
  BatchOptions,
  DeepChangeOptions,
  LookupCallOptions,
} from "./options.ts";
