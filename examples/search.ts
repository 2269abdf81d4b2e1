/**
 * Searches a tree again and again from TypeScript: load it once, then ask.
 *
 *   npx tsx examples/search.ts [FOLDER] [PATTERN…]
 *
 * With a GPU the tree lies in its memory and a kernel that stays there answers; without one the host's threads do, and
 * nothing in this file is different.
 */
import { Corpus, EverwarpError, SearchEngine } from "everwarp";

const [folder = ".", ...patterns] = process.argv.slice(2);

// The files that ripgrep would search: ignore rules are honoured, hidden files left out.
const corpus = await Corpus.list([folder], { hidden: false });
const engine = await SearchEngine.open({ corpus, device: "auto" });
try {
  const { device, strategy, fallbackReason } = engine.info;
  console.log(`${corpus.fileCount} files on ${device}, strategy ${strategy}`);
  if (fallbackReason !== undefined) console.log(`no GPU: ${fallbackReason}`);

  // Submitting returns at once; any number of searches may be in flight.
  const wanted = patterns.length > 0 ? patterns : ["TODO", String.raw`\bimport\b.*\bfrom\b`];
  const searches = wanted.map((pattern) => engine.submit({ pattern, smartCase: true }));

  for (const [number, search] of searches.entries()) {
    const result = await search.wait();
    console.log(`\n${wanted[number]}: ${result.count} hits in ${result.fileCount} files`);
    // Numbers come as typed arrays; the text of a line is made only when it is asked for.
    for (let hit = 0; hit < Math.min(result.count, 3); hit++) {
      console.log(
        `${result.path(hit)}:${result.line[hit]}:${result.column[hit]}: ${result.lineText(hit).trim()}`,
      );
    }
  }

  // For answers in microseconds, wait without the event loop.
  const { count, roundTripUs } = engine.searchSync(
    { pattern: "function", fixedStrings: true },
    { timeoutMs: 1000 },
  );
  console.log(`\nfunction: ${count} hits, ${roundTripUs.toFixed(1)} µs`);
} catch (error) {
  // Every error has a code that does not change, and says what to do.
  if (!(error instanceof EverwarpError)) throw error;
  console.error(`${error.message} [${error.code}]`);
  process.exitCode = 1;
} finally {
  await engine.close();
}
