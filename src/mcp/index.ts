/** An MCP server: agents search, list and read files below folders that the user named. */
export { serveMcp, type McpOptions } from "./server.ts";
export { type ToolText, toolTexts } from "./tool-texts.ts";
