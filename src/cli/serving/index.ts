/** What `everwarp serve` answers: which searches a daemon takes, with what it answers them, and its state as text. */
export { ResidentSearch } from "./resident-search.ts";
export { statusText } from "./status-text.ts";
export { type ArgumentReader, planSearch } from "./search-plan.ts";
