/** The tool `files`: which files there are. */
import { countOf, Page, pathOrder, readCursor } from "../answer/index.ts";
import { commandError, eachRecord } from "../command/index.ts";
import { FILE_FIELDS, fileFlags, NOTHING_TO_SEARCH, PAGE_FIELDS, parameters, remedyOf } from "./fields.ts";
import { pageAnswer } from "./page-answer.ts";
import type { Tool } from "./tool.ts";

const input = parameters({ ...FILE_FIELDS, ...PAGE_FIELDS });

/** Lists files. */
export const filesTool: Tool<typeof input> = {
  name: "files",
  title: "List files",
  description:
    "Lists files, one path a line, sorted. First comes how many there are. Files that are hidden or ignored by git " +
    "are left out. To find a file by its name, give a glob such as `**/*name*`.",
  input,
  async answer(given, { roots, commands }, signal) {
    const paths = roots.resolveAll(given.paths ?? []);
    const args = [
      "search",
      "--no-config",
      "--files",
      "--null",
      "--sort=path",
      ...fileFlags(given),
      "--",
      ...paths,
    ];
    const after = readCursor(args, given.cursor);
    return commands.run(args, { signal }, async ({ output, ended }) => {
      const page = new Page(given.maxBytes, pathOrder(paths), after);
      let count = 0;
      await eachRecord(output, 0, (record) => {
        count++;
        page.add({ path: record.toString("latin1"), line: 0 }, [record.toString("utf8")]);
      });
      const end = await ended;
      const error = commandError(end, remedyOf);
      if (error !== undefined) throw error;
      const header = count === 0 ? `No files. ${NOTHING_TO_SEARCH}` : `${countOf(count, "file")}.`;
      return pageAnswer(header, page, args, end);
    });
  },
};
