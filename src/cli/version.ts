import manifest from "../../package.json" with { type: "json" };

/** As published: `0.1.0`. */
export const version: string = manifest.version;

/** For the `Server` and `Via` headers. */
export const product = `gw/${version}`;
