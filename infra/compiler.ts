// The Bicep compiler, at one version and proved by its checksum: another one would compile the same sources to other JSON.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream, existsSync } from 'node:fs';
import { chmod } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';

const version = '0.49.2'; // as in compiler.proj
const checksum = '0ab9de90c2493f206f8281bae74f9ee2d5ed3605548dab1adf41fef185e1f7c5';
const folder = path.join(import.meta.dirname, '../build/bicep');
const file = path.join(folder, 'azure.bicep.commandline.linux-x64', version, 'tools/bicep');

const run = promisify(execFile);

export interface Compiler {
  /** What it wrote to stdout. Throws with all it said where it ended otherwise than with 0, or said anything at all. */
  readonly run: (...args: readonly string[]) => Promise<string>;
}

/** Brought by `dotnet restore` where it is not here yet. Errors: no .NET SDK, no such package, another checksum. */
export async function getCompiler(): Promise<Compiler> {
  if (!existsSync(file)) {
    const project = path.join(import.meta.dirname, 'compiler.proj');
    const places = [`-p:RestorePackagesPath=${folder}`, `-p:BaseIntermediateOutputPath=${folder}/obj/`];
    await run('dotnet', ['restore', project, ...places]).catch((cause: unknown) => {
      throw new Error('the Bicep compiler comes by `dotnet restore`: install the .NET SDK', { cause });
    });
  }
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  const found = hash.digest('hex');
  if (found !== checksum) throw new Error(`${file} is not Bicep ${version}: its SHA-256 is ${found}`);
  await chmod(file, 0o755);
  return {
    run: async (...args) => {
      const { stdout, stderr } = await run(file, args, { maxBuffer: 64 * 1024 * 1024 }).catch((error: unknown) => {
        const { stdout: out, stderr: err } = error as { stdout?: string; stderr?: string };
        throw new Error(`bicep ${args.join(' ')}\n${out ?? ''}${err ?? ''}`, { cause: error });
      });
      // A warning is written to stderr and changes no exit code.
      if (stderr.trim() !== '') throw new Error(`bicep ${args.join(' ')}\n${stderr}`);
      return stdout;
    },
  };
}
