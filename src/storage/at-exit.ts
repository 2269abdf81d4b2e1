/**
 * Runs work when the process ends by `process.exit()`, which waits for no asynchronous work.
 *
 * Invariant: a registered function runs at most once, at the "exit" event. There, only synchronous calls have an
 * effect. A signal that kills the process runs nothing.
 */

const waiting = new Set<() => void>();
let isListening = false;

/**
 * Registers a function that runs at the exit of this thread.
 *
 * @param duty must handle its errors, and must be quick: the process waits for it
 * @returns a function that removes the registration
 */
export function atExit(duty: () => void): () => void {
  if (!isListening) {
    isListening = true;
    process.on("exit", () => {
      for (const each of waiting) each();
      waiting.clear();
    });
  }
  // A new function each time, so that one duty may be registered twice.
  const own = (): void => duty();
  waiting.add(own);
  return () => waiting.delete(own);
}
