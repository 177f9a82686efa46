// rhea has no typings for its frame constructors; these are the three that a broker writes by itself.
declare module 'rhea/lib/frames.js' {
  interface Performative {
    readonly brand?: 'performative';
  }
  const frames: {
    transfer(fields: {
      handle: number;
      delivery_id: number;
      delivery_tag: Uint8Array;
      message_format: number;
      settled: boolean;
      more: boolean;
    }): Performative;
    disposition(fields: { role: boolean; first: number; last: number; settled: boolean; state: unknown }): Performative;
  };
  export type { Performative };
  export default frames;
}
