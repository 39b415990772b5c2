import { crc32, deflateRawSync } from 'node:zlib'

export type ZipContent = {
  name: string
  data: Uint8Array
  /** Sizes to claim instead of the true ones. */
  claims?: { sizeBytes?: number; crc?: number }
  /** The bytes of the name, when they are not those of UTF-8. */
  rawName?: Uint8Array
}

/** A zip archive as bytes, with deflated entries and any name, allowed or not. */
export function zipFile(contents: readonly ZipContent[]): Buffer {
  const bodies: Buffer[] = []
  const directory: Buffer[] = []
  let offset = 0
  for (const { name, data, claims, rawName } of contents) {
    const packed = deflateRawSync(data)
    const nameBytes = Buffer.from(rawName ?? Buffer.from(name))
    const fields = Buffer.alloc(26)
    fields.writeUInt16LE(20, 0)
    fields.writeUInt16LE(rawName ? 0 : 0x800, 2)
    fields.writeUInt16LE(8, 4)
    fields.writeUInt32LE(claims?.crc ?? crc32(data), 10)
    fields.writeUInt32LE(packed.length, 14)
    fields.writeUInt32LE(claims?.sizeBytes ?? data.length, 18)
    fields.writeUInt16LE(nameBytes.length, 22)
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), fields, nameBytes, packed])
    const rest = Buffer.alloc(14)
    rest.writeUInt32LE(offset, 10)
    directory.push(
      Buffer.concat([Buffer.from('PK\x01\x02\x14\x00', 'latin1'), fields, rest, nameBytes]),
    )
    bodies.push(local)
    offset += local.length
  }
  const size = directory.reduce((sum, one) => sum + one.length, 0)
  const end = Buffer.alloc(22)
  end.write('PK\x05\x06', 0, 'latin1')
  end.writeUInt16LE(contents.length, 8)
  end.writeUInt16LE(contents.length, 10)
  end.writeUInt32LE(size, 12)
  end.writeUInt32LE(offset, 16)
  return Buffer.concat([...bodies, ...directory, end])
}
