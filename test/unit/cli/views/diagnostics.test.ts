import { describe, expect, it } from "vitest";
import {
  countText,
  diagnosticLine,
  diagnosticsReport,
  diagnosticsText,
} from "../../../../src/cli/views/diagnostics.ts";
import type { Diagnostic } from "../../../../src/core/diagnostics.ts";

const file = "kong.yaml";
const text = ["services:", "\t- name: svc", "    hots: example.com", "    port: 80"].join("\n");
const sources = new Map([[file, text]]);
const unknown: Diagnostic = {
  severity: "error",
  code: "unknown-field",
  message: 'A service has no field "hots".',
  fix: 'Did you mean "host"?',
  place: { file, line: 3, column: 5 },
  path: "services.0.hots",
};
const warning: Diagnostic = { severity: "warning", code: "no-format-version", message: "No _format_version." };

describe("diagnostics for people", () => {
  it("show place, message, code, frame and what to do, in the order of the file", () => {
    const first: Diagnostic = {
      ...warning,
      place: { file, line: 1, column: 1 },
      related: [{ message: "also here", place: { file, line: 4, column: 11 } }],
    };
    expect(diagnosticsText([warning, unknown, first], sources, false)).toBe(
      [
        "kong.yaml:1:1: warning: No _format_version. [no-format-version]",
        "> 1 | services:",
        "    | ^^^^^^^^",
        "  2 |  - name: svc",
        "  also here: kong.yaml:4:11",
        "  3 |     hots: example.com",
        "> 4 |     port: 80",
        "    |           ^^",
        'kong.yaml:3:5: error: A service has no field "hots". [unknown-field]',
        "  2 |  - name: svc",
        "> 3 |     hots: example.com",
        "    |     ^^^^",
        "  4 |     port: 80",
        '  fix: Did you mean "host"?',
        "warning: No _format_version. [no-format-version]",
        "",
      ].join("\n"),
    );
  });

  it("keep the caret in view of a long line, and cut the line", () => {
    const long = new Map([[file, `${"x".repeat(5000)}!${"y".repeat(5000)}`]]);
    const [, line = "", caret = ""] = diagnosticsText(
      [{ ...warning, place: { file, line: 1, column: 5001 } }],
      long,
      false,
    ).split("\n");
    expect(line.length).toBeLessThan(120);
    expect(line[caret.indexOf("^")]).toBe("!");
  });

  it.each([
    { line: 99, column: 1 },
    { line: 4, column: 999 },
    { line: 1, column: 0 },
  ])("survive a place outside the file: %j", (place) => {
    expect(diagnosticsText([{ ...warning, place: { file, ...place } }], sources, false)).toContain(
      "No _format_version.",
    );
  });

  it("let no control character through", () => {
    const odd = new Map([[file, "\u001b[2Jname: x"]]);
    const shown = diagnosticsText(
      [{ ...warning, message: "bad \u001b[2J", place: { file, line: 1, column: 1 } }],
      odd,
      false,
    );
    expect(shown).not.toContain("\u001b");
  });

  it("are coloured on request", () => {
    expect(diagnosticsText([unknown], sources, true)).toContain("\u001b[31merror:");
  });
});

describe("diagnostics for programs", () => {
  it("list every field, null where there is none", () => {
    expect(diagnosticsReport([warning, unknown])).toEqual({
      schema_version: 1,
      valid: false,
      diagnostics: [
        {
          severity: "error",
          code: "unknown-field",
          message: unknown.message,
          fix: unknown.fix,
          file,
          line: 3,
          column: 5,
          path: "services.0.hots",
        },
        {
          severity: "warning",
          code: "no-format-version",
          message: warning.message,
          fix: null,
          file: null,
          line: null,
          column: null,
          path: null,
        },
      ],
    });
    expect(diagnosticsReport([warning])).toMatchObject({ valid: true });
  });

  it("fit on a line", () => {
    expect(diagnosticLine(unknown)).toBe(
      'kong.yaml:3:5: error: A service has no field "hots". [unknown-field] Did you mean "host"?',
    );
  });

  it("are counted", () => {
    expect(countText([unknown, unknown, warning])).toBe("2 errors and 1 warning in kong.yaml");
    expect(countText([unknown, { ...unknown, place: { file: "b.yaml", line: 1, column: 1 } }])).toBe(
      "2 errors in 2 files",
    );
    expect(countText([warning])).toBe("1 warning");
  });
});
