// The CRC-64 of Azure Storage (also known as that of NVMe): polynomial 0x9A6C9329AC4BC9B5 in reflected form, all bits
// inverted before and after. In halves of 32 bits, for JavaScript counts in no more.

const high = new Uint32Array(256);
const low = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let [h, l] = [0, byte];
  for (let bit = 0; bit < 8; bit++) {
    const odd = l & 1;
    l = (l >>> 1) | (h << 31);
    h >>>= 1;
    if (odd === 1) [h, l] = [h ^ 0x9a6c9329, l ^ 0xac4bc9b5];
  }
  high[byte] = h;
  low[byte] = l;
}

export class Crc64 {
  #high = 0xffffffff;
  #low = 0xffffffff;

  update(bytes: Uint8Array): this {
    let [h, l] = [this.#high, this.#low];
    for (const byte of bytes) {
      const index = (l ^ byte) & 0xff;
      l = ((l >>> 8) | (h << 24)) ^ (low[index] ?? 0);
      h = (h >>> 8) ^ (high[index] ?? 0);
    }
    this.#high = h;
    this.#low = l;
    return this;
  }

  /** Eight bytes, the lowest first. */
  digest(): Buffer {
    const out = Buffer.alloc(8);
    out.writeUInt32LE(~this.#low >>> 0, 0);
    out.writeUInt32LE(~this.#high >>> 0, 4);
    return out;
  }
}
