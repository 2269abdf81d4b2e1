/**
 * What is still to be done when the process ends by `process.exit()`, which waits for nothing that is under way.
 *
 * Invariant: whatever is registered runs at most once, at the "exit" event, where only synchronous calls have an
 * effect. A signal that ends the process runs nothing of it.
 */

const waiting = new Set<() => void>();
let isListening = false;

/**
 * Registers a last duty of this thread.
 *
 * @param duty must deal with its errors, and be quick: the process waits for it
 * @returns calls it off
 */
export function atExit(duty: () => void): () => void {
  if (!isListening) {
    isListening = true;
    process.on("exit", () => {
      for (const each of waiting) each();
      waiting.clear();
    });
  }
  // A function of its own each time, so that one duty may be registered twice.
  const own = (): void => duty();
  waiting.add(own);
  return () => waiting.delete(own);
}
