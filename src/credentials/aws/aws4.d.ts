/** As much of aws4 as gw uses; the package has no types of its own. */
declare module "aws4" {
  interface Signable {
    readonly method: string;
    readonly path: string;
    readonly service: string;
    readonly region: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly extraHeadersToIgnore: Readonly<Record<string, boolean>>;
    readonly body: string | Buffer;
  }
  interface Credentials {
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken: string | undefined;
  }
  export function sign(
    request: Signable,
    credentials: Credentials,
  ): { readonly headers: Readonly<Record<string, string>> };
}
