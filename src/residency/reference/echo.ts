/** The reference of `kernels/echo.comp`. */
export function echoReference(payload: readonly number[]): number {
  return payload[0] + 1;
}
