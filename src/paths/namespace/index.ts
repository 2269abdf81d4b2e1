/** The namespace as its users see it. */
export { Namespace } from "./namespace.ts";
export type {
  BatchOptions,
  ChangeOptions,
  DeepChangeOptions,
  LookupCallOptions,
  NamespaceInfo,
  NamespaceOptions,
} from "./options.ts";
