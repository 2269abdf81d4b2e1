/** How long a search takes, on every engine. */
export { searchQueries } from "./all-queries.ts";
export { searchLines } from "./lines.ts";
export { searchBurst } from "./burst.ts";
export { searchSize } from "./size.ts";
export { QUERY_KINDS, searchTree } from "./tree.ts";
export { searchTyping } from "./typing.ts";
