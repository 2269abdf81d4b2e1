/**
 * The mounts that this process sees. No watch of a directory tells when something is mounted over it, so the table is
 * asked whether it has changed, and then read again and compared.
 */
import { kernelMounts, type MountSource } from "./mount-source.ts";

/** File systems that other machines or programs change without this kernel's knowledge. */
const REMOTE =
  /^(nfs|nfs4|cifs|smb3|smbfs|9p|ceph|afs|virtiofs|lustre|glusterfs|vboxsf|vmhgfs|fuse|fuse\..*)$/;

/** Can files of this type of file system change without an event? */
export function isRemoteType(type: string): boolean {
  return REMOTE.test(type);
}

interface Mount {
  /** The line of the table. */
  readonly line: string;
  readonly type: string;
}

/** What is mounted where. Paths are byte strings. */
export class MountTable {
  readonly #source: MountSource;
  #text = "";
  #mounts = new Map<string, Mount>();

  /** @param source gives the table; for tests */
  constructor(source: MountSource = kernelMounts()) {
    this.#source = source;
    this.#readAgain();
  }

  /** Looks at the table again. @returns the places at which something was mounted or unmounted since the last look */
  refresh(): readonly string[] {
    return this.#source.mayDiffer() ? this.#readAgain() : [];
  }

  close(): void {
    this.#source.close();
  }

  #readAgain(): readonly string[] {
    const text = this.#source.read();
    if (text === this.#text) return [];
    const before = this.#mounts;
    this.#text = text;
    this.#mounts = mountsOf(text);
    const changed = new Set<string>();
    for (const [place, { line }] of this.#mounts) if (before.get(place)?.line !== line) changed.add(place);
    for (const place of before.keys()) if (!this.#mounts.has(place)) changed.add(place);
    return [...changed];
  }

  /** The type of the file system that an absolute path without links lies on. "" where it is not known. */
  typeOf(path: string): string {
    for (let place = path === "" ? "/" : path; ;) {
      const mount = this.#mounts.get(place);
      if (mount !== undefined) return mount.type;
      if (place === "/") return "";
      place = place.slice(0, place.lastIndexOf("/")) || "/";
    }
  }
}

/** Of mounts at one place, the last one is seen. A line is as proc(5) tells it. */
function mountsOf(text: string): Map<string, Mount> {
  const mounts = new Map<string, Mount>();
  for (const line of text.split("\n")) {
    const fields = line.split(" ");
    const place = fields[4];
    const end = fields.indexOf("-");
    if (place === undefined || end === -1) continue;
    const real = place.replaceAll(/\\([0-7]{3})/g, (_, octal: string) =>
      String.fromCharCode(parseInt(octal, 8)),
    );
    mounts.set(real, { line, type: fields[end + 1] ?? "" });
  }
  return mounts;
}
