// What a new file or directory gets of its directory's security descriptor, as Windows works it out ("ACE Inheritance
// Rules", learn.microsoft.com), in the security descriptor definition language.

interface Entry {
  readonly type: string;
  readonly flags: readonly string[];
  /** Rights and object ids as they stand. */
  readonly middle: string;
  readonly trustee: string;
}

const sid = '(?:S-[0-9-]+|[A-Z]{2})';
const descriptor = new RegExp(`^(?:O:(${sid}))?(?:G:(${sid}))?D:([A-Z_]*)((?:\\([^()]*\\))*)(?:S:.*)?$`);

/** Where nothing is inherited, system and administrators have it: the default of what makes files on the server. */
const bare = '(A;;FA;;;SY)(A;;FA;;;BA)';

/**
 * The descriptor of a child of `parent`. One that says more than owner, group and plain entries is taken over as it is. The
 * owner and group stay those of the directory: who asks by key or signature is nobody in particular.
 */
export function inherit(parent: string, isDirectory: boolean): string {
  const match = descriptor.exec(parent);
  if (match === null) return parent;
  const [, owner, group, , list = ''] = match;
  const head = `${owner === undefined ? '' : `O:${owner}`}${group === undefined ? '' : `G:${group}`}D:`;
  const creators = new Map([
    ['CO', owner],
    ['CG', group],
  ]);
  const entries = entriesOf(list).flatMap((entry) => inherited(entry, isDirectory, creators));
  const texts = new Set(entries.map(textOf));
  return texts.size === 0 ? `${head}${bare}` : `${head}AI${[...texts].join('')}`;
}

function inherited(entry: Entry, isDirectory: boolean, creators: ReadonlyMap<string, string | undefined>): Entry[] {
  const has = (flag: string): boolean => entry.flags.includes(flag);
  const audit = entry.flags.filter((flag) => flag === 'SA' || flag === 'FA');
  const creator = creators.get(entry.trustee);
  const trustee = creator ?? entry.trustee;
  const effective = { ...entry, trustee, flags: ['ID', ...audit] };
  if (!isDirectory) return has('OI') ? [effective] : [];
  if (has('NP')) return has('CI') ? [effective] : [];
  const onwards = [has('OI') ? 'OI' : '', has('CI') ? 'CI' : ''].filter((flag) => flag !== '');
  if (!has('CI')) return has('OI') ? [{ ...entry, flags: ['OI', 'IO', 'ID', ...audit] }] : [];
  // For a creator one entry counts here and another waits for those below, who will have creators of their own.
  if (creator !== undefined && creator !== entry.trustee)
    return [effective, { ...entry, flags: [...onwards, 'IO', 'ID', ...audit] }];
  return [{ ...entry, flags: [...onwards, 'ID', ...audit] }];
}

function entriesOf(list: string): readonly Entry[] {
  return [...list.matchAll(/\(([^()]*)\)/g)].map(([, text = '']) => {
    const [type = '', flags = '', ...rest] = text.split(';');
    return {
      type,
      flags: flags.match(/../g) ?? [],
      middle: rest.slice(0, 3).join(';'),
      trustee: rest.slice(3).join(';'),
    };
  });
}

function textOf({ type, flags, middle, trustee }: Entry): string {
  return `(${type};${flags.join('')};${middle};${trustee})`;
}
