// Which directory a watch descriptor stands for. A descriptor follows its inode, so a renamed directory keeps its watch
// and those of everything below; here that is one node moved to another parent, however much lies below it.

interface Node {
  name: string;
  parent: Node | undefined;
  wd: number | undefined;
  readonly children: Map<string, Node>;
}

export class WatchedTree {
  readonly #root: Node = { name: '', parent: undefined, wd: undefined, children: new Map() };
  readonly #byWd = new Map<number, Node>();

  get size(): number {
    return this.#byWd.size;
  }

  has(wd: number): boolean {
    return this.#byWd.has(wd);
  }

  isRoot(wd: number): boolean {
    return this.#root.wd === wd;
  }

  knows(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /**
   * `wd` was got for `path` just now. What was believed before gives way: the directory may have been swapped between
   * the events seen so far and the moment it was watched.
   */
  place(path: string, wd: number): void {
    const node = this.#make(path);
    if (node.wd === wd) return;
    const elsewhere = this.#byWd.get(wd);
    if (elsewhere !== undefined) elsewhere.wd = undefined;
    // The directory that was here is somewhere else or gone: it is placed again when it is scanned, or ends with
    // IN_IGNORED. Until then its events have no path, and need none: where it appears, a scan follows.
    if (node.wd !== undefined) this.#byWd.delete(node.wd);
    node.wd = wd;
    this.#byWd.set(wd, node);
  }

  /** Undefined for a descriptor that stands for nothing any more. */
  pathOf(wd: number): string | undefined {
    let node = this.#byWd.get(wd);
    if (node === undefined) return undefined;
    const names: string[] = [];
    for (; node.parent !== undefined; node = node.parent) names.push(node.name);
    return names.reverse().join('/');
  }

  move(from: string, to: string): void {
    const node = this.#find(from);
    if (node === undefined) return;
    this.#detach(node);
    const at = to.lastIndexOf('/');
    const parent = this.#make(to.slice(0, Math.max(at, 0)));
    node.name = to.slice(at + 1);
    node.parent = parent;
    parent.children.set(node.name, node);
  }

  /** Forgets a directory and all below; the descriptors are the caller's to give back. */
  remove(path: string): readonly number[] {
    const node = this.#find(path);
    if (node === undefined || node === this.#root) return [];
    this.#detach(node);
    const wds: number[] = [];
    const open = [node];
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      open.push(...next.children.values());
      if (next.wd === undefined) continue;
      wds.push(next.wd);
      this.#byWd.delete(next.wd);
    }
    return wds;
  }

  /** The kernel dropped this watch. */
  drop(wd: number): void {
    let node = this.#byWd.get(wd);
    if (node === undefined) return;
    this.#byWd.delete(wd);
    node.wd = undefined;
    while (node.parent !== undefined && node.wd === undefined && node.children.size === 0) {
      const parent: Node = node.parent;
      this.#detach(node);
      node = parent;
    }
  }

  #detach(node: Node): void {
    if (node.parent?.children.get(node.name) === node) node.parent.children.delete(node.name);
    node.parent = undefined;
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    if (path === '') return node;
    for (const name of path.split('/')) node = node?.children.get(name);
    return node;
  }

  #make(path: string): Node {
    let node = this.#root;
    if (path === '') return node;
    for (const name of path.split('/')) {
      let child = node.children.get(name);
      if (child === undefined) {
        child = { name, parent: node, wd: undefined, children: new Map() };
        node.children.set(name, child);
      }
      node = child;
    }
    return node;
  }
}
