// A tree as people have them: most files some levels deep, most directories with a dozen or two, a few with thousands.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const content = Buffer.alloc(100, 'tideway ');
/** Of each department: projects within it, and in every fifth of them one directory that everybody scans into. */
const perProject = 24;
const projectsPerDepartment = 40;
const largeEvery = 200;
const large = 2400;

/** Calls back for each file with its path below the root and whether it holds something; answers the number of directories. */
function eachFile(files: number, filled: number, onFile: (path: string, filled: boolean) => void): number {
  const directories = new Set<string>();
  let made = 0;
  for (let project = 0; made < files; project++) {
    const department = Math.floor(project / projectsPerDepartment);
    const above = [`department-${department}`, `year-${2010 + (project % 16)}`, `project-${project}`];
    const inDeep = project % 3 === 0 ? ['work', 'drafts'] : ['work'];
    const dir = [...above, ...inDeep].join('/');
    const count = Math.min(files - made, project % largeEvery === largeEvery - 1 ? large : perProject);
    for (let depth = 1; depth <= above.length + inDeep.length; depth++)
      directories.add([...above, ...inDeep].slice(0, depth).join('/'));
    for (let at = 0; at < count; at++) onFile(`${dir}/document ${at}.dat`, (made + at) % 100 < filled);
    made += count;
  }
  return directories.size;
}

export function makeTree(root: string, files: number, filled: number): number {
  let last = '';
  return eachFile(files, filled, (name, holds) => {
    const dir = path.dirname(name);
    if (dir !== last) mkdirSync(path.join(root, (last = dir)), { recursive: true });
    writeFileSync(path.join(root, name), holds ? content : '');
  });
}
