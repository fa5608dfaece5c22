import type { Prediction } from "../../routing/evaluate.ts";

/** JUnit's XML as CI systems read it: one test a prompt, in one suite a source. */
export function junitText(predictions: readonly Prediction[]): string {
  const sources = [...new Set(predictions.map(({ source = "prompts" }) => source))];
  const suites = sources.map((source) => {
    const own = predictions.filter((prediction) => (prediction.source ?? "prompts") === source);
    const failures = own.filter(({ expect, got }) => expect !== got).length;
    return `  <testsuite name="${escape(source)}" tests="${own.length}" failures="${failures}">\n${own.map(testCase).join("")}  </testsuite>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="gw eval">\n${suites.join("")}</testsuites>\n`;
}

function testCase({ id, prompt, source = "prompts", expect, got }: Prediction): string {
  const name = escape(`${id}: ${prompt.slice(0, 120)}`);
  const open = `    <testcase classname="${escape(source)}" name="${name}"`;
  if (expect === got) return `${open}/>\n`;
  return `${open}>\n      <failure message="${escape(`expected ${expect}, went to ${got}`)}"/>\n    </testcase>\n`;
}

/** XML 1.0 knows no other control characters than tab and line ends, whatever way they are written. */
function escape(text: string): string {
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, "\uFFFD")
    .replace(/[&<>"\n\r\t]/g, (character) => `&#${character.charCodeAt(0)};`);
}
