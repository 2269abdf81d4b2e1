var __getOwnPropNames = Object.getOwnPropertyNames;
var __esm = (fn, res, err) => function __init() {
  if (err) throw err[0];
  try {
    return fn && (res = (0, fn[__getOwnPropNames(fn)[0]])(fn = 0)), res;
  } catch (e) {
    throw err = [e], e;
  }
};

// src/base/errors.ts
function fault(meaning) {
  return { meaning, isDeviceFailure: false };
}
function deviceFault(meaning) {
  return { meaning, isDeviceFailure: true };
}
var BRAND, ERROR_CODES, EverwarpError;
var init_errors = __esm({
  "src/base/errors.ts"() {
    "use strict";
    BRAND = /* @__PURE__ */ Symbol.for("everwarp.error");
    ERROR_CODES = {
      EW_BAD_ARGUMENT: fault("a value given by the caller is out of range or of the wrong shape"),
      EW_BAD_PATTERN: fault("a search pattern does not parse"),
      EW_UNKNOWN_FLAG: fault("a command-line flag is not known"),
      EW_BAD_FLAG_VALUE: fault("a command-line flag has a value it cannot take"),
      EW_PATH_NOT_FOUND: fault("a path that was named does not exist"),
      EW_PATH_UNREADABLE: fault("a path exists and cannot be read"),
      EW_NO_VULKAN: deviceFault("no Vulkan loader or driver was found"),
      EW_NO_DEVICE: deviceFault("no device fits what was asked for"),
      EW_DEVICE_FORBIDDEN: deviceFault("the device exists and may not be opened by this user"),
      EW_DRIVER_TOO_OLD: deviceFault("the driver lacks a feature that is needed"),
      EW_DEVICE_LOST: deviceFault("the device stopped answering or was reset"),
      EW_OUT_OF_DEVICE_MEMORY: deviceFault("the device has no room for an allocation"),
      // Also for memory that the device sees.
      EW_OUT_OF_HOST_MEMORY: deviceFault("the host has no room for an allocation"),
      EW_VULKAN: deviceFault("a Vulkan call failed in a way that has no code of its own"),
      EW_COMPILE: deviceFault("a kernel does not compile"),
      EW_BAD_SPIRV: fault("a SPIR-V module cannot be read"),
      EW_LAYOUT_DRIFT: fault("host and device disagree about a struct's layout"),
      EW_QUEUE_FULL: fault("no further request is taken now: the queue is full"),
      EW_REQUEST_TOO_LARGE: fault("a request or a batch is larger than allowed"),
      EW_TIMEOUT: deviceFault("an answer did not come in the time allowed"),
      EW_CLOSED: fault("the object was closed before the call"),
      EW_IN_USE: fault("an object was closed while others use it"),
      EW_STRATEGY_UNSUPPORTED: fault("the device profile does not allow the launch strategy that was asked for"),
      EW_KERNEL_FAULT: deviceFault("a kernel reported an error of its own"),
      EW_LOOP_LIMIT: deviceFault("a driver that limits loops ended one of a kernel early"),
      EW_CORPUS_TOO_LARGE: deviceFault("a corpus does not fit the device"),
      EW_CORPUS_UNKNOWN: fault("a query names a corpus that this engine has not loaded"),
      EW_FILE_CHANGED: fault("a file changed on disk after it was loaded"),
      EW_NO_THREAD: fault("the system does not let another thread start"),
      EW_WORKER_DIED: fault("a worker thread ended unexpectedly"),
      EW_BENCH_WRONG_RESULT: fault("a benchmark got another result than the expected one"),
      EW_BENCH_SKIPPED: fault("a benchmark cannot be run on this machine"),
      EW_NO_ROOM: deviceFault("the kernels that share a device leave no room for another"),
      EW_ABORTED: fault("a call was ended by its caller's signal"),
      EW_REQUEST_POISONED: fault("a request was in hand each time the kernel hung, and was given up"),
      EW_PATH_UNWRITABLE: fault("a path cannot be written"),
      EW_CHECKPOINT_TRUNCATED: fault("a checkpoint file ends too early"),
      EW_CHECKPOINT_CORRUPTED: fault("a checkpoint file is damaged, or is none"),
      EW_CHECKPOINT_OUTDATED: fault("a checkpoint file has a format or a layout that is no longer read"),
      EW_CHECKPOINT_OTHER_DEVICE: fault("a checkpoint file comes from another device or driver"),
      EW_CHECKPOINT_OTHER_KERNEL: fault("a checkpoint file comes from another kernel"),
      EW_PACKAGE_INCOMPLETE: fault("files that everwarp consists of are not where the program runs"),
      // No addresses are left that a kernel can reach. No device is asked where the table itself is full.
      EW_PATHS_FULL: deviceFault("a path table has no room for another entry"),
      EW_NAMESPACE_TRUNCATED: fault("a namespace file ends too early"),
      EW_NAMESPACE_CORRUPTED: fault("a namespace file is damaged, or is none"),
      EW_NAMESPACE_OUTDATED: fault("a namespace file has a format that is no longer read, or not yet"),
      EW_INTERNAL: fault("a broken invariant: a fault in everwarp itself")
    };
    EverwarpError = class extends Error {
      code;
      remedy;
      [BRAND] = true;
      /**
       * @param code stable code, for programs
       * @param message what happened, with the values seen; no trailing full stop needed
       */
      constructor(code, message, details = {}) {
        super(
          details.remedy === void 0 ? message : `${message}. ${details.remedy}`,
          details.cause === void 0 ? void 0 : { cause: details.cause }
        );
        this.name = "EverwarpError";
        this.code = code;
        this.remedy = details.remedy;
      }
      /** Also true for errors of another copy of the package. */
      static [Symbol.hasInstance](value) {
        return typeof value === "object" && value !== null && BRAND in value;
      }
    };
  }
});

// src/base/package-root.ts
function packageRoot() {
  cached ??= findPackageRoot([moduleFile(), process.argv[1]].filter((file) => file !== void 0));
  return cached;
}
function moduleFile() {
  const url = import_meta.url;
  if (url !== void 0) return (0, import_node_url.fileURLToPath)(url);
  return typeof __filename === "string" ? __filename : void 0;
}
function requireDependency(name) {
  const require2 = (0, import_node_module.createRequire)((0, import_node_path.join)(packageRoot(), "package.json"));
  let file;
  try {
    file = require2.resolve(name);
  } catch (cause) {
    throw new EverwarpError(
      "EW_PACKAGE_INCOMPLETE",
      `the package ${name} is not installed, which everwarp in ${packageRoot()} needs`,
      { remedy: "Install everwarp with npm, which brings its dependencies.", cause }
    );
  }
  return require2(file);
}
function findPackageRoot(files) {
  for (const file of files) {
    const found = rootAbove((0, import_node_path.dirname)(file));
    if (found !== void 0) return found;
  }
  for (const file of files) {
    const found = installedFor(file);
    if (found !== void 0) return found;
  }
  throw new EverwarpError(
    "EW_PACKAGE_INCOMPLETE",
    `everwarp's kernels and threads are not found: no package "${PACKAGE_NAME}" is installed for ${files.join(" or ")}`,
    {
      remedy: `A bundle holds the code alone. Install ${PACKAGE_NAME} in a folder above the bundle (npm install). Better leave it out of the bundle (esbuild --external:${PACKAGE_NAME}).`
    }
  );
}
function rootAbove(folder) {
  for (let current = folder; ; current = (0, import_node_path.dirname)(current)) {
    const manifest = (0, import_node_path.join)(current, "package.json");
    if ((0, import_node_fs.existsSync)(manifest) && isEverwarp(manifest)) return current;
    if ((0, import_node_path.dirname)(current) === current) return void 0;
  }
}
function installedFor(file) {
  try {
    return (0, import_node_path.dirname)((0, import_node_module.createRequire)(file).resolve(`${PACKAGE_NAME}/package.json`));
  } catch (error) {
    if (error.code !== "MODULE_NOT_FOUND") throw error;
    return void 0;
  }
}
function isEverwarp(manifest) {
  const parsed = JSON.parse((0, import_node_fs.readFileSync)(manifest, "utf8"));
  return typeof parsed === "object" && parsed !== null && "name" in parsed && parsed.name === PACKAGE_NAME;
}
var import_node_fs, import_node_module, import_node_path, import_node_url, import_meta, PACKAGE_NAME, cached;
var init_package_root = __esm({
  "src/base/package-root.ts"() {
    "use strict";
    import_node_fs = require("node:fs");
    import_node_module = require("node:module");
    import_node_path = require("node:path");
    import_node_url = require("node:url");
    init_errors();
    import_meta = {};
    PACKAGE_NAME = "everwarp";
  }
});

// src/base/index.ts
var init_base = __esm({
  "src/base/index.ts"() {
    "use strict";
    init_errors();
    init_package_root();
  }
});

// src/search/scanner/fallback-scanner.ts
function createFallbackScanner(literals) {
  const [only] = literals;
  if (only !== void 0 && literals.length === 1 && !only.ignoreAsciiCase) {
    const needle = Buffer.from(only.bytes);
    return {
      find(bytes, from, end) {
        const view = Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from);
        const found = view.indexOf(needle);
        return found < 0 ? -1 : from + found;
      }
    };
  }
  const tests = new LiteralTests(literals);
  return {
    find(bytes, from, end) {
      for (let at = tests.nextStart(bytes, from, end); at < end; at = tests.nextStart(bytes, at + 1, end)) {
        if (tests.lengthAt(bytes, at, end, 0) >= 0) return at;
      }
      return -1;
    }
  };
}
var LiteralTests = class {
  literals;
  keyBytes;
  /** Each byte as it appears in a key. */
  folded;
  /** 1 for the hash of every key. */
  hashes = new Uint8Array(1 << HASH_BITS);
  /** Indices of the literals for a key, ascending. */
  byKey = /* @__PURE__ */ new Map();
  /** Index of the literal that `lengthAt` found last. */
  index = -1;
  constructor(literals) {
    this.literals = literals;
    this.keyBytes = literals.reduce((least, { bytes }) => Math.min(least, bytes.length), 4);
    const foldsCase = literals.some(({ ignoreAsciiCase }) => ignoreAsciiCase);
    this.folded = Uint8Array.from(
      { length: 256 },
      (_, byte) => foldsCase && byte >= 65 && byte <= 90 ? byte | 32 : byte
    );
    for (const [index, { bytes }] of literals.entries()) {
      const key = this.keyAt(bytes, 0);
      this.hashes[hashOf(key)] = 1;
      const list = this.byKey.get(key);
      if (list === void 0) this.byKey.set(key, [index]);
      else list.push(index);
    }
  }
  /** First offset from `from` on where a literal may start. `end` if there is none. */
  nextStart(bytes, from, end) {
    const { folded, hashes, keyBytes } = this;
    const top = (keyBytes - 1) * 8;
    if (from + keyBytes > end) return end;
    let key = this.keyAt(bytes, from);
    for (let next = from + keyBytes; ; next++) {
      if (hashes[hashOf(key)] !== 0) return next - keyBytes;
      if (next >= end) return end;
      key = key >>> 8 | folded[bytes[next]] << top;
    }
  }
  /**
   * Length of the first literal that lies wholly in bytes[at, end), or −1. Literals before number
   * `firstIndex` are ignored.
   */
  lengthAt(bytes, at, end, firstIndex) {
    const candidates = at + this.keyBytes <= end ? this.byKey.get(this.keyAt(bytes, at)) : void 0;
    if (candidates === void 0) return -1;
    for (const index of candidates) {
      if (index < firstIndex) continue;
      const literal = this.literals[index];
      if (at + literal.bytes.length <= end && liesAt(literal, bytes, at)) {
        this.index = index;
        return literal.bytes.length;
      }
    }
    return -1;
  }
  keyAt(bytes, at) {
    let key = 0;
    for (let i = 0; i < this.keyBytes; i++)
      key |= this.folded[bytes[at + i]] << i * 8;
    return key;
  }
};
var HASH_BITS = 15;
var hashOf = (key) => Math.imul(key, 2654435761) >>> 32 - HASH_BITS;
function liesAt({ bytes: wanted, ignoreAsciiCase }, bytes, at) {
  for (let i = 0; i < wanted.length; i++) {
    const byte = bytes[at + i];
    if (byte === wanted[i]) continue;
    if (!ignoreAsciiCase || byte < 65 || byte > 90 || (byte | 32) !== wanted[i]) return false;
  }
  return true;
}

// src/search/matcher/literal-matcher.ts
var MOST_LITERALS = 16;
var SHORT_LINE_BYTES = 256;
var LiteralMatcher = class {
  plan;
  candidatesAreExact;
  matchStart = 0;
  matchEnd = 0;
  tests;
  candidates;
  scanner;
  boundary;
  foldExceptions;
  makeExact;
  exact;
  /** The current line, its end, and whether the regex engine must decide about it. */
  asked = {
    bytes: new Uint8Array(0),
    lineStart: -1,
    lineEnd: -1,
    from: -1,
    isExact: false
  };
  constructor(literals, boundary, foldExceptions, createScanner, makeExact) {
    this.tests = new LiteralTests(literals);
    this.candidatesAreExact = boundary === "none" && foldExceptions.length === 0;
    const isLong = literals.length > MOST_LITERALS;
    const isExact = boundary === "none" && !isLong && !someStartsAnother(literals);
    const kind = isExact ? "literals" : "filter";
    this.plan = isLong ? { kind: "whole" } : { kind, literals: [...literals], foldExceptions };
    this.scanner = isLong ? createFallbackScanner(literals) : createScanner(literals);
    const exceptions = exceptionLiterals(foldExceptions);
    if (exceptions.length === 0) this.candidates = this.scanner;
    else if (isLong) this.candidates = firstOf(this.scanner, createScanner(exceptions));
    else this.candidates = createScanner([...literals, ...exceptions]);
    this.boundary = boundary;
    this.foldExceptions = foldExceptions;
    this.makeExact = makeExact;
  }
  /** The same pattern for the regex engine. */
  get regex() {
    return this.exact ??= this.makeExact();
  }
  findCandidate(bytes, from, end) {
    return this.candidates.find(bytes, from, end);
  }
  findInLine(bytes, lineStart, lineEnd, from) {
    if (this.foldExceptions.length > 0 && this.asksExact(bytes, lineStart, lineEnd, from)) {
      return this.askExact(bytes, lineStart, lineEnd, from);
    }
    if (this.boundary === "line") return this.isWholeLine(bytes, lineStart, lineEnd, from);
    const isShort = lineEnd - from <= SHORT_LINE_BYTES;
    for (let at = from; ; at++) {
      at = isShort ? this.tests.nextStart(bytes, at, lineEnd) : this.scanner.find(bytes, at, lineEnd);
      if (at < 0 || at >= lineEnd) return false;
      let length = this.tests.lengthAt(bytes, at, lineEnd, 0);
      if (length >= 0 && this.boundary === "word") {
        if (at > lineStart && bytes[at - 1] >= 128)
          return this.askExact(bytes, lineStart, lineEnd, from);
        if (at > lineStart && isWordByte(bytes[at - 1])) continue;
        while (length >= 0 && at + length < lineEnd) {
          const after = bytes[at + length];
          if (after >= 128) return this.askExact(bytes, lineStart, lineEnd, from);
          if (!isWordByte(after)) break;
          length = this.tests.lengthAt(bytes, at, lineEnd, this.tests.index + 1);
        }
      }
      if (length < 0) continue;
      this.matchStart = at;
      this.matchEnd = at + length;
      return true;
    }
  }
  isWholeLine(bytes, lineStart, lineEnd, from) {
    if (from !== lineStart) return false;
    let length = this.tests.lengthAt(bytes, lineStart, lineEnd, 0);
    while (length >= 0 && lineStart + length !== lineEnd) {
      length = this.tests.lengthAt(bytes, lineStart, lineEnd, this.tests.index + 1);
    }
    this.matchStart = lineStart;
    this.matchEnd = lineEnd;
    return length >= 0;
  }
  /** Decides once for each line, not again for each of its matches. */
  asksExact(bytes, lineStart, lineEnd, from) {
    const { asked } = this;
    const goesOn = from > asked.from && asked.bytes === bytes && asked.lineStart === lineStart && asked.lineEnd === lineEnd;
    if (!goesOn) {
      asked.bytes = bytes;
      asked.lineStart = lineStart;
      asked.lineEnd = lineEnd;
      asked.isExact = this.hasException(bytes, lineStart, lineEnd);
    }
    asked.from = from;
    return asked.isExact;
  }
  hasException(bytes, lineStart, lineEnd) {
    for (let at = lineStart; at < lineEnd; at++) {
      if (bytes[at] < 128) continue;
      for (const run of this.foldExceptions) {
        if (at + run.length <= lineEnd && run.every((byte, i) => bytes[at + i] === byte)) return true;
      }
    }
    return false;
  }
  askExact(bytes, lineStart, lineEnd, from) {
    const found = this.regex.findInLine(bytes, lineStart, lineEnd, from);
    this.matchStart = this.regex.matchStart;
    this.matchEnd = this.regex.matchEnd;
    return found;
  }
};
var exceptionLiterals = (foldExceptions) => foldExceptions.map((bytes) => ({ bytes, ignoreAsciiCase: false }));
function firstOf(one, other) {
  return {
    find(bytes, from, end) {
      const found = one.find(bytes, from, end);
      const before = other.find(bytes, from, found < 0 ? end : found);
      return before < 0 ? found : before;
    }
  };
}
var isWordByte = (byte) => byte >= 48 && byte <= 57 || byte >= 65 && byte <= 90 || byte === 95 || byte >= 97 && byte <= 122;
function someStartsAnother(literals) {
  return literals.some(
    (a) => literals.some(
      (b) => a !== b && a.bytes.length <= b.bytes.length && a.bytes.every((byte, i) => b.bytes[i] === byte)
    )
  );
}

// src/search/matcher/pattern-syntax.ts
var META = /[\\.+*?()|[\]{}^$#&\-~]/;
var isText = (pattern) => !META.test(pattern);
function plainText(pattern) {
  if (isText(pattern)) return pattern;
  const isEscapedText = /^(?:[^\\.+*?()|[\]{}^$#&\-~]|\\[\\.+*?()|[\]{}^$#&\-~/])*$/.test(pattern);
  return isEscapedText ? pattern.replace(/\\(.)/g, "$1") : void 0;
}
var escapePattern = (text) => text.replace(/[\\.+*?()|[\]{}^$#&\-~]/g, "\\$&");
var joinPatterns = (patterns) => patterns.map((pattern) => `(?:${pattern})`).join("|");
function smartCaseIgnores(pattern) {
  let anyLiteral = false;
  for (const character of literalCharacters(pattern)) {
    anyLiteral = true;
    if (/\p{Uppercase}/u.test(character)) return false;
  }
  return anyLiteral;
}
var TOKEN = new RegExp(
  [
    String.raw`\\(?:[xuU]\{(?<braced>[0-9A-Fa-f ]+)\}|x(?<hex2>[0-9A-Fa-f]{2})|u(?<hex4>[0-9A-Fa-f]{4})|U(?<hex8>[0-9A-Fa-f]{8}))`,
    String.raw`\\[pP](?:\{[^}]*\}|.)`,
    // a Unicode class
    String.raw`\\b\{[^}]*\}`,
    // a word boundary by name
    String.raw`\\[dDsSwWbBAz<>]`,
    // classes and assertions
    String.raw`\\(?<escaped>.)`,
    String.raw`\(\?(?:P?<[^>]*>|[A-Za-z-]*[:)])`,
    // a group's name or flags
    String.raw`\[:\^?[a-z]+:\]`,
    String.raw`(?<class>\[\^?\]?)`,
    String.raw`\{[0-9, ]*\}`,
    String.raw`(?<single>.)`
  ].join("|"),
  "suy"
);
function* literalCharacters(pattern) {
  let classDepth = 0;
  TOKEN.lastIndex = 0;
  for (let found = TOKEN.exec(pattern); found !== null; found = TOKEN.exec(pattern)) {
    const end = TOKEN.lastIndex;
    const {
      braced,
      hex2,
      hex4,
      hex8,
      escaped,
      class: opening,
      single
    } = found.groups;
    const hex = braced ?? hex2 ?? hex4 ?? hex8;
    if (hex !== void 0) {
      const code = Number.parseInt(hex, 16);
      if (code <= 1114111) yield String.fromCodePoint(code);
    } else if (escaped !== void 0) yield escaped;
    else if (opening !== void 0) {
      classDepth++;
      if (opening.endsWith("]")) yield "]";
    } else if (single !== void 0) {
      if (classDepth > 0) {
        if (single === "]") classDepth--;
        else if (single !== "-" && single !== "&" && single !== "~") yield single;
      } else if (!META.test(single) || single === "-" || single === "&" || single === "~" || single === "]")
        yield single;
    }
    TOKEN.lastIndex = end;
  }
}
var STAND_INS = Array.from("wWsSdD", (letter, i) => {
  const from = 983040 + i * 512;
  return { escape: `\\${letter}`, range: [from, from + 255] };
});
var SIMPLE_CLASS = /\[(?![\^\]])(?:[^[\]\\&~-]|-(?!-)|\\.)*\]/suy;
function abridge(pattern) {
  if (/\(\?[A-Za-z]*-[A-Za-z]*u/.test(pattern)) return pattern;
  let abridged = "";
  let classDepth = 0;
  for (let at = 0; at < pattern.length; ) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(pattern);
    if (token === null) return pattern;
    let text = token[0];
    SIMPLE_CLASS.lastIndex = at;
    const simpleClass = classDepth === 0 && text === "[" ? SIMPLE_CLASS.exec(pattern) : null;
    if (simpleClass !== null) {
      text = simpleClass[0];
      abridged += `(${text.replace(/\\(.)/gsu, (escape) => standInFor(escape) ?? escape)})`;
    } else {
      if (token.groups?.["class"] !== void 0) classDepth++;
      else if (text === "]" && classDepth > 0) classDepth--;
      const standIn = classDepth === 0 ? standInFor(text) : void 0;
      abridged += standIn === void 0 ? text : `([${standIn}])`;
    }
    at += text.length;
  }
  return abridged;
}
function standInFor(escape) {
  const range = STAND_INS.find((standIn) => standIn.escape === escape)?.range;
  return range?.map((code) => `\\x{${code.toString(16)}}`).join("-");
}

// src/search/matcher/byte-frequency.ts
var QUARTER_BITS = Uint8Array.of(
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  88,
  99,
  19,
  20,
  99,
  86,
  61,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  12,
  44,
  29,
  34,
  46,
  42,
  36,
  41,
  28,
  28,
  28,
  41,
  25,
  27,
  30,
  30,
  19,
  27,
  28,
  30,
  31,
  32,
  32,
  33,
  32,
  34,
  32,
  26,
  33,
  28,
  31,
  53,
  43,
  27,
  32,
  27,
  28,
  27,
  31,
  32,
  34,
  27,
  50,
  35,
  28,
  30,
  29,
  29,
  28,
  42,
  28,
  27,
  27,
  32,
  36,
  37,
  36,
  36,
  46,
  41,
  39,
  41,
  59,
  20,
  52,
  21,
  28,
  22,
  22,
  17,
  23,
  28,
  27,
  20,
  46,
  32,
  23,
  25,
  21,
  21,
  24,
  40,
  20,
  21,
  19,
  24,
  30,
  32,
  26,
  31,
  39,
  34,
  42,
  34,
  52,
  99,
  53,
  53,
  53,
  53,
  58,
  62,
  63,
  60,
  59,
  60,
  64,
  61,
  59,
  61,
  66,
  60,
  66,
  64,
  67,
  67,
  63,
  62,
  59,
  60,
  65,
  60,
  63,
  62,
  62,
  62,
  63,
  61,
  62,
  56,
  63,
  63,
  58,
  61,
  58,
  62,
  62,
  58,
  64,
  66,
  65,
  56,
  61,
  61,
  54,
  57,
  58,
  58,
  58,
  55,
  60,
  59,
  49,
  55,
  56,
  58,
  56,
  55,
  56,
  58,
  99,
  99,
  65,
  49,
  57,
  58,
  99,
  99,
  68,
  99,
  99,
  94,
  91,
  99,
  50,
  54,
  44,
  49,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  51,
  92,
  58,
  52,
  62,
  54,
  57,
  59,
  60,
  62,
  70,
  62,
  59,
  66,
  99,
  69,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99,
  99
);
var byteBits = (byte) => QUARTER_BITS[byte] / 4;

// src/search/matcher/plan.ts
var FOLDED = 256;
var FOLDED_FAR = 512;
var LARGEST_SET = 16;
var LONGEST_STRING = 32;
var LARGEST_CLASS = 8;
var COMMONEST = 1 / 64;
var FAR_FOLDS = {
  k: Uint8Array.of(226, 132, 170),
  s: Uint8Array.of(197, 191)
};
var foldExceptionsOf = (text) => Object.entries(FAR_FOLDS).flatMap(([letter, run]) => text.toLowerCase().includes(letter) ? [run] : []);
var NOTHING_KNOWN = [""];
function planFor(hir) {
  if (matchesNothing(hir)) return { kind: "nothing" };
  const known2 = inspect(hir);
  const literal = known2.exact !== void 0 && !hasLook(hir) ? exactLiterals(known2.exact) : void 0;
  if (literal !== void 0) return { kind: "literals", ...literal };
  const best = bestSet([known2.required, known2.exact ?? NOTHING_KNOWN, known2.prefix, known2.suffix]);
  return expectedPerByte(best) > COMMONEST ? { kind: "whole" } : { kind: "filter", ...toLiterals(best) };
}
function inspect(hir) {
  switch (hir.kind) {
    case "empty":
    case "look":
      return exactly([""]);
    case "literal":
      return exactly([String.fromCharCode(...hir.bytes)]);
    case "class": {
      const strings = hir.escapes.length === 0 ? classStrings(hir.ranges, hir.without) : void 0;
      return strings === void 0 ? unknown() : exactly(strings);
    }
    case "repetition":
      return inspectRepetition(hir);
    case "concat":
      return hir.subs.map(inspect).reduce(followedBy);
    case "alternation":
      return hir.subs.map(inspect).reduce(or);
  }
}
var unknown = () => ({
  exact: void 0,
  prefix: NOTHING_KNOWN,
  suffix: NOTHING_KNOWN,
  required: NOTHING_KNOWN
});
var exactly = (strings) => ({
  exact: strings,
  prefix: strings,
  suffix: strings,
  required: strings
});
function inspectRepetition(hir) {
  const sub = inspect(hir.sub);
  if (hir.min === 0) {
    if (hir.max !== 1 || sub.exact === void 0) return unknown();
    return exactly(hir.greedy ? [...sub.exact, ""] : ["", ...sub.exact]);
  }
  let known2 = sub;
  for (let times = 1; times < Math.min(hir.min, LONGEST_STRING) && known2.exact !== void 0; times++) {
    known2 = followedBy(known2, sub);
  }
  const isAll = known2.exact !== void 0 && hir.max === hir.min && hir.min <= LONGEST_STRING;
  return isAll ? known2 : { ...known2, exact: void 0 };
}
function followedBy(left, right) {
  const exact = left.exact && right.exact && cross(left.exact, right.exact);
  if (exact !== void 0) return exactly(exact);
  const prefix = (left.exact && cross(left.exact, right.prefix)) ?? left.prefix;
  const suffix = (right.exact && cross(left.suffix, right.exact)) ?? right.suffix;
  const seam = cross(left.suffix, right.prefix) ?? NOTHING_KNOWN;
  return {
    exact: void 0,
    prefix,
    suffix,
    required: bestSet([left.required, right.required, seam, prefix, suffix])
  };
}
function or(left, right) {
  const exact = left.exact && right.exact && union(left.exact, right.exact);
  if (exact !== void 0) return exactly(exact);
  return {
    exact: void 0,
    prefix: union(left.prefix, right.prefix) ?? NOTHING_KNOWN,
    suffix: union(left.suffix, right.suffix) ?? NOTHING_KNOWN,
    required: union(left.required, right.required) ?? NOTHING_KNOWN
  };
}
function cross(left, right) {
  if (left.length * right.length > LARGEST_SET) return void 0;
  const joined2 = left.flatMap((a) => right.map((b) => a + b));
  return joined2.some((text) => text.length > LONGEST_STRING) ? void 0 : [...new Set(joined2)];
}
function union(left, right) {
  const all = [.../* @__PURE__ */ new Set([...left, ...right])];
  return all.length > LARGEST_SET ? void 0 : all;
}
function classStrings(ranges, without) {
  const codes = /* @__PURE__ */ new Set();
  for (const [from, to] of ranges) {
    if (to - from >= LARGEST_CLASS * 2) return void 0;
    for (let code = from; code <= to; code++) codes.add(code);
  }
  for (const code of without) codes.delete(code);
  const strings = [];
  for (const code of codes) {
    const isUpper = code >= 65 && code <= 90;
    const isLower = code >= 97 && code <= 122;
    if (isUpper && codes.has(code + 32)) continue;
    if (isLower && codes.has(code - 32)) {
      const far = code === 107 ? 8490 : code === 115 ? 383 : -1;
      const hasFar = codes.has(far);
      if (hasFar) codes.delete(far);
      strings.push(String.fromCharCode((hasFar ? FOLDED_FAR : FOLDED) + code));
    } else strings.push(Buffer.from(String.fromCodePoint(code)).toString("latin1"));
  }
  return strings.length > LARGEST_CLASS ? void 0 : strings;
}
function bestSet(sets) {
  return sets.reduce((best, set) => expectedPerByte(set) < expectedPerByte(best) ? set : best);
}
function expectedPerByte(set) {
  let sum = 0;
  for (const text of set) {
    let bits = 0;
    for (let i = 0; i < text.length; i++) bits += Math.max(0, unitBits(text.charCodeAt(i)) - 1.5);
    sum += 2 ** -Math.min(bits, 40) + 1e-6;
  }
  return sum;
}
function unitBits(unit) {
  if (unit < FOLDED) return byteBits(unit);
  const lower = unit & 255;
  return -Math.log2(2 ** -byteBits(lower) + 2 ** -byteBits(lower - 32));
}
function exactLiterals(strings) {
  if (strings.includes("") || strings.length > LARGEST_SET) return void 0;
  const reached = strings.filter((text, i) => !strings.some((other, j) => j < i && text.startsWith(other)));
  if (reached.some((a) => reached.some((b) => a !== b && mayStart(a, b)))) return void 0;
  const isMixed = (text) => {
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    const isPlainLetter = (unit) => /[A-Za-z]/.test(String.fromCharCode(unit));
    return units.some((unit) => unit >= FOLDED) && units.some((unit) => unit < FOLDED && isPlainLetter(unit));
  };
  return reached.some(isMixed) ? void 0 : toLiterals(reached);
}
function mayStart(a, b) {
  const fold = (text) => Array.from(
    { length: text.length },
    (_, i) => String.fromCharCode(text.charCodeAt(i) & 255).toLowerCase()
  ).join("");
  return fold(b).startsWith(fold(a));
}
function toLiterals(strings) {
  const exceptions = /* @__PURE__ */ new Set();
  const literals = strings.map((text) => {
    const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
    for (const unit of units) {
      const run = unit >= FOLDED_FAR ? FAR_FOLDS[String.fromCharCode(unit & 255)] : void 0;
      if (run !== void 0) exceptions.add(run);
    }
    const ignoreAsciiCase = units.some((unit) => unit >= FOLDED);
    const lower = (byte) => ignoreAsciiCase && byte >= 65 && byte <= 90 ? byte | 32 : byte;
    return { bytes: Uint8Array.from(units, (unit) => lower(unit & 255)), ignoreAsciiCase };
  });
  return { literals, foldExceptions: [...exceptions] };
}
function hasLook(hir) {
  if (hir.kind === "look") return true;
  if (hir.kind === "repetition") return hasLook(hir.sub);
  return (hir.kind === "concat" || hir.kind === "alternation") && hir.subs.some(hasLook);
}
function matchesNothing(hir) {
  switch (hir.kind) {
    case "class":
      return hir.ranges.length + hir.escapes.length === 0;
    case "repetition":
      return hir.min > 0 && matchesNothing(hir.sub);
    case "concat":
      return hir.subs.some(matchesNothing);
    case "alternation":
      return hir.subs.every(matchesNothing);
    default:
      return false;
  }
}

// src/search/matcher/regex-matcher.ts
var import_node_buffer2 = require("node:buffer");
init_base();

// src/search/matcher/hir.ts
var LOOK_TEXTS = {
  Start: String.raw`\A`,
  End: String.raw`\z`,
  StartLF: "(?m:^)",
  EndLF: "(?m:$)",
  StartCRLF: "(?mR:^)",
  EndCRLF: "(?mR:$)",
  WordAscii: String.raw`(?-u:\b)`,
  WordAsciiNegate: String.raw`(?-u:\B)`,
  WordUnicode: String.raw`\b`,
  WordUnicodeNegate: String.raw`\B`,
  WordStartAscii: String.raw`(?-u:\b{start})`,
  WordEndAscii: String.raw`(?-u:\b{end})`,
  WordStartUnicode: String.raw`\b{start}`,
  WordEndUnicode: String.raw`\b{end}`,
  WordStartHalfAscii: String.raw`(?-u:\b{start-half})`,
  WordEndHalfAscii: String.raw`(?-u:\b{end-half})`,
  WordStartHalfUnicode: String.raw`\b{start-half}`,
  WordEndHalfUnicode: String.raw`\b{end-half}`
};
function readHir(raw) {
  const { "@variant": variant, "@values": values } = raw.kind;
  const first = values?.[0];
  switch (variant) {
    case "Empty":
      return { kind: "empty" };
    case "Literal":
      return { kind: "literal", bytes: first["@values"][0] };
    case "Class": {
      const { ranges } = first["@values"][0];
      return withEscapes(ranges.map(({ start, end }) => [codePoint(start), codePoint(end)]));
    }
    case "Look":
      return { kind: "look", name: first["@variant"] };
    case "Repetition": {
      const { min, max, greedy, sub } = first;
      return { kind: "repetition", min, max, greedy, sub: readHir(sub) };
    }
    case "Capture":
      return readHir(first.sub);
    case "Concat":
      return { kind: "concat", subs: first.map(readHir) };
    default:
      return { kind: "alternation", subs: first.map(readHir) };
  }
}
function withEscapes(ranges) {
  const escapes = [];
  const rest = ranges.filter(([from, to]) => {
    const standIn = STAND_INS.find(({ range }) => range[0] === from && range[1] === to);
    if (standIn !== void 0) escapes.push(standIn.escape);
    return standIn === void 0;
  });
  return { kind: "class", ranges: rest, escapes, without: [] };
}
var codePoint = (value) => typeof value === "number" ? value : value.codePointAt(0);
function someNode(hir, test) {
  if (test(hir)) return true;
  if (hir.kind === "repetition") return someNode(hir.sub, test);
  return (hir.kind === "concat" || hir.kind === "alternation") && hir.subs.some((sub) => someNode(sub, test));
}
function canBeEmpty(hir) {
  switch (hir.kind) {
    case "empty":
    case "look":
      return true;
    case "literal":
    case "class":
      return false;
    case "repetition":
      return hir.min === 0 || canBeEmpty(hir.sub);
    case "concat":
      return hir.subs.every(canBeEmpty);
    case "alternation":
      return hir.subs.some(canBeEmpty);
  }
}
var needsByte = (hir, byte) => someNode(
  hir,
  (node) => node.kind === "literal" && node.bytes.includes(byte) || node.kind === "class" && node.ranges.length === 1 && node.ranges[0]?.every((end) => end === byte) === true
);
var anyClassHas = (hir, code) => someNode(
  hir,
  (node) => node.kind === "class" && (node.ranges.some(([from, to]) => from <= code && code <= to) || node.escapes.some((escape) => escape !== "\\w" && escape !== "\\d" && escape !== "\\S"))
);
function withoutInClasses(hir, code) {
  switch (hir.kind) {
    case "class":
      return { ...hir, without: [...hir.without, code] };
    case "repetition":
      return { ...hir, sub: withoutInClasses(hir.sub, code) };
    case "concat":
    case "alternation":
      return { ...hir, subs: hir.subs.map((sub) => withoutInClasses(sub, code)) };
    default:
      return hir;
  }
}
function withoutLooks(hir, names) {
  switch (hir.kind) {
    case "look":
      return names.has(hir.name) ? { kind: "class", ranges: [], escapes: [], without: [] } : hir;
    case "repetition":
      return { ...hir, sub: withoutLooks(hir.sub, names) };
    case "concat":
    case "alternation":
      return { ...hir, subs: hir.subs.map((sub) => withoutLooks(sub, names)) };
    default:
      return hir;
  }
}
function withLooksRenamed(hir, names) {
  switch (hir.kind) {
    case "look":
      return { kind: "look", name: names[hir.name] ?? hir.name };
    case "repetition":
      return { ...hir, sub: withLooksRenamed(hir.sub, names) };
    case "concat":
    case "alternation":
      return { ...hir, subs: hir.subs.map((sub) => withLooksRenamed(sub, names)) };
    default:
      return hir;
  }
}
function printHir(hir) {
  switch (hir.kind) {
    case "empty":
      return "(?:)";
    case "literal":
      return Array.from(
        Buffer.from(hir.bytes).toString("utf8"),
        (c) => escapedCode(c.codePointAt(0))
      ).join("");
    case "class":
      return printClass(hir);
    case "look":
      return LOOK_TEXTS[hir.name];
    case "repetition": {
      const count = hir.max === hir.min ? `{${hir.min}}` : `{${hir.min},${hir.max ?? ""}}`;
      return `(?:${printHir(hir.sub)})${count}${hir.greedy ? "" : "?"}`;
    }
    case "concat":
      return hir.subs.map((sub) => sub.kind === "alternation" ? `(?:${printHir(sub)})` : printHir(sub)).join("");
    case "alternation":
      return hir.subs.map(printHir).join("|");
  }
}
function printClass({ ranges, escapes, without }) {
  if (ranges.length + escapes.length === 0) return "[a&&b]";
  const members = ranges.map(
    ([from, to]) => from === to ? escapedCode(from) : `${escapedCode(from)}-${escapedCode(to)}`
  );
  const minus = without.length === 0 ? "" : `--[${without.map(escapedCode).join("")}]`;
  return `[${escapes.join("")}${members.join("")}${minus}]`;
}
var escapedCode = (code) => /[A-Za-z0-9]/.test(String.fromCodePoint(code)) ? String.fromCodePoint(code) : `\\x{${code.toString(16)}}`;

// src/search/matcher/line-haystack.ts
var import_node_buffer = require("node:buffer");
var LineHaystack = class {
  bytes = new Uint8Array(0);
  start = 0;
  end = 0;
  isAscii = true;
  source;
  sourceStart = -1;
  sourceEnd = -1;
  /**
   * Sets the line.
   * @param isFirst this is the first question about the line. Reused memory may contain another line at the
   * same place
   * @returns false if this is the line that was set last
   */
  set(source, lineStart, lineEnd, isFirst) {
    if (!isFirst && source === this.source && lineStart === this.sourceStart && lineEnd === this.sourceEnd)
      return false;
    this.source = source;
    this.sourceStart = lineStart;
    this.sourceEnd = lineEnd;
    this.bytes = source;
    this.start = lineStart;
    this.end = lineEnd;
    let at = lineStart;
    while (at < lineEnd && source[at] < 128) at++;
    this.isAscii = at === lineEnd;
    if (!this.isAscii) {
      const copy = Uint8Array.prototype.slice.call(source, lineStart, lineEnd);
      if (!(0, import_node_buffer.isUtf8)(copy)) {
        maskInvalidBytes(copy);
        this.bytes = copy;
        this.start = 0;
        this.end = copy.length;
      }
    }
    return true;
  }
};
function maskInvalidBytes(bytes) {
  for (let at = 0; at < bytes.length; ) {
    const length = sequenceLength(bytes, at);
    if (length === 0) bytes[at] = 255;
    at += Math.max(length, 1);
  }
}
function sequenceLength(bytes, at) {
  const first = bytes[at];
  if (first < 128) return 1;
  const second = bytes[at + 1] ?? 0;
  const isNext = (byte) => byte !== void 0 && (byte & 192) === 128;
  if (first >= 194 && first <= 223) return isNext(second) ? 2 : 0;
  if (first >= 224 && first <= 239) {
    const low = first === 224 ? 160 : 128;
    const high = first === 237 ? 159 : 191;
    return second >= low && second <= high && isNext(bytes[at + 2]) ? 3 : 0;
  }
  if (first >= 240 && first <= 244) {
    const low = first === 240 ? 144 : 128;
    const high = first === 244 ? 143 : 191;
    return second >= low && second <= high && isNext(bytes[at + 2]) && isNext(bytes[at + 3]) ? 4 : 0;
  }
  return 0;
}

// src/search/matcher/regex-engine.ts
init_base();
var NO_MATCH = 4294967297;
var loaded;
function load() {
  if (loaded === void 0) {
    try {
      loaded = requireDependency("rregex");
    } catch (cause) {
      if (!(cause instanceof RangeError)) throw cause;
      throw new EverwarpError("EW_OUT_OF_HOST_MEMORY", "there is no address space for the regex engine", {
        remedy: "Raise the limit (ulimit -v) to 12 GB, or search for plain text (-F).",
        cause
      });
    }
    if (typeof loaded.__wasm?.rregex_findAt !== "function") {
      throw new EverwarpError("EW_INTERNAL", "the installed rregex does not export its functions", {
        remedy: "Install the version that package-lock.json names."
      });
    }
  }
  return loaded;
}
var RegexEngine = class {
  regex;
  address;
  raw;
  memory;
  /** @throws Error with the engine's own message, for a pattern that does not parse or is too big */
  constructor(pattern) {
    const { RRegex, __wasm } = load();
    this.regex = new RRegex(pattern);
    this.address = this.regex.__wbg_ptr;
    this.raw = __wasm;
    this.memory = new Uint8Array(__wasm.memory.buffer);
  }
  /** The parsed pattern as the package's objects; see hir.ts. */
  syntax() {
    return this.regex.syntax();
  }
  /**
   * Offset, from `from` on, at which the leftmost match is known to exist. It is at most the match's end. −1
   * if there is none.
   * Any bytes are allowed.
   */
  shortestMatchEnd(bytes, from, end) {
    const haystack = this.copyIn(bytes, from, end);
    const offset = this.raw.rregex_shortestMatchAt(this.address, haystack, end - from, 0);
    return offset === NO_MATCH ? -1 : offset;
  }
  /** Leftmost match that starts at or after `at` in bytes[from, end). Offsets, and `at`, count from `from`. */
  find(bytes, from, end, at) {
    const haystack = this.copyIn(bytes, from, end);
    return this.take(this.raw.rregex_findAt(this.address, haystack, end - from, at));
  }
  /** All matches in bytes[from, end), in order. An empty match at the end of the match before it is left out. */
  findAll(bytes, from, end) {
    const haystack = this.copyIn(bytes, from, end);
    return this.take(this.raw.rregex_findAll(this.address, haystack, end - from));
  }
  copyIn(bytes, from, end) {
    const length = end - from;
    if (length === 0) return 1;
    const address = this.raw.__wbindgen_malloc(length, 1);
    if (this.memory.byteLength === 0) this.memory = new Uint8Array(this.raw.memory.buffer);
    if (length < 64) for (let i = 0; i < length; i++) this.memory[address + i] = bytes[from + i];
    else this.memory.set(bytes.subarray(from, end), address);
    return address;
  }
  take([value, error, failed]) {
    const index = failed === 0 ? value : error;
    const table = this.raw.__wbindgen_export_2;
    const result = table.get(index);
    this.raw.__externref_table_dealloc(index);
    if (failed !== 0) throw new EverwarpError("EW_INTERNAL", "the regex engine failed", { cause: result });
    return result;
  }
};

// src/search/matcher/regex-matcher.ts
var LINE_FEED = 10;
var CARRIAGE_RETURN = 13;
var SMALLEST_BLOCK_BYTES = 2 << 10;
var LARGEST_BLOCK_BYTES = 256 << 10;
var LONG_LINE_BYTES = 256;
var PATIENCE_LINES = 1e3;
var RegexMatcher = class {
  plan;
  candidatesAreExact;
  matchStart = 0;
  matchEnd = 0;
  /** For one line. */
  engine;
  /** For many lines. */
  blockEngine;
  /** What is matched: no class holds a line feed. */
  hir;
  scanner;
  mayBeEmpty;
  line = new LineHaystack();
  lineMatches;
  emptyInside;
  blockBytes = SMALLEST_BLOCK_BYTES;
  candidateLines = 0;
  matchingLines = 0;
  /** @throws EverwarpError EW_BAD_PATTERN with ripgrep's text */
  constructor(source, createScanner) {
    const engine = compile(source);
    const abridged = abridge(source.pattern);
    const parsed = readHir((abridged === source.pattern ? engine : new RegexEngine(abridged)).syntax());
    refuseBytes(parsed, source);
    let hir = parsed;
    if (someNode(hir, isTextAnchor)) hir = withLooksRenamed(hir, { Start: "StartLF", End: "EndLF" });
    if (anyClassHas(hir, LINE_FEED)) hir = withoutInClasses(hir, LINE_FEED);
    if (source.crlf && anyClassHas(hir, CARRIAGE_RETURN)) hir = withoutInClasses(hir, CARRIAGE_RETURN);
    this.hir = hir;
    this.engine = source.crlf && hir !== parsed ? new RegexEngine(printHir(hir)) : engine;
    this.blockEngine = hir === parsed ? engine : void 0;
    this.mayBeEmpty = canBeEmpty(hir);
    this.plan = planFor(hir);
    const { plan } = this;
    this.scanner = plan.kind === "literals" || plan.kind === "filter" ? createScanner([...plan.literals, ...exceptionLiterals(plan.foldExceptions)]) : void 0;
    this.candidatesAreExact = plan.kind === "literals" && plan.foldExceptions.length === 0;
  }
  findCandidate(bytes, from, end) {
    if (this.scanner !== void 0 && !this.isFilterPoor()) return this.scanner.find(bytes, from, end);
    return this.findMatchingLine(bytes, from, end);
  }
  findInLine(bytes, lineStart, lineEnd, from) {
    const isNewLine = this.line.set(bytes, lineStart, lineEnd, from === lineStart);
    if (isNewLine) this.lineMatches = void 0;
    const span = this.findSpan(from - lineStart, isNewLine);
    if (isNewLine) {
      this.candidateLines++;
      if (span !== void 0) this.matchingLines++;
    }
    const inside = this.emptyMatchBefore(from - lineStart, span?.start ?? lineEnd - lineStart);
    if (inside >= 0) {
      this.matchStart = lineStart + inside;
      this.matchEnd = this.matchStart;
      return true;
    }
    if (span === void 0) return false;
    this.matchStart = lineStart + span.start;
    this.matchEnd = lineStart + span.end;
    return true;
  }
  /** Leftmost match at or after `at`. Offsets count from the line's start. */
  findSpan(at, isNewLine) {
    const { bytes, start, end } = this.line;
    if (isNewLine || end - start < LONG_LINE_BYTES) return this.engine.find(bytes, start, end, at);
    this.lineMatches ??= this.engine.findAll(bytes, start, end);
    const index = firstAtOrAfter(this.lineMatches, at);
    const previous = this.lineMatches[index - 1];
    if (previous !== void 0 && previous.end > at) return this.engine.find(bytes, start, end, at);
    return this.lineMatches[index];
  }
  /**
   * Offset of the first place inside a character in [from, before) where the pattern matches the empty
   * string, or −1.
   */
  emptyMatchBefore(from, before) {
    if (!this.mayBeEmpty || this.line.isAscii) return -1;
    this.emptyInside ??= this.matchesEmptyInsideCharacters();
    if (!this.emptyInside) return -1;
    const { bytes, start } = this.line;
    for (let at = from; at < before; at++) if ((bytes[start + at] & 192) === 128) return at;
    return -1;
  }
  /**
   * Whether the pattern matches the empty string inside a character. There, ripgrep's engine sees bytes that
   * decode to nothing on both sides. No class contains them, and a negated or half word boundary never holds.
   * So the question is asked between two characters that are in no class of this pattern.
   */
  matchesEmptyInsideCharacters() {
    const never = /* @__PURE__ */ new Set(["WordUnicodeNegate", "WordStartHalfUnicode", "WordEndHalfUnicode"]);
    const probe = new RegexEngine(printHir(withoutInClasses(withoutLooks(this.hir, never), 1114111)));
    const text = Buffer.from("\u{10FFFF}\u{10FFFF}");
    return probe.find(text, 0, text.length, 4)?.start === 4;
  }
  isFilterPoor() {
    return this.candidateLines > PATIENCE_LINES && this.matchingLines * 4 < this.candidateLines;
  }
  /** Runs the engine over blocks of whole lines. The block grows while nothing is found. */
  findMatchingLine(bytes, from, end) {
    this.blockEngine ??= new RegexEngine(printHir(this.hir));
    for (let start = from; start < end; ) {
      const stop = blockEnd(bytes, start, Math.min(start + this.blockBytes, end), end);
      if (this.mayBeEmpty && !(0, import_node_buffer2.isUtf8)(Uint8Array.prototype.slice.call(bytes, start, stop))) return start;
      const found = this.blockEngine.shortestMatchEnd(bytes, start, stop);
      if (found >= 0) {
        this.blockBytes = Math.max(SMALLEST_BLOCK_BYTES, Math.min(this.blockBytes, found * 2));
        return Math.min(start + found, end - 1);
      }
      this.blockBytes = Math.min(this.blockBytes * 4, LARGEST_BLOCK_BYTES);
      start = stop + 1;
    }
    return -1;
  }
};
var isTextAnchor = (node) => node.kind === "look" && (node.name === "Start" || node.name === "End");
function blockEnd(bytes, start, wanted, end) {
  if (wanted < end) {
    const last = bytes.lastIndexOf(LINE_FEED, wanted - 1);
    if (last >= start) return last;
  }
  const next = bytes.indexOf(LINE_FEED, Math.max(start, wanted - 1));
  return next < 0 || next >= end ? end : next;
}
function firstAtOrAfter(spans, at) {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = low + high >>> 1;
    if (spans[middle].start < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
function compile(source) {
  try {
    return new RegexEngine(source.pattern);
  } catch (error) {
    if (error instanceof EverwarpError) throw error;
    throw badPattern(messageFor(source, error), error);
  }
}
function messageFor(source, error) {
  const message = error.message ?? String(error);
  const limit = /^Compiled regex exceeds size limit of (\d+) bytes\.$/.exec(message);
  if (limit !== null) return `compiled regex exceeds size limit of ${limit[1]}`;
  try {
    new RegexEngine(source.shown);
  } catch (shownError) {
    return shownError.message ?? message;
  }
  return message;
}
function refuseBytes(hir, source) {
  for (const [byte, text] of [
    [LINE_FEED, String.raw`\n`],
    ...source.crlf ? [[CARRIAGE_RETURN, String.raw`\r`]] : []
  ]) {
    if (needsByte(hir, byte)) throw badPattern(notAllowed(text));
  }
  if (!source.allowNul && needsByte(hir, 0)) throw badPattern(nulPattern());
}
var notAllowed = (text) => `the literal "${text}" is not allowed in a regex

A search looks at one line at a time. To find several texts, give each as a pattern
of its own with -e.`;
var nulPattern = () => String.raw`pattern contains "\0" but it is impossible to match

Consider enabling text mode with the --text flag (or -a for short). Otherwise,
binary detection is enabled and matching a NUL byte is impossible.`;
function badPattern(message, cause) {
  const isOurs = message.endsWith("pattern can match invalid UTF-8");
  const remedy = "Leave out `(?-u)` or --no-unicode, or keep to ASCII inside of it.";
  return new EverwarpError("EW_BAD_PATTERN", message, isOurs ? { cause, remedy } : { cause });
}

// src/search/matcher/create-matcher.ts
function createMatcher(options) {
  const patterns = [...new Set(options.patterns)];
  if (patterns.length === 0) return new NothingMatcher();
  for (const pattern of patterns) {
    if (/\p{Surrogate}/u.test(pattern)) throw badPattern("pattern given is not valid UTF-8");
  }
  const createScanner = options.createScanner ?? createFallbackScanner;
  const boundary = options.lineRegexp === true ? "line" : options.wordRegexp === true ? "word" : "none";
  const fixed = options.fixedStrings === true;
  const sources = fixed ? patterns.map(escapePattern) : patterns;
  const ignoreCase = ignoresCase(options, sources);
  const isUnparsed = (options.caseMode ?? "sensitive") === "sensitive" && (fixed || patterns.every(isText));
  const allowNul = options.allowNul === true || isUnparsed;
  const makeRegex = () => regexMatcher({ ...options, allowNul }, sources, boundary, ignoreCase, createScanner);
  const texts = fixed ? patterns : patterns.map(plainText).filter((text) => text !== void 0);
  if (texts.length < patterns.length) return makeRegex();
  if (texts.some((text) => text.includes("\n"))) throw badPattern(notAllowed(String.raw`\n`));
  if (!allowNul && texts.some((text) => text.includes("\0"))) throw badPattern(nulPattern());
  const isFoldable = !ignoreCase || texts.every((text) => /^\p{ASCII}*$/u.test(text));
  const asksForLineEnd = options.crlf === true && (boundary === "line" || texts.some((text) => text.includes("\r")));
  const isSimple = isFoldable && !asksForLineEnd && options.unicode !== false && !texts.includes("");
  if (!isSimple) return makeRegex();
  return new LiteralMatcher(
    reachable(texts.map((text) => toLiteral(text, ignoreCase))),
    boundary,
    ignoreCase ? foldExceptionsOf(texts.join("")) : [],
    createScanner,
    makeRegex
  );
}
function ignoresCase(options, sources) {
  if (options.caseMode === "insensitive") return true;
  return options.caseMode === "smart" && smartCaseIgnores(joinPatterns(sources));
}
function regexMatcher(options, sources, boundary, ignoreCase, createScanner) {
  const shown = joinPatterns(sources);
  const flags = `m${ignoreCase ? "i" : ""}${options.crlf === true ? "R" : ""}${options.unicode === false ? "-u" : ""}`;
  const around = {
    none: ["", ""],
    word: [String.raw`\b{start-half}`, String.raw`\b{end-half}`],
    line: ["^", "$"]
  };
  const [before, after] = around[boundary];
  return new RegexMatcher(
    {
      pattern: `(?${flags}:${before}(?:${shown})${after})`,
      shown,
      crlf: options.crlf === true,
      allowNul: options.allowNul === true
    },
    createScanner
  );
}
function toLiteral(text, ignoreCase) {
  const hasLetters = /[A-Za-z]/.test(text);
  const ignoreAsciiCase = ignoreCase && hasLetters;
  return { bytes: new Uint8Array(Buffer.from(ignoreAsciiCase ? text.toLowerCase() : text)), ignoreAsciiCase };
}
function reachable(literals) {
  const seen = /* @__PURE__ */ new Set();
  return literals.filter(({ bytes, ignoreAsciiCase }) => {
    const key = `${ignoreAsciiCase} ${Buffer.from(bytes).toString("latin1")}`;
    return seen.has(key) ? false : seen.add(key);
  });
}
var NothingMatcher = class {
  plan = { kind: "nothing" };
  candidatesAreExact = true;
  matchStart = 0;
  matchEnd = 0;
  findInLine() {
    return false;
  }
  findCandidate() {
    return -1;
  }
};

// src/search/matcher/syntax.ts
function syntaxOf(matcher) {
  if (matcher instanceof RegexMatcher) return matcher.hir;
  return matcher instanceof LiteralMatcher ? syntaxOf(matcher.regex) : void 0;
}
var classes = /* @__PURE__ */ new Map();
function classOfEscape(escape) {
  let ranges = classes.get(escape);
  if (ranges === void 0) {
    const node = readHir(new RegexEngine(`[${escape}]`).syntax());
    ranges = node.kind === "class" ? node.ranges : [];
    classes.set(escape, ranges);
  }
  return ranges;
}

// src/search/automaton/line-automaton.ts
var DEAD = 0;
var QUIT = 1;
var CONTEXT = {
  /** The line's start or end. */
  EDGE: 0,
  /** An ASCII letter, digit or underscore. */
  WORD: 1,
  /** Any other ASCII byte. */
  OTHER: 2,
  /** A byte of 0x80 and above. */
  HIGH: 3
};
function contextOf(byte) {
  if (byte >= 128) return CONTEXT.HIGH;
  const isWord2 = byte >= 48 && byte <= 57 || byte >= 65 && byte <= 90 || byte === 95 || byte >= 97 && byte <= 122;
  return isWord2 ? CONTEXT.WORD : CONTEXT.OTHER;
}

// src/search/automaton/byte-classes.ts
var LINE_FEED2 = 10;
function classesOf(nfas) {
  const isBorder = new Uint8Array(257);
  const hasLook2 = nfas.some(({ states }) => states.some(({ kind }) => kind === "look"));
  for (const { states } of nfas) {
    for (const state of states) {
      if (state.kind !== "bytes") continue;
      for (const { low, high } of state.edges) isBorder[low] = isBorder[high + 1] = 1;
    }
  }
  for (let byte = 1; hasLook2 && byte < 256; byte++) {
    if (contextOf(byte) !== contextOf(byte - 1)) isBorder[byte] = 1;
  }
  isBorder[128] = 1;
  const byteClass = new Uint8Array(256);
  let count = 0;
  let asciiClassCount = 0;
  for (let byte = 0; byte < 256; byte++) {
    if (byte > 0 && isBorder[byte] === 1) count++;
    if (byte === 128) asciiClassCount = count;
    byteClass[byte] = count;
  }
  const edgeClass = count + 1;
  const lineFeedOrder = byteClass[LINE_FEED2];
  byteClass[LINE_FEED2] = edgeClass;
  return { byteClass, classCount: edgeClass + 1, edgeClass, asciiClassCount, lineFeedOrder };
}

// src/search/automaton/look.ts
var SIDE = { EDGE: 0, WORD: 1, OTHER: 2, INVALID: 3 };
var HIGH_SIDES = [SIDE.WORD, SIDE.OTHER, SIDE.INVALID];
var sidesOf = (context) => context === CONTEXT.HIGH ? HIGH_SIDES : SINGLE_SIDES[context];
var SINGLE_SIDES = {
  [CONTEXT.EDGE]: [SIDE.EDGE],
  [CONTEXT.WORD]: [SIDE.WORD],
  [CONTEXT.OTHER]: [SIDE.OTHER]
};
var REVERSED_LOOKS = {
  StartLF: "EndLF",
  EndLF: "StartLF",
  WordStartAscii: "WordEndAscii",
  WordEndAscii: "WordStartAscii",
  WordStartUnicode: "WordEndUnicode",
  WordEndUnicode: "WordStartUnicode",
  WordStartHalfAscii: "WordEndHalfAscii",
  WordEndHalfAscii: "WordStartHalfAscii",
  WordStartHalfUnicode: "WordEndHalfUnicode",
  WordEndHalfUnicode: "WordStartHalfUnicode"
};
var isKnownLook = (name) => name in HOLDS;
var holds = (name, before, after) => HOLDS[name](before, after);
var isAsciiWord = ({ context }) => context === CONTEXT.WORD;
var isWord = ({ side }) => side === SIDE.WORD;
var isInvalid = ({ side }) => side === SIDE.INVALID;
var HOLDS = {
  StartLF: (before) => before.context === CONTEXT.EDGE,
  EndLF: (_, after) => after.context === CONTEXT.EDGE,
  WordAscii: (before, after) => isAsciiWord(before) !== isAsciiWord(after),
  WordAsciiNegate: (before, after) => isAsciiWord(before) === isAsciiWord(after),
  WordStartAscii: (before, after) => !isAsciiWord(before) && isAsciiWord(after),
  WordEndAscii: (before, after) => isAsciiWord(before) && !isAsciiWord(after),
  WordStartHalfAscii: (before) => !isAsciiWord(before),
  WordEndHalfAscii: (_, after) => !isAsciiWord(after),
  WordUnicode: (before, after) => isWord(before) !== isWord(after),
  WordUnicodeNegate: (before, after) => !isInvalid(before) && !isInvalid(after) && isWord(before) === isWord(after),
  WordStartUnicode: (before, after) => !isWord(before) && isWord(after),
  WordEndUnicode: (before, after) => isWord(before) && !isWord(after),
  WordStartHalfUnicode: (before) => !isInvalid(before) && !isWord(before),
  WordEndHalfUnicode: (_, after) => !isInvalid(after) && !isWord(after)
};

// src/search/automaton/utf8-nodes.ts
var ACCEPT = void 0;
var LENGTH_BORDERS = [127, 2047, 65535, 1114111];
var SURROGATES = [55296, 57343];
function byteNodeOf(ranges, isReversed) {
  const sequences = [];
  for (const [low, high] of ranges) {
    addSequences(low, Math.min(high, SURROGATES[0] - 1), sequences);
    addSequences(Math.max(low, SURROGATES[1] + 1), high, sequences);
  }
  return joined(isReversed ? sequences.map((sequence) => sequence.toReversed()) : sequences);
}
function addSequences(low, high, into) {
  if (low > high) return;
  for (const border of LENGTH_BORDERS) {
    if (low <= border && border < high) {
      addSequences(low, border, into);
      addSequences(border + 1, high, into);
      return;
    }
  }
  for (let bits = 6; bits <= 18 && low > 127; bits += 6) {
    const mask = (1 << bits) - 1;
    if ((low & ~mask) === (high & ~mask)) break;
    if ((low & mask) !== 0) {
      addSequences(low, low | mask, into);
      addSequences((low | mask) + 1, high, into);
      return;
    }
    if ((high & mask) !== mask) {
      addSequences(low, (high & ~mask) - 1, into);
      addSequences(high & ~mask, high, into);
      return;
    }
  }
  const from = Buffer.from(String.fromCodePoint(low));
  const to = Buffer.from(String.fromCodePoint(high));
  into.push(Array.from(from, (byte, index) => [byte, to[index]]));
}
function restsOf(sequences) {
  const known2 = /* @__PURE__ */ new Map();
  const firsts = sequences.map(
    (sequence) => sequence.reduceRight((next, [low, high]) => {
      const key = `${low},${high},${next?.id ?? ""}`;
      let rest = known2.get(key);
      if (rest === void 0) known2.set(key, rest = { id: known2.size, low, high, next });
      return rest;
    }, void 0)
  );
  return [...new Set(firsts.filter((rest) => rest !== void 0))];
}
function joined(sequences) {
  const known2 = /* @__PURE__ */ new Map();
  const nodeOf = (rests) => {
    const key = rests.map(({ id }) => id).join();
    let node = known2.get(key);
    if (node === void 0) known2.set(key, node = { edges: edgesOf(rests) });
    return node;
  };
  const edgesOf = (rests) => {
    const borders = [...new Set(rests.flatMap(({ low, high }) => [low, high + 1]))].sort((a, b) => a - b);
    const edges = [];
    for (const [index, low] of borders.slice(0, -1).entries()) {
      const high = borders[index + 1] - 1;
      const inside = rests.filter((rest) => rest.low <= low && high <= rest.high);
      if (inside.length === 0) continue;
      const isComplete = inside.some(({ next: next2 }) => next2 === void 0);
      const next = new Set(inside.map((rest) => rest.next));
      const node = isComplete ? ACCEPT : nodeOf([...next].sort((a, b) => a.id - b.id));
      const last = edges.at(-1);
      if (last !== void 0 && last.high + 1 === low && last.node === node)
        edges[edges.length - 1] = { ...last, high };
      else edges.push({ low, high, node });
    }
    return edges;
  };
  return nodeOf(restsOf(sequences));
}

// src/search/automaton/byte-nfa.ts
var knownNodes = /* @__PURE__ */ new WeakMap();
var LAST_ASCII = 127;
function compileNfa(hir, options) {
  try {
    return new NfaCompiler(options).compile(hir);
  } catch (error) {
    if (error === TOO_MUCH) return void 0;
    throw error;
  }
}
var TOO_MUCH = /* @__PURE__ */ Symbol("the pattern is no automaton of this kind");
var NfaCompiler = class {
  #states = [];
  #options;
  #unknown;
  constructor(options) {
    this.#options = options;
  }
  compile(hir) {
    const match = this.#add({ kind: "match" });
    const start = this.#node(hir, match);
    return { states: this.#states, start };
  }
  #add(state) {
    if (this.#states.length >= this.#options.maxStates) throw TOO_MUCH;
    return this.#states.push(state) - 1;
  }
  /** The states of a node, which lead to `next`. */
  #node(hir, next) {
    switch (hir.kind) {
      case "empty":
        return next;
      case "literal": {
        const bytes = this.#options.isReversed ? hir.bytes : hir.bytes.toReversed();
        return bytes.reduce((to, byte) => this.#bytes([{ low: byte, high: byte, next: to }]), next);
      }
      case "class":
        return this.#class(hir, next);
      case "look": {
        const name = this.#options.isReversed ? REVERSED_LOOKS[hir.name] ?? hir.name : hir.name;
        if (!isKnownLook(name)) throw TOO_MUCH;
        return this.#add({ kind: "look", name, next });
      }
      case "concat": {
        const subs = this.#options.isReversed ? hir.subs : hir.subs.toReversed();
        return subs.reduce((to, sub) => this.#node(sub, to), next);
      }
      case "alternation":
        return this.#add({ kind: "split", alternatives: hir.subs.map((sub) => this.#node(sub, next)) });
      case "repetition":
        return this.#repetition(hir, next);
    }
  }
  #repetition(hir, next) {
    const { min, max, greedy, sub } = hir;
    const either = (more, done) => greedy ? [more, done] : [done, more];
    let to = next;
    let left = min;
    if (max === void 0) {
      const again = { kind: "split", alternatives: [] };
      const at = this.#add(again);
      const once = this.#node(sub, at);
      again.alternatives = either(once, next);
      if (min > 0) {
        to = once;
        left--;
      } else if (canBeEmpty(sub)) {
        to = this.#add({ kind: "split", alternatives: either(once, next) });
      } else to = at;
    } else {
      for (let times = max; times > min; times--) {
        to = this.#add({ kind: "split", alternatives: either(this.#node(sub, to), next) });
      }
    }
    for (; left > 0; left--) to = this.#node(sub, to);
    return to;
  }
  #class(hir, next) {
    const { isAsciiOnly } = this.#options;
    const ranges = this.#options.rangesOf(hir);
    if (!isAsciiOnly) return this.#byteNode(this.#nodeOf(ranges), next, /* @__PURE__ */ new Map());
    const edges = ranges.filter(([low]) => low <= LAST_ASCII).map(([low, high]) => ({ low, high: Math.min(high, LAST_ASCII), next }));
    if (ranges.some(([, high]) => high > LAST_ASCII)) {
      this.#unknown ??= this.#add({ kind: "unknown" });
      edges.push({ low: LAST_ASCII + 1, high: 255, next: this.#unknown });
    }
    return this.#bytes(edges);
  }
  #nodeOf(ranges) {
    const { isReversed } = this.#options;
    let known2 = knownNodes.get(ranges);
    if (known2 === void 0) knownNodes.set(ranges, known2 = {});
    return known2[isReversed ? "reverse" : "forward"] ??= byteNodeOf(ranges, isReversed);
  }
  #byteNode(node, next, made) {
    const before = made.get(node);
    if (before !== void 0) return before;
    const edges = node.edges.map((edge) => ({
      low: edge.low,
      high: edge.high,
      next: edge.node === ACCEPT ? next : this.#byteNode(edge.node, next, made)
    }));
    const at = this.#bytes(edges);
    made.set(node, at);
    return at;
  }
  #bytes(edges) {
    return this.#add({ kind: "bytes", edges });
  }
};

// src/search/automaton/class-ranges.ts
var known = /* @__PURE__ */ new Map();
var MOST_KNOWN = 256;
function rangesOf(node) {
  const key = `${node.escapes.join("")} ${node.ranges.join(";")} ${node.without.join(";")}`;
  const before = known.get(key);
  if (before !== void 0) return before;
  if (known.size >= MOST_KNOWN) known.clear();
  let ranges = united([...node.ranges, ...node.escapes.flatMap(classOfEscape)]);
  for (const code of node.without) ranges = ranges.flatMap((range) => withoutCode(range, code));
  known.set(key, ranges);
  return ranges;
}
function united(ranges) {
  const sorted = [...ranges].sort((a, b) => a[0] - b[0]);
  const result = [];
  for (const [low, high] of sorted) {
    const last = result.at(-1);
    if (last !== void 0 && low <= last[1] + 1) last[1] = Math.max(last[1], high);
    else result.push([low, high]);
  }
  return result;
}
function withoutCode([low, high], code) {
  const parts = [
    [low, Math.min(high, code - 1)],
    [Math.max(low, code + 1), high]
  ];
  return code < low || code > high ? [[low, high]] : parts.filter(([from, to]) => from <= to);
}

// src/search/automaton/closures.ts
var Closures = class {
  stepCount = 0;
  #states;
  #restartAt;
  #isLeftmost;
  #hasLook;
  #restarts = /* @__PURE__ */ new Map();
  /** By state: the visit that saw it last. */
  #seen;
  #visit = 0;
  /** @param restartAt the place where a new match may begin, always the last of a list; −1 where there is none */
  constructor({ states }, restartAt, isLeftmost) {
    this.#states = states;
    this.#restartAt = restartAt;
    this.#isLeftmost = isLeftmost;
    this.#hasLook = states.some(({ kind }) => kind === "look");
    this.#seen = new Uint32Array(states.length);
  }
  /** Can an assertion be asked before the next byte is consumed? If not, the byte before does not matter. */
  seesBehind(kernel) {
    if (!this.#hasLook) return false;
    this.#visit++;
    const stack = [...kernel];
    for (let at = stack.pop(); at !== void 0; at = stack.pop()) {
      if (this.#seen[at] === this.#visit) continue;
      this.#seen[at] = this.#visit;
      const state = this.#states[at];
      if (state.kind === "look") return true;
      if (state.kind === "split") stack.push(...state.alternatives);
    }
    return false;
  }
  /** The closures of a kernel: one for each way in which what lies beyond ASCII can turn out. */
  list(kernel, before, after) {
    const [left, right] = [sidesOf(before), sidesOf(after)];
    const sides = this.#hasLook ? left.flatMap((one) => right.map((other) => [one, other])) : [[left[0], right[0]]];
    return sides.map(
      ([one, other]) => this.#closure(kernel, { context: before, side: one }, { context: after, side: other })
    );
  }
  #closure(kernel, before, after) {
    const mayRestart = kernel.length > 0 && kernel.at(-1) === this.#restartAt;
    const own = this.#follow(mayRestart ? kernel.slice(0, -1) : kernel, before, after);
    if (!mayRestart || own.isMatch && this.#isLeftmost) return { ...own, restart: void 0 };
    const restart = this.#restart(before, after);
    return { isMatch: own.isMatch || restart.isMatch, consuming: own.consuming, restart };
  }
  #restart(before, after) {
    const key = this.#hasLook ? `${before.context}${before.side}${after.context}${after.side}` : "";
    let restart = this.#restarts.get(key);
    if (restart === void 0) {
      restart = { ...this.#follow([this.#restartAt], before, after), id: this.#restarts.size };
      this.#restarts.set(key, restart);
    }
    return restart;
  }
  #follow(kernel, before, after) {
    const consuming = [];
    let isMatch = false;
    const visit = ++this.#visit;
    const stack = kernel.toReversed();
    for (let at = stack.pop(); at !== void 0; at = stack.pop()) {
      if (this.#seen[at] === visit) continue;
      this.#seen[at] = visit;
      this.stepCount++;
      const state = this.#states[at];
      if (state.kind === "match") {
        isMatch = true;
        if (this.#isLeftmost) break;
      } else if (state.kind === "split") {
        for (let k = state.alternatives.length - 1; k >= 0; k--) stack.push(state.alternatives[k]);
      } else if (state.kind === "look") {
        if (holds(state.name, before, after)) stack.push(state.next);
      } else consuming.push(at);
    }
    return { isMatch, consuming };
  }
};

// src/search/automaton/determinize.ts
var LINE_FEED3 = 10;
function determinize(nfa, classes2, options) {
  return new Subsets(nfa, classes2, options).build();
}
var Subsets = class {
  #nfa;
  #classes;
  #options;
  #isLeftmost;
  #closures;
  #subsets = [];
  #numbers = /* @__PURE__ */ new Map();
  #rows = [];
  #restartRows = /* @__PURE__ */ new Map();
  /** The class of each byte as if the line feed were like any other: of bytes between two, it lies between theirs. */
  #orderOf;
  /** The context of each class but the edge. All are OTHER where there is no assertion. */
  #contexts = [];
  #classesByContext = /* @__PURE__ */ new Map();
  #stepCount = 0;
  constructor(nfa, classes2, options) {
    this.#isLeftmost = options.order === "leftmost";
    this.#nfa = this.#isLeftmost ? startingAnywhere(nfa) : nfa;
    this.#classes = classes2;
    this.#options = options;
    this.#closures = new Closures(this.#nfa, this.#isLeftmost ? this.#nfa.start : -1, this.#isLeftmost);
    const hasLook2 = nfa.states.some(({ kind }) => kind === "look");
    this.#orderOf = classes2.byteClass.slice();
    this.#orderOf[LINE_FEED3] = classes2.lineFeedOrder;
    for (let byte = 0; byte < 256; byte++) {
      const index = classes2.byteClass[byte];
      if (byte === LINE_FEED3 || this.#contexts[index] !== void 0) continue;
      const context = hasLook2 ? contextOf(byte) : CONTEXT.OTHER;
      this.#contexts[index] = context;
      const same = this.#classesByContext.get(context);
      if (same === void 0) this.#classesByContext.set(context, [index]);
      else same.push(index);
    }
  }
  build() {
    this.#subsets.push({ kernel: [], before: CONTEXT.EDGE, isMatch: false });
    this.#subsets.push({ kernel: [], before: CONTEXT.EDGE, isMatch: false });
    const starts = [CONTEXT.EDGE, CONTEXT.WORD, CONTEXT.OTHER, CONTEXT.HIGH].map(
      (before) => this.#numberOf([this.#nfa.start], before, false)
    );
    const { classCount } = this.#classes;
    this.#rows[DEAD] = new Uint16Array(classCount);
    this.#rows[QUIT] = new Uint16Array(classCount).fill(QUIT);
    for (let state = 2; state < this.#subsets.length; state++) {
      const { maxStates, maxSteps } = this.#options;
      if (this.#subsets.length > maxStates || this.#stepCount + this.#closures.stepCount > maxSteps)
        return void 0;
      this.#rows[state] = this.#row(this.#subsets[state]);
    }
    return this.#table(starts);
  }
  #numberOf(kernel, before, isMatch) {
    if (kernel.length === 0 && !isMatch) return DEAD;
    const told = this.#closures.seesBehind(kernel) ? before : CONTEXT.EDGE;
    const key = `${isMatch ? "!" : ""}${told}:${kernel.join(",")}`;
    const known2 = this.#numbers.get(key);
    if (known2 !== void 0) return known2;
    const number = this.#subsets.push({ kernel, before: told, isMatch }) - 1;
    this.#numbers.set(key, number);
    return number;
  }
  #row({ kernel, before }) {
    const { classCount, edgeClass } = this.#classes;
    const row = new Uint16Array(classCount);
    const atEdge = this.#closures.list(kernel, before, CONTEXT.EDGE);
    row[edgeClass] = agreed(atEdge.map(({ isMatch }) => this.#numberOf([], CONTEXT.EDGE, isMatch)));
    for (const [after, classes2] of this.#classesByContext) {
      const rows = this.#closures.list(kernel, before, after).map((closure) => this.#rowFrom(closure, after));
      for (const index of classes2) row[index] = agreed(rows.map((possible) => possible[index]));
    }
    return row;
  }
  /** The states behind the bytes of a context, by class. */
  #rowFrom({ isMatch, consuming, restart }, after) {
    const classes2 = this.#classesByContext.get(after);
    const restartRow = this.#restartRow(restart, after);
    const row = this.#restartStates(restartRow, classes2, isMatch).slice();
    if (consuming.length === 0) return row;
    const kernels = this.#targets(consuming);
    let previous = [];
    let state = DEAD;
    for (const index of classes2) {
      const kernel = kernels[index];
      if (kernel === void 0) continue;
      for (const next of restartRow.kernels[index]) addTo(kernel, next);
      if (!isEqual(kernel, previous)) state = this.#behind(kernel, index, isMatch);
      row[index] = state;
      previous = kernel;
    }
    return row;
  }
  /** Where states lead, for each class that one of them knows. */
  #targets(consuming) {
    const kernels = [];
    for (const at of consuming) {
      const { edges } = this.#nfa.states[at];
      for (const { low, high, next } of edges) {
        const last = this.#orderOf[high];
        for (let index = this.#orderOf[low]; index <= last; index++) {
          this.#stepCount++;
          const kernel = kernels[index];
          if (kernel === void 0) kernels[index] = [next];
          else addTo(kernel, next);
        }
      }
    }
    return kernels;
  }
  #restartRow(restart, after) {
    const key = restart === void 0 ? "none" : `${after}:${restart.id}`;
    let row = this.#restartRows.get(key);
    if (row === void 0) {
      const targets = this.#targets(restart?.consuming ?? []);
      const kernels = Array.from({ length: this.#classes.classCount }, (_, index) => targets[index] ?? []);
      row = { kernels, states: [] };
      this.#restartRows.set(key, row);
    }
    return row;
  }
  #restartStates(row, classes2, isMatch) {
    const which = isMatch ? 1 : 0;
    const states = row.states[which] ??= [];
    for (const index of classes2)
      states[index] ??= this.#behind([...row.kernels[index] ?? []], index, isMatch);
    return states;
  }
  #behind(kernel, index, isMatch) {
    if (kernel.some((next) => this.#nfa.states[next]?.kind === "unknown")) return QUIT;
    if (!this.#isLeftmost) kernel.sort((a, b) => a - b);
    return this.#numberOf(kernel, this.#contexts[index], isMatch);
  }
  /** Numbers the states anew: those that tell of a match last. */
  #table(starts) {
    const { classCount } = this.#classes;
    const stateCount = this.#subsets.length;
    const order = Array.from({ length: stateCount }, (_, state) => state);
    const isMatch = (state) => this.#subsets[state]?.isMatch === true;
    const sorted = [...order.filter((state) => !isMatch(state)), ...order.filter(isMatch)];
    const numberOf = new Uint16Array(stateCount);
    for (const [number, state] of sorted.entries()) numberOf[state] = number;
    const next = new Uint16Array(stateCount * classCount);
    for (const [number, state] of sorted.entries()) {
      const row = this.#rows[state];
      for (let index = 0; index < classCount; index++) {
        next[number * classCount + index] = numberOf[row[index]];
      }
    }
    const [edge, word, other, high] = starts.map((state) => numberOf[state]);
    return {
      stateCount,
      firstMatchState: sorted.filter((state) => !isMatch(state)).length,
      startStates: [edge, word, other, high],
      next
    };
  }
};
function startingAnywhere({ states, start }) {
  const later = states.length;
  return {
    start: later,
    states: [
      ...states,
      { kind: "split", alternatives: [start, later + 1] },
      { kind: "bytes", edges: [{ low: 0, high: 255, next: later }] }
    ]
  };
}
function agreed(states) {
  const [first] = states;
  return states.length === 1 || states.every((state) => state === first) ? first : QUIT;
}
function addTo(list, value) {
  if (!list.includes(value)) list.push(value);
}
var isEqual = (one, other) => one.length === other.length && one.every((value, index) => value === other[index]);

// src/search/automaton/compile-automaton.ts
var AUTOMATON_LIMITS = {
  maxNfaStates: 2e4,
  maxStates: 4e3,
  maxSteps: 4e5
};
function compileAutomaton(hir, limits = AUTOMATON_LIMITS) {
  return compile2(hir, false, limits) ?? compile2(hir, true, limits);
}
function compile2(hir, isAsciiOnly, limits) {
  const nfa = (isReversed) => compileNfa(hir, { isReversed, isAsciiOnly, maxStates: limits.maxNfaStates, rangesOf });
  const forwardNfa = nfa(false);
  const reverseNfa = forwardNfa && nfa(true);
  if (forwardNfa === void 0 || reverseNfa === void 0) return void 0;
  const classes2 = classesOf([forwardNfa, reverseNfa]);
  const forward = determinize(forwardNfa, classes2, { order: "leftmost", ...limits });
  const reverse = forward && determinize(reverseNfa, classes2, { order: "all", ...limits });
  if (forward === void 0 || reverse === void 0) return void 0;
  const { byteClass, classCount, edgeClass, asciiClassCount } = classes2;
  return { byteClass, classCount, edgeClass, asciiClassCount, forward, reverse, canBeEmpty: canBeEmpty(hir) };
}

// ../../../tmp/prof.ts
for (const p of ["\\w+", "def \\w+\\(self", "\\w+@\\w+\\.com", "\\w{30,}", "(?i)warning.{0,20}deprecat"]) {
  const m = createMatcher({ patterns: [p] });
  const ts = [];
  for (let k = 0; k < 20; k++) {
    const t = performance.now();
    const a = compileAutomaton(syntaxOf(m));
    ts.push((performance.now() - t).toFixed(1));
  }
  console.log(p, ts.join(" "));
}
