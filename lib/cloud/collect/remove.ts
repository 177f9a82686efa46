import { ShareRefusal, type Share, type ShareKind } from '../ports.ts';

/** False where somebody has it open, or it is something else than was meant: it is left alone for this time. */
export async function removeIfPossible(share: Share, path: string, kind: ShareKind): Promise<boolean> {
  try {
    await share.remove(path, kind);
    return true;
  } catch (error) {
    if (error instanceof ShareRefusal) return false;
    throw error;
  }
}
