import { describe } from "vitest";
import { providers } from "../../src/catalogue.ts";
import { providerContract } from "./provider.contract.ts";

describe.each(Object.values(providers))("$name", (driver) => providerContract(driver));
