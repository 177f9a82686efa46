/** An object of some class with other methods for some of its own; the rest is asked of whatever `of` answers. */
export function instead<T extends object>(target: T, over: Partial<T>, of: () => T = () => target): T {
  return new Proxy(target, {
    get: (_target, key) => {
      if (key in over) return over[key as keyof T];
      const now = of();
      const value: unknown = Reflect.get(now, key, now);
      return typeof value === 'function' ? (value.bind(now) as unknown) : value;
    },
  });
}
