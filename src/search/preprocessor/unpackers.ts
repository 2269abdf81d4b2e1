/** The programs that unpack compressed files, by the end of the file's name. */

const GZIP = ["gzip", "-d", "-c"];
const BZIP2 = ["bzip2", "-d", "-c"];
const XZ = ["xz", "-d", "-c"];
const ZSTD = ["zstd", "-q", "-d", "-c"];

const UNPACKERS: Readonly<Record<string, readonly string[]>> = {
  gz: GZIP,
  tgz: GZIP,
  bz2: BZIP2,
  tbz2: BZIP2,
  xz: XZ,
  txz: XZ,
  lz4: ["lz4", "-d", "-c"],
  lzma: ["xz", "--format=lzma", "-d", "-c"],
  br: ["brotli", "-d", "-c"],
  zst: ZSTD,
  zstd: ZSTD,
  Z: ["uncompress", "-c"],
};

/** The program and its arguments, without the path; undefined for a file that is not compressed. */
export function unpackerOf(path: string): readonly string[] | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const dot = name.lastIndexOf(".");
  const end = name.slice(dot + 1);
  return dot >= 0 && Object.hasOwn(UNPACKERS, end) ? UNPACKERS[end] : undefined;
}
