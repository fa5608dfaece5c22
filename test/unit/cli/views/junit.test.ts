import { expect, it } from "vitest";
import { junitText } from "../../../../src/cli/views/junit.ts";
import type { Prediction } from "../../../../src/routing/evaluate.ts";

function prediction(fields: Partial<Prediction>): Prediction {
  const base = { id: "1", prompt: "p", source: undefined, expect: "a", got: "a", index: 0, reason: "nearest" };
  return { ...base, distances: {}, ...fields };
}

it("writes one test a prompt, and nothing that XML does not know", () => {
  const prompt = 'a <b> & "c"\u0000\n\uD800';
  expect(
    junitText([prediction({ prompt, source: "s" }), prediction({ id: "2", got: "b" })]),
  ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="gw eval">
  <testsuite name="s" tests="1" failures="0">
    <testcase classname="s" name="1: a &#60;b&#62; &#38; &#34;c&#34;\uFFFD&#10;\uFFFD"/>
  </testsuite>
  <testsuite name="prompts" tests="1" failures="1">
    <testcase classname="prompts" name="2: p">
      <failure message="expected a, went to b"/>
    </testcase>
  </testsuite>
</testsuites>
`);
});
