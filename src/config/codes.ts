/** Every code that a diagnostic about a configuration can have. docs/diagnostics.md explains each; a test keeps both in step. */
export const diagnosticCodes = [
  "file-not-found",
  "file-unreadable",
  "no-files",
  "nothing-declared",

  "yaml-syntax",
  "yaml-duplicate-key",
  "yaml-unsupported",
  "extra-document",

  "template-syntax",
  "template-unsupported",
  "env-name",
  "env-unset",
  "env-conversion",

  "format-version",
  "conflicting-value",
  "ignored-key",
  "not-supported",
  "not-run",
  "no-effect",
  "gw-only",

  "unknown-key",
  "required-key",
  "wrong-type",
  "bad-value",

  "duplicate",
  "unknown-reference",
  "nested-parent",

  "service-url",
  "route-matcher",
  "route-path",
  "route-regex-path-format",
  "route-host",
  "route-header",
  "protocol-mix",
  "route-unreachable",

  "vault-prefix",
  "vault-login",
  "vault-cycle",
  "bad-reference",
  "unknown-vault",
  "reference-not-whole",
  "reference-not-read",

  "unknown-plugin",
  "observer-skipped",
  "scope-never-applies",
  "secret-in-plain-text",
  "masked-secret",

  "all-or-none",
  "missing-option",
  "option-conflict",
  "semantic-incomplete",
  "catchall-missing",
  "catchall-repeated",
  "threshold-missing",
  "threshold-range",
  "threshold-similarity",
] as const;

export type DiagnosticCode = (typeof diagnosticCodes)[number];
