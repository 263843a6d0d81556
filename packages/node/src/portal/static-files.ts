/**
 * The portal's files, as `vite build` left them: read once when the node starts, compressed once when first asked for.
 * Names below `/assets/` carry a hash of their content and never change; all else is asked for anew each time.
 */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join, relative, sep } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants, gzip } from 'node:zlib'

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.woff2': 'font/woff2',
  '.webmanifest': 'application/manifest+json',
  '.json': 'application/json',
}
const COMPRESSED: ReadonlySet<string> = new Set(['.html', '.js', '.css', '.svg', '.webmanifest', '.json'])
const IMMUTABLE = 'public, max-age=31536000, immutable'

export interface StaticReply {
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

/** One file of the portal; `path` begins with a slash. */
export class StaticFile {
  readonly path: string
  readonly content: Buffer
  readonly #extension: string
  readonly #etag: string
  readonly #encoded = new Map<string, Promise<Buffer>>()

  constructor(path: string, content: Buffer) {
    this.path = path
    this.content = content
    this.#extension = extname(path)
    this.#etag = `"${createHash('sha256').update(content).digest('base64url').slice(0, 22)}"`
  }

  /** The reply to a request that accepts these encodings (`Accept-Encoding`). */
  async reply(acceptEncoding: string): Promise<StaticReply> {
    const encoding = this.#encodingFor(acceptEncoding)
    const headers = {
      'content-type': TYPES[this.#extension] ?? 'application/octet-stream',
      'cache-control': this.path.startsWith('/assets/') ? IMMUTABLE : 'no-cache',
      etag: this.#etag,
      vary: 'accept-encoding',
      ...(encoding === null ? {} : { 'content-encoding': encoding }),
    }
    return { headers, body: encoding === null ? this.content : await this.#encode(encoding) }
  }

  #encodingFor(accepted: string): 'br' | 'gzip' | null {
    if (!COMPRESSED.has(this.#extension)) return null
    if (/\bbr\b/.test(accepted)) return 'br'
    return /\bgzip\b/.test(accepted) ? 'gzip' : null
  }

  #encode(encoding: 'br' | 'gzip'): Promise<Buffer> {
    const known = this.#encoded.get(encoding)
    if (known) return known
    const encoded = encoding === 'br' ? brotli(this.content) : promisify(gzip)(this.content)
    this.#encoded.set(encoding, encoded)
    return encoded
  }
}

function brotli(content: Buffer): Promise<Buffer> {
  return promisify(brotliCompress)(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } })
}

/** Nodes in one process share the files, and what was compressed of them. */
const loaded = new Map<string, ReadonlyMap<string, StaticFile>>()

/** All files below `directory`, by path. @throws Error where there is no such folder */
export function staticFiles(directory: string): ReadonlyMap<string, StaticFile> {
  const known = loaded.get(directory)
  if (known) return known
  const files = new Map<string, StaticFile>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const name = join(entry.parentPath, entry.name)
    const path = `/${relative(directory, name).split(sep).join('/')}`
    files.set(path, new StaticFile(path, readFileSync(name)))
  }
  loaded.set(directory, files)
  return files
}
