import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where the servers of the tests are unpacked; ignored by git, kept between runs. */
export const cacheFolder = fileURLToPath(new URL("../../.cache", import.meta.url));

export const redisFolder = join(cacheFolder, "redis8");
export const plainRedisFolder = join(cacheFolder, "redis7");

export const openBaoVersion = "2.7.2";
export const openBaoFolder = join(cacheFolder, "openbao");
export const openBaoProgram = join(openBaoFolder, "bao");
/** Says why OpenBao cannot be had here (no Python, or no package index answers): the one excuse that CI accepts. */
export const openBaoExcuse = join(cacheFolder, "openbao.excuse");

export const node24Folder = join(cacheFolder, "node24");
export const node24Program = join(node24Folder, "bin", "node");

export const postgresFolder = join(cacheFolder, "postgres17");
