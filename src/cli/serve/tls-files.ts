import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { createSecureContext } from "node:tls";
import { toError, UsageError } from "../../core/errors.ts";
import type { TlsFiles } from "../../gateway/listener.ts";
import { publish } from "../../observability/events.ts";
import { WatchedFiles } from "../watched-files.ts";
import type { TlsSettings } from "./settings.ts";

/** Throws UsageError when the files cannot be read or do not belong together. */
export function readTlsFiles({ certFile, keyFile }: TlsSettings, cwd: string): TlsFiles {
  try {
    const files = {
      cert: readFileSync(resolve(cwd, certFile), "utf8"),
      key: readFileSync(resolve(cwd, keyFile), "utf8"),
    };
    createSecureContext(files);
    return files;
  } catch (thrown) {
    // What OpenSSL says of a key has no part of the key in it.
    throw new UsageError(`--tls-cert ${certFile}, --tls-key ${keyFile}: ${toError(thrown).message}.`);
  }
}

/** Gives each new certificate to `renew`. One that cannot be used yet, as between the writing of two files, leaves the old one in use. */
export function watchTlsFiles(settings: TlsSettings, cwd: string, renew: (files: TlsFiles) => void): () => void {
  const onChange = (): void => {
    try {
      renew(readTlsFiles(settings, cwd));
    } catch (thrown) {
      publish("notice", {
        code: "tls-certificate-refused",
        message: `The certificate that was there before is still used: ${toError(thrown).message}`,
      });
    }
  };
  return new WatchedFiles([settings.certFile, settings.keyFile].map((file) => resolve(cwd, file))).watch(onChange);
}
