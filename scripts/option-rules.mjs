// Limits and switches of a public call stand in its object of options, never by place: `wait({ timeoutMs })`, not
// `wait(100)`. What a caller must give (a path, a count) may stand by place.

const IS_OPTION = /^(AbortSignal|boolean)( \| undefined)?$/;

/**
 * Parameters that ought to be options.
 *
 * @param {Iterable<{ owner: string, name: string, type: string }>} parameters of public functions and methods
 * @returns {string[]} one line each
 */
export function positionalOptions(parameters) {
  const lines = [...parameters]
    .filter(({ name, type }) => name.endsWith("Ms") || IS_OPTION.test(type))
    .map(({ owner, name, type }) => `${owner} takes ${name} (${type}) by place: move it into its options`);
  return [...new Set(lines)];
}
