/**
 * A second-level store behind HTTP: `GET <base>/<id>.ewp` and `PUT <base>/<id>.ewp`, which is what a plain WebDAV or
 * object store speaks.
 *
 * Redirects are not followed: a captive portal's page is no program. No answer is read beyond the size that an entry
 * can have.
 */

import { type OptionChecks, readOptions, recordOf, text, whole, EverwarpError } from "../../base/index.ts";
import type { SecondLevelStore } from "./second-level.ts";

/** More than any program of ours has; a store that sends more is not listened to. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** What an HTTP store sends with its requests. */
export interface HttpStoreOptions {
  /** Sent with every request, for instance an Authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Largest answer that is taken; 64 MiB if not given. */
  readonly maxBytes?: number | undefined;
}

const HTTP_OPTIONS: OptionChecks<HttpStoreOptions> = {
  headers: recordOf(text, "texts by the names of headers"),
  maxBytes: whole(1),
};

/** Entries behind a URL. Failures and time-outs pass; `SecondLevel` deals with them. */
export class HttpStore implements SecondLevelStore {
  readonly name: string;
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  readonly #maxBytes: number;

  /**
   * @param base as "https://cache.example.org/programs"; a user and a password in it become an Authorization header
   * @throws EW_BAD_ARGUMENT for what is no http or https URL
   */
  constructor(base: string, given: HttpStoreOptions = {}) {
    text("base", base);
    const options = readOptions("the options of HttpStore", given, HTTP_OPTIONS);
    this.#base = parseBase(base);
    this.#headers = { ...options.headers };
    const { username, password } = this.#base;
    if (username !== "" || password !== "") {
      const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
      this.#headers["authorization"] ??= `Basic ${Buffer.from(pair).toString("base64")}`;
      this.#base.username = "";
      this.#base.password = "";
    }
    this.#maxBytes = options.maxBytes ?? ANSWER_BYTES_MAX;
    // Queries may hold tokens.
    this.name = `${this.#base.origin}${this.#base.pathname}`;
  }

  async get(id: string, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const response = await fetch(this.#urlOf(id), {
      headers: { ...this.#headers, accept: "application/octet-stream" },
      redirect: "error",
      signal,
    });
    if (response.status === 404 || response.status === 410) {
      await response.body?.cancel();
      return undefined;
    }
    if (response.status !== 200) {
      await response.body?.cancel();
      throw new Error(`GET answers ${response.status} ${response.statusText}`.trimEnd());
    }
    return this.#read(response);
  }

  /** Sends an entry with PUT. */
  async put(id: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
    const response = await fetch(this.#urlOf(id), {
      method: "PUT",
      headers: { ...this.#headers, "content-type": "application/octet-stream" },
      // A copy of exactly these bytes: what lies beside them in memory is nobody's business.
      body: Uint8Array.from(bytes),
      redirect: "error",
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`PUT answers ${response.status} ${response.statusText}`.trimEnd());
  }

  /** @throws when the answer is larger than allowed; it is then not read to its end */
  async #read(response: Response): Promise<Uint8Array> {
    const told = Number(response.headers.get("content-length") ?? 0);
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    if (told <= this.#maxBytes && response.body !== null) {
      // Counted as it comes: what is told may be wrong, and what is packed may unfold.
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        sizeBytes += chunk.length;
        if (sizeBytes > this.#maxBytes) break; // which cancels the rest
        chunks.push(chunk);
      }
      if (sizeBytes <= this.#maxBytes) return Buffer.concat(chunks);
    }
    await response.body?.cancel().catch(() => undefined); // it may be over already
    throw new Error(`the answer has more than ${this.#maxBytes} bytes`);
  }

  #urlOf(id: string): URL {
    const url = new URL(this.#base);
    url.pathname = `${url.pathname.replace(/\/+$/, "")}/${id}.ewp`;
    return url;
  }
}

function parseBase(base: string): URL {
  const url = URL.canParse(base) ? new URL(base) : undefined;
  if (url !== undefined && (url.protocol === "http:" || url.protocol === "https:")) return url;
  throw new EverwarpError("EW_BAD_ARGUMENT", `"${base}" is no address of an HTTP store`, {
    remedy: "Write it as https://host/path.",
  });
}
