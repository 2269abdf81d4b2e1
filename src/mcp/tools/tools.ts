/** All tools. */
import { filesTool } from "./files.ts";
import { pathsTool } from "./paths.ts";
import { readLinesTool } from "./read-lines.ts";
import { searchTool } from "./search.ts";
import type { Tool } from "./tool.ts";

/** All tools, in the order in which they are offered. Each checks its input by its own schema. */
export const TOOLS: readonly Tool[] = [searchTool, filesTool, readLinesTool, pathsTool] as unknown as Tool[];
