import { describe } from "vitest";
import { frontContract } from "../contract/front.contract.ts";

describe("fronts", () => frontContract(100));
