/** Numbers in sentences. */

/** `1 file`, `2,345 files`. */
export function countOf(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString("en")} ${count === 1 ? one : many}`;
}
