/** The folder that this process is in. */

/**
 * Its path, or undefined where it was removed since: then relative paths lead nowhere, and absolute ones work as ever.
 */
export function currentDirectory(): string | undefined {
  try {
    return process.cwd();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return undefined;
  }
}
