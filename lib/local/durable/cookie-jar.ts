interface Cookie {
  readonly name: string;
  readonly value: string;
  readonly path: string;
  readonly isSecure: boolean;
  /** Milliseconds since 1970. */
  readonly until: number;
}

/** Cookies of HTTP calls: the extension has one jar for the whole host, so that one orchestration sends what another got. */
export class CookieJar {
  readonly #now: () => number;
  readonly #hosts = new Map<string, Cookie[]>();

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The value of the Cookie header; empty without any. */
  of(url: URL): string {
    const isSecure = url.protocol === 'https:';
    return (this.#hosts.get(url.hostname) ?? [])
      .filter((one) => one.until > this.#now() && (isSecure || !one.isSecure) && isUnder(url.pathname, one.path))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }

  /** Lines of Set-Cookie. Those for a whole domain count for this host alone. */
  take(url: URL, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const at = pair.indexOf('=');
      if (at < 1) continue;
      const of = new Map(attributes.map((one) => [one.split('=')[0]?.toLowerCase(), one.slice(one.indexOf('=') + 1)]));
      const cookie: Cookie = {
        name: pair.slice(0, at),
        value: pair.slice(at + 1),
        path: of.get('path') ?? '/',
        isSecure: of.has('secure'),
        until: this.#until(of.get('max-age'), of.get('expires')),
      };
      const others = (this.#hosts.get(url.hostname) ?? []).filter(
        ({ name, path }) => name !== cookie.name || path !== cookie.path,
      );
      this.#hosts.set(url.hostname, [...others, cookie]);
    }
  }

  #until(maxAge: string | undefined, expires: string | undefined): number {
    if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return this.#now() + Number(maxAge) * 1000;
    const at = Date.parse(expires ?? '');
    return Number.isNaN(at) ? Infinity : at;
  }
}

function isUnder(path: string, of: string): boolean {
  return path === of || path.startsWith(of.endsWith('/') ? of : `${of}/`);
}
