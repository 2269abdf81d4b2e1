/**
 * A second-level store over HTTP: `GET <base>/<id>.ewp` and `PUT <base>/<id>.ewp`. Plain WebDAV and object stores
 * support these requests.
 *
 * Redirects are not followed, because the page of a captive portal is no program. An answer is read only up to the size
 * limit of entries.
 */

import { type OptionChecks, readOptions, recordOf, text, whole, EverwarpError } from "../../base/index.ts";
import type { SecondLevelStore, StoreCallOptions } from "./second-level.ts";

/** Size limit of an answer; real programs are smaller. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;

/** Options of an HTTP store. */
export interface HttpStoreOptions {
  /** Headers of every request, for example Authorization. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Maximum bytes of an answer; 64 MiB if not given. */
  readonly maxBytes?: number | undefined;
}

const HTTP_OPTIONS: OptionChecks<HttpStoreOptions> = {
  headers: recordOf(text, "texts by the names of headers"),
  maxBytes: whole(1),
};

/** Entries at a URL. Failures and timeouts are thrown; `SecondLevel` handles them. */
export class HttpStore implements SecondLevelStore {
  readonly name: string;
  readonly #base: URL;
  readonly #headers: Record<string, string>;
  readonly #maxBytes: number;

  /**
   * @param base such as "https://cache.example.org/programs". A user and a password in it become an Authorization
   * header
   * @throws EW_BAD_ARGUMENT for a text that is no http or https URL
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
    // The name omits the query, because queries may contain tokens.
    this.name = `${this.#base.origin}${this.#base.pathname}`;
  }

  async get(id: string, { signal }: StoreCallOptions): Promise<Uint8Array | undefined> {
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
  async put(id: string, bytes: Uint8Array, { signal }: StoreCallOptions): Promise<void> {
    const response = await fetch(this.#urlOf(id), {
      method: "PUT",
      headers: { ...this.#headers, "content-type": "application/octet-stream" },
      // A copy of exactly these bytes. The underlying buffer may contain other data.
      body: Uint8Array.from(bytes),
      redirect: "error",
      signal,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`PUT answers ${response.status} ${response.statusText}`.trimEnd());
  }

  /** @throws if the answer is larger than allowed; the rest of the answer is not read */
  async #read(response: Response): Promise<Uint8Array> {
    const announcedBytes = Number(response.headers.get("content-length") ?? 0);
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    if (announcedBytes <= this.#maxBytes && response.body !== null) {
      // Count the received bytes: the announced size may be wrong, and compressed data may grow.
      for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
        sizeBytes += chunk.length;
        if (sizeBytes > this.#maxBytes) break; // cancels the rest
        chunks.push(chunk);
      }
      if (sizeBytes <= this.#maxBytes) return Buffer.concat(chunks);
    }
    await response.body?.cancel().catch(() => undefined); // the body may have ended already
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
