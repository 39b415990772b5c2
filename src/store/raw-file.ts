/**
 * Looks at a database file without SQLite, which would already write beside it. Formats, both documented for good:
 * https://www.sqlite.org/fileformat2.html and https://www.sqlite.org/walformat.html
 */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import { endianness } from 'node:os'
import { systemCode } from '../core/errors.ts'

/** The first 100 bytes of a database. */
export type Header = {
  pageSize: number
  /** Pages the file should have; 0 when the header does not know. */
  pageCount: number
  /** Goes up by one with transactions that touch the first page. */
  changeCounter: number
  userVersion: number
  applicationId: number
}

/** The committed part of a write-ahead file. */
export type WriteAhead = {
  pageSize: number
  /** Drawn anew each time the file begins again from its start. */
  salts: string
  /** Committed frames, counted from 1. */
  frames: number
  /** Page number of each frame. */
  pageOf(frame: number): number
  readPage(frame: number): Buffer
  /** Pages of the database after the last commit. */
  pageCount: number
}

/** What the shared index beside a write-ahead file says about it. */
export type WalIndex = {
  salts: string
  frames: number
  /** Frames that are certainly in the database, and frames that may be. */
  copied: number
  maybeCopied: number
}

const magic = 'SQLite format 3\0'

/** Undefined when the bytes do not begin a database. */
export function parseHeader(bytes: Buffer): Header | undefined {
  if (bytes.length < 100 || bytes.toString('latin1', 0, 16) !== magic) return undefined
  const size = bytes.readUInt16BE(16)
  const changeCounter = bytes.readUInt32BE(24)
  const isCountValid = bytes.readUInt32BE(92) === changeCounter
  return {
    pageSize: size === 1 ? 65_536 : size,
    pageCount: isCountValid ? bytes.readUInt32BE(28) : 0,
    changeCounter,
    userVersion: bytes.readUInt32BE(60),
    applicationId: bytes.readUInt32BE(68),
  }
}

const walHeaderBytes = 32
const frameHeaderBytes = 24

/** Calls `use` with what a write-ahead file has committed; undefined when there is no file or nothing in it. */
export function readWriteAhead<T>(path: string, use: (wal: WriteAhead | undefined) => T): T {
  const file = openForReading(path)
  if (file === undefined) return use(undefined)
  try {
    return use(scanWriteAhead(file))
  } finally {
    closeSync(file)
  }
}

function scanWriteAhead(file: number): WriteAhead | undefined {
  const header = readAt(file, 0, walHeaderBytes)
  if (header.length < walHeaderBytes) return undefined
  const pageSize = header.readUInt32BE(8)
  if (pageSize < 512) return undefined
  const salts = header.toString('hex', 16, 24)
  const step = frameHeaderBytes + pageSize
  const total = Math.floor((fstatSync(file).size - walHeaderBytes) / step)

  const pages: number[] = []
  let frames = 0
  let pageCount = 0
  const frame = Buffer.alloc(frameHeaderBytes)
  while (pages.length < total) {
    readSync(file, frame, 0, frameHeaderBytes, walHeaderBytes + pages.length * step)
    if (frame.toString('hex', 8, 16) !== salts) break // left from before the file began again
    pages.push(frame.readUInt32BE(0))
    const sizeAfterCommit = frame.readUInt32BE(4)
    if (sizeAfterCommit === 0) continue
    frames = pages.length
    pageCount = sizeAfterCommit
  }
  if (frames === 0) return undefined
  return {
    pageSize,
    salts,
    frames,
    pageCount,
    pageOf: (number) => pages[number - 1] ?? 0,
    readPage: (number) =>
      readAt(file, walHeaderBytes + (number - 1) * step + frameHeaderBytes, pageSize),
  }
}

const indexBytes = 136
const indexVersion = 3_007_000

/** Undefined when there is no index or when it does not agree with itself. */
export function readWalIndex(path: string): WalIndex | undefined {
  const bytes = readStart(path, indexBytes)
  if (bytes === undefined || bytes.length < indexBytes) return undefined
  if (!bytes.subarray(0, 48).equals(bytes.subarray(48, 96))) return undefined
  const number = (at: number) =>
    endianness() === 'LE' ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at)
  if (number(0) !== indexVersion || bytes[12] !== 1) return undefined
  return {
    salts: bytes.toString('hex', 32, 40),
    frames: number(16),
    copied: number(96),
    maybeCopied: number(128),
  }
}

/** At most `size` bytes from the start of a file; undefined when there is none. */
export function readStart(path: string, size: number): Buffer | undefined {
  const file = openForReading(path)
  if (file === undefined) return undefined
  try {
    return readAt(file, 0, size)
  } finally {
    closeSync(file)
  }
}

/** One page of the database as it stands in its file. */
export function readPage(path: string, page: number, pageSize: number): Buffer {
  const file = openSync(path, 'r')
  try {
    return readAt(file, (page - 1) * pageSize, pageSize)
  } finally {
    closeSync(file)
  }
}

function openForReading(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return undefined
    throw error
  }
}

function readAt(file: number, position: number, size: number): Buffer {
  const bytes = Buffer.alloc(size)
  return bytes.subarray(0, readSync(file, bytes, 0, size, position))
}
