/**
 * Searches a tree through the daemon, which has it in memory already, and shows what changes.
 *
 *   npx tsx examples/connect.ts [FOLDER] [PATTERN]
 *
 * The first program that asks starts the daemon; all others share it. Each answer is about the files as they are when
 * it is asked for, so nothing is ever loaded again here.
 */
import { connect, EverwarpError, type TextEngine } from "everwarp";

const [folder = ".", pattern = "TODO"] = process.argv.slice(2);

/** An engine of this process (SearchEngine) does the same. */
async function show(engine: TextEngine): Promise<void> {
  const hits = await engine.search({ pattern, smartCase: true, maxHits: 1000 });
  console.log(`${pattern}: ${hits.count} hits in ${hits.fileCount} files`);
  for (let hit = 0; hit < Math.min(hits.count, 3); hit++)
    console.log(`${hits.path(hit)}:${hits.line[hit]}:${hits.column[hit]}: ${hits.lineText(hit).trim()}`);
}

try {
  const engine = await connect({ paths: [folder], daemon: "auto" });
  const { files } = await engine.stats();
  console.log(`${files} files on ${engine.info.device}, in the daemon`);
  await show(engine);

  // Hits come in runs of whole files while the rest is on its way.
  let runs = 0;
  for await (const _run of engine.submit({ pattern })) runs++;
  console.log(`in ${runs} runs`);
  await engine.close(); // the daemon stays, for the next program
} catch (error) {
  if (!(error instanceof EverwarpError)) throw error;
  console.error(`${error.message} [${error.code}]`);
  process.exitCode = 1;
}
