import { fold } from '../../core/fold.ts';
import type { Step } from './plan.ts';

/** The live paths a chunk touches; two that are equal, or one above the other, may not go side by side. */
export class Paths {
  readonly #exact = new Set<string>();
  readonly #above = new Set<string>();

  add(steps: readonly Step[]): void {
    for (const path of livePaths(steps)) {
      this.#exact.add(path);
      for (const dir of parents(path)) this.#above.add(dir);
    }
  }

  meets(steps: readonly Step[]): boolean {
    return livePaths(steps).some(
      (path) => this.#exact.has(path) || this.#above.has(path) || parents(path).some((dir) => this.#exact.has(dir)),
    );
  }
}

function livePaths(steps: readonly Step[]): readonly string[] {
  return steps.flatMap((step) => {
    if (step.do === 'blocks' || !('path' in step)) return [];
    const to = step.do === 'evict' ? step.to : undefined;
    return (to === undefined ? [step.path] : [step.path, to]).map((path) => fold(path));
  });
}

function parents(path: string): readonly string[] {
  const out: string[] = [];
  for (let at = path.lastIndexOf('/'); at > 0; at = path.lastIndexOf('/', at - 1)) out.push(path.slice(0, at));
  return out;
}
