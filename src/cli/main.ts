/** What `everwarp` runs. */
import { main } from "./command-line.ts";

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
