import { close, constants, open } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { promisify } from 'node:util';
import { TidewayError } from '../../base/errors.ts';
import { loadNative, type Native } from './binding.ts';
import { NativeFs } from './native-fs.ts';
import { NodeFs } from './node-fs.ts';
import type { Lack, SiteFs } from './port.ts';

/**
 * Opens a site's directory and holds it: by the addon, or by Node alone where the addon is missing or the kernel too old
 * for it (then `capabilities` says what is lost). The root itself may be reached through symbolic links.
 *
 * Errors: ENOENT, ENOTDIR, EACCES.
 */
export async function openSiteFs(root: string, load = loadNative): Promise<SiteFs> {
  let native: Native | undefined;
  try {
    native = load();
  } catch (error) {
    if (!(error instanceof TidewayError)) throw error;
    const { code, message, hint = '' } = error;
    return openNodeFs(root, { code, message: `${message}: it is done without, and slower. ${hint}` });
  }
  if (native === undefined) return openNodeFs(root, missing);
  return (await openNativeFs(root, native)) ?? openNodeFs(root, refused);
}

const lost =
  'changes are found by looking through everything every 60 s, files are replaced in two steps, times are kept to the ' +
  'microsecond, and extended attributes are not synced';

const missing: Lack = {
  code: 'addon_missing',
  message: `The addon is not built: ${lost}. Install g++ and run \`node native/build.ts\`, then restart.`,
};
const refused: Lack = {
  code: 'kernel_refuses',
  message: `The kernel, or a sandbox, refuses openat2 (Linux 5.6): ${lost}. Update it, or allow the call, then restart.`,
};

/** Undefined where the kernel refuses openat2. */
export async function openNativeFs(root: string, native: Native): Promise<NativeFs | undefined> {
  const path = await realpath(root);
  const fd = await openRoot(path);
  const probed = await native.probe(fd);
  if (probed >= 0) return new NativeFs(native, path, fd, probed);
  await promisify(close)(fd);
  return undefined;
}

export async function openNodeFs(root: string, lack?: Lack): Promise<NodeFs> {
  const path = await realpath(root);
  return NodeFs.over(path, await openRoot(path), lack);
}

function openRoot(path: string): Promise<number> {
  return promisify(open)(path, constants.O_RDONLY | constants.O_DIRECTORY);
}
