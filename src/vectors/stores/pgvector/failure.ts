import type { ErrorCodeName } from "../../../core/error-codes.ts";
import { GwError, VectorError } from "../../../core/errors.ts";

interface Meaning {
  /** Of PostgreSQL's codes: https://www.postgresql.org/docs/current/errcodes-appendix.html. */
  readonly codes: RegExp;
  readonly kind: ErrorCodeName;
  readonly problem: string;
  readonly advice: string;
  /** Whether the server's own words tell more; those about logins and rows are kept out. */
  readonly isQuoted: boolean;
}

const FILL_AGAIN = "It has to be filled again.";

const meanings: readonly Meaning[] = [
  {
    codes: /^28/,
    kind: "GW_VECTOR_UNREACHABLE",
    problem: "refused the login",
    advice: "Check user and password in vectordb.pgvector.",
    isQuoted: false,
  },
  {
    codes: /^3D000$/,
    kind: "GW_VECTOR_UNREACHABLE",
    problem: "has no such database",
    advice: "Check database in vectordb.pgvector.",
    isQuoted: false,
  },
  { codes: /^42P01$/, kind: "GW_VECTOR_MISMATCH", problem: "has no index", advice: FILL_AGAIN, isQuoted: false },
  {
    codes: /^22000$/,
    kind: "GW_VECTOR_MISMATCH",
    problem: "holds vectors of another length",
    advice: FILL_AGAIN,
    isQuoted: false,
  },
  {
    codes: /^42501$/,
    kind: "GW_VECTOR_UNSUPPORTED",
    problem: "refused a statement",
    advice: "Grant the user CREATE on the schema, or run CREATE EXTENSION vector as an administrator.",
    isQuoted: true,
  },
  {
    codes: /^(?:0A000|58P01|42704)$/,
    kind: "GW_VECTOR_UNSUPPORTED",
    problem: "has no pgvector",
    advice: "Install the extension on the server.",
    isQuoted: true,
  },
];

const otherwise: Omit<Meaning, "codes"> = {
  kind: "GW_VECTOR_UNREACHABLE",
  problem: "cannot be used",
  advice: "Check vectordb.pgvector, and that the server runs.",
  isQuoted: true,
};

/**
 * What pg threw as an error of this layer, without a cause: pg's errors carry details of rows. An error that gw made itself, of a secret's
 * lookup for example, passes as it is.
 */
export function translateFailure(error: unknown, server: string): unknown {
  if (!(error instanceof Error) || error instanceof GwError || error instanceof DOMException) return error;
  const code = "code" in error ? String(error.code) : "";
  const { kind, problem, advice, isQuoted } = meanings.find(({ codes }) => codes.test(code)) ?? otherwise;
  return new VectorError(kind, `${server} ${problem}${isQuoted ? `: ${error.message}` : ""}. ${advice}`);
}
