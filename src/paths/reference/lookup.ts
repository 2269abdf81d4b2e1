/**
 * The reference of lookups: one path on plain maps, slow and obvious. Tests compare the host engine and the kernel with
 * it. The reference itself is compared with `node:fs`.
 *
 * A path is walked as text. To follow a symlink, its target is put in front of the rest.
 */
import { ERRNO, NAME_BYTES_MAX, PATH_BYTES_MAX, ROOT_INODE, SYMLINKS_MAX } from "../table/index.ts";
import type { LookupOptions } from "../lookup/index.ts";
import type { PathTree } from "../tree/index.ts";

/** A node of the reference tree. */
export type ReferenceNode =
  | { readonly kind: "file" }
  | { readonly kind: "directory"; readonly parent: number; readonly entries: ReadonlyMap<string, number> }
  | { readonly kind: "symlink"; readonly target: string };

/** Nodes by inode. Names and targets are bytes, one character each (latin1). */
export type ReferenceTree = ReadonlyMap<number, ReferenceNode>;

/** A copy of a tree as maps. */
export function referenceOf(tree: PathTree): ReferenceTree {
  const nodes = new Map<number, ReferenceNode>();
  const queue = [ROOT_INODE];
  for (const inode of queue) {
    if (nodes.has(inode)) continue;
    const stat = tree.stat(inode);
    if (stat === undefined) throw new Error(`an entry names inode ${inode}, which is free`);
    if (stat.kind === "file") nodes.set(inode, { kind: "file" });
    else if (stat.kind === "symlink")
      nodes.set(inode, { kind: "symlink", target: stat.target!.toString("latin1") });
    else {
      const entries = new Map<string, number>();
      for (const entry of tree.entries(inode)) {
        entries.set(entry.name.toString("latin1"), entry.inode);
        queue.push(entry.inode);
      }
      nodes.set(inode, { kind: "directory", parent: stat.parent!, entries });
    }
  }
  return nodes;
}

/** Resolves one path. @returns the inode, or −errno */
export function lookupReference(nodes: ReferenceTree, path: Uint8Array, options: LookupOptions = {}): number {
  const { directory = ROOT_INODE, followSymlinks = true } = options;
  let rest = Buffer.from(path).toString("latin1");
  if (rest.length === 0) return -ERRNO.ENOENT;
  if (rest.length > PATH_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
  if (rest.includes("\0")) return -ERRNO.EINVAL;

  let current = rest.startsWith("/") ? ROOT_INODE : directory;
  if (!nodes.has(current)) return -ERRNO.EBADF;
  if (nodes.get(current)!.kind !== "directory") return -ERRNO.ENOTDIR;
  let symlinks = 0;
  while (rest !== "") {
    const node = nodes.get(current)!;
    if (node.kind !== "directory") return -ERRNO.ENOTDIR;
    const slash = rest.indexOf("/");
    const name = slash < 0 ? rest : rest.slice(0, slash);
    const behind = slash < 0 ? "" : rest.slice(slash); // includes the slash
    rest = behind.replace(/^\/+/, "");
    if (name === "" || name === ".") continue;
    if (name === "..") {
      current = node.parent;
      continue;
    }
    if (name.length > NAME_BYTES_MAX) return -ERRNO.ENAMETOOLONG;
    const found = node.entries.get(name);
    if (found === undefined) return -ERRNO.ENOENT;
    const child = nodes.get(found)!;
    if (child.kind === "symlink" && (behind !== "" || followSymlinks)) {
      symlinks++;
      if (symlinks > SYMLINKS_MAX) return -ERRNO.ELOOP;
      rest = child.target + behind;
      if (child.target.startsWith("/")) current = ROOT_INODE;
      continue;
    }
    if (behind !== "" && child.kind !== "directory") return -ERRNO.ENOTDIR;
    current = found;
  }
  return current;
}
