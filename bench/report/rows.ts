// Which figure of which work is which line of the table.
import type { Run } from '../results.ts';

export interface Row {
  readonly work: string;
  readonly figure: string;
  readonly label: string;
  readonly unit: string;
}

export function rowsOf({ tree, largeBytes, idleFiles }: Run): readonly Row[] {
  const files = `${grouped(tree.files)} files of ${tree.size / 1024} KiB`;
  const large = largeBytes >= 2 ** 30 ? `${largeBytes / 2 ** 30} GiB` : `${largeBytes / 2 ** 20} MiB`;
  const idle = `at rest with ${grouped(idleFiles)} files`;
  return [
    { work: 'bulk', figure: 'seconds', label: `${files}, to one site`, unit: 's' },
    { work: 'two-sites', figure: 'seconds', label: 'the same, to two sites', unit: 's' },
    { work: 'small', figure: 'p50', label: 'a small new file, median', unit: 's' },
    { work: 'small', figure: 'p95', label: 'a small new file, 95th percentile', unit: 's' },
    { work: 'large', figure: 'seconds', label: `one file of ${large}`, unit: 's' },
    { work: 'patch', figure: 'seconds', label: '4 KiB changed in it', unit: 's' },
    { work: 'rename', figure: 'seconds', label: 'rename of the directory with all files', unit: 's' },
    { work: 'delete', figure: 'seconds', label: 'its delete, after the user’s own rm', unit: 's' },
    { work: 'announced', figure: 'seconds', label: 'edit on the share, announced', unit: 's' },
    { work: 'idle', figure: 'cpuSecondsPerMinute', label: `CPU a minute ${idle}`, unit: 's' },
    { work: 'idle', figure: 'memoryMiBPerSite', label: `memory a site (of Tideway: an agent) ${idle}`, unit: 'MiB' },
    { work: 'idle', figure: 'memoryMiB', label: `memory of all processes ${idle}`, unit: 'MiB' },
    { work: 'idle', figure: 'restartSeconds', label: 'restart until a change arrives', unit: 's' },
  ];
}

export function floorRowsOf(run: Run): readonly Row[] {
  const labels = {
    cp: 'cp -r of the files',
    requests: 'create, rename and read of each, as bare requests',
    officialClient: 'the same by the official client',
    sha256sum: 'sha256sum of the large file',
    cpLarge: 'cp of the large file',
  };
  const large = `${run.largeBytes / 2 ** 20} MiB`;
  return Object.entries(labels).map(([figure, label]) => ({
    work: 'floor',
    figure,
    label: label.replace('the large file', large),
    unit: 's',
  }));
}

function grouped(count: number): string {
  return count.toLocaleString('en-US');
}
