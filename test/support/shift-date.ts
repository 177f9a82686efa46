/** From here on `Date` tells the time of the machine and `shift` ms more, wherever this process asks; timers are as they were. */
export function shiftDate(shift: () => number): void {
  const real = Date;
  const machine = real.now;
  const now = (): number => machine() + shift();
  globalThis.Date = new Proxy(real, {
    construct: (_, args: unknown[], target) =>
      Reflect.construct(real, args.length === 0 ? [now()] : args, target === globalThis.Date ? real : target) as object,
    apply: () => new real(now()).toString(),
    get: (_, name) => (name === 'now' ? now : (Reflect.get(real, name) as unknown)),
  });
}
